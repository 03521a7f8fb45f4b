/** The sealing policy: which objects may be opened. Nothing turns a refusal into 'start anyway'. Pure. */
import { EnvsealError } from '../errors.ts';
import { isPinned } from '../keys/pins.ts';
import type { Source } from '../source-uri.ts';
import type { Sealing } from '../store/object.ts';

export interface SealingPolicy {
  /** KMS keys that may seal a source, aliases resolved; empty: any key. */
  readonly pinnedKeys: readonly string[];
  readonly allowUnsealed: boolean;
}

const HOW_TO_SEAL: Readonly<Record<Source['scheme'], string>> = {
  s3: 'store it with SSE-KMS (aws s3 cp --sse aws:kms --sse-kms-key-id KEY)',
  gs: 'store it with a Cloud KMS key (gcloud storage cp --encryption-key KEY)',
  file: 'seal it with SOPS (sops encrypt --age RECIPIENT)',
};

/** Throws `unsealed` or `wrong_key`. */
export function enforcePolicy({ uri, scheme }: Source, sealing: Sealing, policy: SealingPolicy): void {
  if (sealing.kind === 'none') {
    if (policy.allowUnsealed) return;
    throw new EnvsealError('unsealed', `${uri} is not sealed by a KMS key`, {
      hint: `${HOW_TO_SEAL[scheme]}, or accept the risk with --allow-unsealed`,
    });
  }
  const { key } = sealing;
  if (policy.pinnedKeys.length === 0 || (key !== undefined && isPinned(key, policy.pinnedKeys))) return;
  throw notPinned(uri, key ?? 'an unnamed key');
}

export function notPinned(subject: string, key: string): EnvsealError {
  return new EnvsealError('wrong_key', `${subject} is sealed with ${key}, which is not pinned`, {
    hint: 'someone replaced the object or its key: investigate; if intended, add the key to --kms-key',
  });
}
