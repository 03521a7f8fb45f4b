/** One stored file, opened to be looked at or changed, by the same policy as a start. */
import { EnvsealError } from '../errors.ts';
import { type Attempt, newAttempt } from '../events/attempt.ts';
import { isPinned } from '../keys/pins.ts';
import { detectObject, openObject } from '../run/open-object.ts';
import type { Detected } from '../sealing/detect.ts';
import { parseEncryptionContext } from '../sealing/encryption-context.ts';
import { notPinned } from '../sealing/policy.ts';
import type { SopsDocument } from '../sealing/sops/edit/document.ts';
import type { Secret } from '../secret.ts';
import type { Source } from '../source-uri.ts';
import type { StoredObject } from '../store/contract.ts';
import type { Workspace } from './workspace.ts';

export interface OpenedFile {
  readonly source: Source;
  readonly object: StoredObject;
  readonly content: Detected;
  readonly variables: ReadonlyMap<string, Secret>;
  /** For a SOPS file. */
  readonly document: SopsDocument | undefined;
  readonly attempt: Attempt;
}

/** All keys that it is sealed for; the attempt has those that opened it. */
export function sealingKeysOf({ document, attempt }: OpenedFile): readonly string[] {
  return document?.recipients ?? attempt.kmsKeys;
}

export interface Policy {
  /** Keys that may seal it, aliases resolved; empty: any. */
  readonly pinnedKeys: readonly string[];
  readonly allowUnsealed: boolean;
}

/** That of `--kms-key` and `--allow-unsealed`. */
export async function policyOf({ stores, flags }: Workspace): Promise<Policy> {
  return { pinnedKeys: await stores.pinnedKeys(), allowUnsealed: flags['allow-unsealed'] };
}

/** For what is about to be sealed anew: whoever may open it may do so. */
export const ANY_SEALING: Policy = { pinnedKeys: [], allowUnsealed: true };

/** Throws as a start does, each error naming the source. */
export async function openFile(
  source: Source,
  policy: Policy,
  workspace: Workspace,
  attempt = newAttempt(source),
): Promise<OpenedFile> {
  try {
    const store = await workspace.stores.writable(source.scheme);
    return await openStored(await store.read(source), attempt, policy, workspace);
  } catch (error) {
    if (!(error instanceof EnvsealError)) throw error;
    attempt.error = error.about(source.uri);
    throw attempt.error;
  }
}

/** The same for what was read already. */
export async function openStored(
  object: StoredObject,
  attempt: Attempt,
  policy: Policy,
  { stores, flags }: Workspace,
): Promise<OpenedFile> {
  const { source } = attempt;
  const options = {
    ...policy,
    clients: stores,
    encryptionContext: parseEncryptionContext(flags['encryption-context']),
    allowMetadataKey: flags['allow-metadata-key'],
  };
  const content = await detectObject(object, attempt);
  if (content.kind !== 'sops') {
    const variables = await openObject(content, object, attempt, options);
    return { source, object, content, variables, document: undefined, attempt };
  }
  const { openSopsDocument } = await import('../sealing/sops/edit/document.ts');
  const { sopsOptions } = await import('../sealing/open-sealed.ts');
  const document = await openSopsDocument(
    object.bytes,
    content.sops,
    sopsOptions({ source, object, ...options }),
  );
  attempt.kmsKeys = document.keys;
  attempt.variables = document.variables;
  return { source, object, content, variables: document.variables, document, attempt };
}

/**
 * The recipients of a SOPS file are not authenticated: to seal it anew for all of them could give it to one
 * that an attacker added. Throws `wrong_key` if there are pins and a recipient is not one of them.
 */
export function refuseOthers({ document, source }: OpenedFile, pinnedKeys: readonly string[]): void {
  if (document === undefined || pinnedKeys.length === 0) return;
  const other = document.recipients.find((key) => !isPinned(key, pinnedKeys));
  if (other !== undefined) throw notPinned(source.uri, other);
}
