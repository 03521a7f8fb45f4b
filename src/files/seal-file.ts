/** The seal plan of a file that is to be stored, and its bytes sealed that way. */

import { readCommented } from '../envfile/edit/commented.ts';
import { editEnvFile } from '../envfile/edit/edit.ts';
import { EnvsealError } from '../errors.ts';
import { withoutVersion } from '../keys/cloud-key-name.ts';
import { isPinned } from '../keys/pins.ts';
import { isPlain } from '../run/open-object.ts';
import type { Detected } from '../sealing/detect.ts';
import { parseEncryptionContext } from '../sealing/encryption-context.ts';
import { openPlain } from '../sealing/open-plain.ts';
import type { SopsDocument } from '../sealing/sops/edit/document.ts';
import type { SealingKeys } from '../sealing/sops/edit/wrap-data-key.ts';
import { locationOf, type Source } from '../source-uri.ts';
import type { SealAtRest } from '../store/contract.ts';
import type { Sealing } from '../store/object.ts';
import { schemeOf } from '../store/schemes.ts';
import type { OpenedFile } from './open-file.ts';
import type { Workspace } from './workspace.ts';

export type SealPlan =
  | { readonly kind: 'at-rest'; readonly seal: SealAtRest & { readonly kind: 'sse-kms' | 'cmek' } }
  | { readonly kind: 'sops'; readonly keys: SealingKeys }
  | { readonly kind: 'none' };

/** An env file in the clear, as it was pushed or opened. */
export interface PlainFile {
  readonly bytes: Uint8Array;
  readonly kind: 'dotenv' | 'json';
  /** Whose dialect it is in. */
  readonly source: Source;
}

/**
 * From `--seal`, `--kms-key` and `--age`, then from how the file there is sealed, then the store's own way. `--kms-key`
 * names the key to seal with here, whatever sealed it before. Throws `usage` for what does not go together.
 */
export async function planSeal(
  target: Source,
  existing: OpenedFile | undefined,
  { flags, stores }: Workspace,
): Promise<SealPlan> {
  const keys = await stores.resolveKeys(flags['kms-key']);
  const before = existing === undefined ? undefined : currentSealing(existing);
  const kind = flags.seal ?? before ?? schemeOf(target).seal;
  checkSeal(target, kind, flags);
  if (kind === 'none') return planNone(target, flags['allow-unsealed']);
  if (kind === 'sops') return await planSops(target, keys, before === 'sops' ? existing : undefined, flags);
  if (keys.length > 1) {
    throw new EnvsealError('usage', `--seal ${kind} takes one --kms-key`, {
      hint: 'give one, or use --seal sops',
    });
  }
  return { kind: 'at-rest', seal: atRest(kind as 'sse-kms' | 'cmek', keys[0], existing?.object.sealing) };
}

/** Checked before any request if `--seal` is given. Throws `usage`. */
export function checkSeal(target: Source, kind: string, { age }: Pick<Workspace['flags'], 'age'>): void {
  if (kind !== 'sops' && age.length > 0) {
    throw new EnvsealError('usage', `--age cannot be combined with --seal ${kind}`, {
      hint: 'add --seal sops',
    });
  }
  const { seal } = schemeOf(target);
  if (kind === seal || kind === 'sops' || kind === 'none') return;
  throw new EnvsealError('usage', `${target.uri} cannot be sealed with --seal ${kind}`, {
    hint: `use --seal ${seal}${seal === 'sops' ? '' : ' or sops'}`,
  });
}

function currentSealing({ object, content }: OpenedFile): 'sse-kms' | 'cmek' | 'sops' | undefined {
  if (content.kind === 'sops') return 'sops';
  return isPlain(content) && object.sealing.kind !== 'none' ? object.sealing.kind : undefined;
}

function planNone({ uri }: Source, isAllowed: boolean): SealPlan {
  if (isAllowed) return { kind: 'none' };
  throw new EnvsealError('unsealed', `--seal none stores ${uri} for anyone to read`, {
    hint: 'use --seal sops, or accept the risk with --allow-unsealed',
  });
}

function atRest(
  kind: 'sse-kms' | 'cmek',
  key: string | undefined,
  before: Sealing | undefined,
): SealAtRest & { kind: 'sse-kms' | 'cmek' } {
  const old = before?.kind === kind ? before : undefined;
  if (kind === 'cmek') return { kind, key: key ?? (old?.key && withoutVersion(old.key)) };
  return { kind, key: key ?? old?.key, isDual: old?.kind === 'sse-kms' && old.isDual };
}

async function planSops(
  target: Source,
  kmsKeys: readonly string[],
  existing: OpenedFile | undefined,
  { age, 'encryption-context': pairs }: Workspace['flags'],
): Promise<SealPlan> {
  const { parseKeyToWrapWith } = await import('../keys/wrap.ts');
  const given = [...kmsKeys, ...age];
  if (given.length === 0 && existing?.document !== undefined) {
    return { kind: 'sops', keys: existing.document.sealingKeys() };
  }
  if (given.length === 0) {
    throw new EnvsealError('usage', 'no key to seal with', {
      hint: 'give --age RECIPIENT (envseal keygen --out FILE creates one) or --kms-key KEY',
    });
  }
  const context = { ...placeContext(target), ...parseEncryptionContext(pairs) };
  return { kind: 'sops', keys: given.map((name) => parseKeyToWrapWith(name, context)) };
}

/** A file is moved about; what lies in a bucket is not to be opened anywhere else. */
export function placeContext(target: Source): Readonly<Record<string, string>> {
  return 'bucket' in target ? { source: locationOf(target) } : {};
}

export interface SealedBytes {
  readonly bytes: Uint8Array;
  readonly seal: SealAtRest;
  /** The kind that `run` must detect. */
  readonly kind: Detected['kind'];
}

/** In the dialect that the target is read in. Throws `malformed` for what that cannot hold. */
export function inDialectOf(target: Source, file: PlainFile): PlainFile {
  if (file.kind === 'json' || file.source.dialect === target.dialect) return file;
  const { dialect } = target;
  const variables = openPlain(file.bytes, file.kind, file.source);
  const form = { source: file.source.uri, kind: 'dotenv', dialect } as const;
  const bytes = editEnvFile(new Uint8Array(), variables, form);
  return { bytes, kind: 'dotenv', source: { ...file.source, dialect } };
}

/** `before`: how the store sealed what it replaces. Throws `malformed` for what the format cannot hold. */
export async function sealFile(
  file: PlainFile,
  plan: SealPlan,
  before: Sealing | undefined,
  { stores }: Workspace,
): Promise<SealedBytes> {
  if (plan.kind === 'none') return { bytes: file.bytes, seal: { kind: 'store' }, kind: file.kind };
  if (plan.kind === 'at-rest') return { bytes: file.bytes, seal: plan.seal, kind: file.kind };
  const { sealSops } = await import('../sealing/sops/edit/seal.ts');
  const { wrapWith } = await import('../keys/wrap.ts');
  const { source, kind } = file;
  const { entries, commentsAtEnd } = readCommented(file.bytes, {
    source: source.uri,
    kind,
    dialect: source.dialect,
  });
  const bytes = await sealSops(
    entries.map(({ name, value, comments }) => [name, value.reveal(), comments] as const),
    { format: kind, keys: plan.keys, wrap: wrapWith(stores), now: new Date(), commentsAtEnd },
  );
  return { bytes, seal: keepAtRest(before), kind: 'sops' };
}

/** The same as it was; a key's version is the service's to choose. */
export function keepAtRest(sealing: Sealing | undefined): SealAtRest {
  switch (sealing?.kind) {
    case 'sse-kms':
      return sealing;
    case 'cmek':
      return { kind: 'cmek', key: withoutVersion(sealing.key) };
    default:
      return { kind: 'store' };
  }
}

/** Whether a file is sealed already as the plan says. */
export function matchesPlan({ object, content, document }: OpenedFile, plan: SealPlan): boolean {
  if (plan.kind === 'sops') return document !== undefined && isSealedFor(document, plan.keys);
  if (!isPlain(content)) return false;
  const { sealing } = object;
  if (plan.kind === 'none') return sealing.kind === 'none';
  const { seal } = plan;
  if (sealing.kind !== seal.kind) return false;
  if (seal.key === undefined || sealing.key === undefined) return seal.key === sealing.key;
  return isPinned(sealing.key, [seal.key]);
}

function isSealedFor(document: SopsDocument, keys: SealingKeys): boolean {
  if (document.threshold !== ('groups' in keys ? keys.threshold : 1)) return false;
  const wanted = new Set(namesOf(keys));
  const { recipients } = document;
  if (wanted.size !== recipients.length || !recipients.every((name) => wanted.has(name))) return false;
  return contextsOf(document.sealingKeys()) === contextsOf(keys);
}

/** Those that keys are bound to. */
function contextsOf(keys: SealingKeys): string {
  const all = 'groups' in keys ? keys.groups.flat() : keys;
  const contexts = all.flatMap((key) => ('context' in key ? [[key.key, sorted(key.context)]] : []));
  return JSON.stringify(contexts.sort());
}

function sorted(context: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Each once. */
export function namesOf(keys: SealingKeys): readonly string[] {
  const all = 'groups' in keys ? keys.groups.flat() : keys;
  return [...new Set(all.map(({ key }) => key))];
}

/** The names of the keys that a file is sealed with from now on. */
export function keysOf(plan: SealPlan, sealing: Sealing): readonly string[] {
  if (plan.kind === 'sops') return namesOf(plan.keys);
  return sealing.kind !== 'none' && sealing.key !== undefined ? [sealing.key] : [];
}
