/** The sealing policy: which objects may be opened. Nothing turns a refusal into 'start anyway'. Pure. */
import { isSameKey } from '../aws/kms-key.ts';
import { EnvsealError } from '../errors.ts';
import type { Sealing } from '../store/store.ts';

export interface SealingPolicy {
  /** KMS keys that may seal a source, aliases resolved; empty: any key. */
  readonly pinnedKeys: readonly string[];
  readonly allowUnsealed: boolean;
}

/** Throws `unsealed` or `wrong_key`. */
export function enforcePolicy(subject: string, sealing: Sealing, policy: SealingPolicy): void {
  if (sealing.kind === 'none') {
    if (policy.allowUnsealed) return;
    throw new EnvsealError('unsealed', `${subject} is not sealed by a KMS key`, {
      hint: 'store it with SSE-KMS (aws s3 cp --sse aws:kms --sse-kms-key-id KEY), or accept the risk with --allow-unsealed',
    });
  }
  const { pinnedKeys } = policy;
  const { key } = sealing;
  if (pinnedKeys.length === 0 || (key !== undefined && pinnedKeys.some((pin) => isSameKey(pin, key)))) return;
  throw new EnvsealError(
    'wrong_key',
    `${subject} is sealed with ${key ?? 'a key it does not name'}, which is not pinned`,
    {
      hint: 'someone replaced the object or its key: find out who; if it is meant, add the key to --kms-key',
    },
  );
}
