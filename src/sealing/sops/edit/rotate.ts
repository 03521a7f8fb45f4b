/**
 * Everything in a SOPS file sealed again with a new data key. Plain values, rules, order, unknown fields and with the same
 * keys all about them but `enc` stay. https://github.com/getsops/sops/blob/main/cmd/sops/rotate.go
 */
import { EnvsealError } from '../../../errors.ts';
import type { KeyToWrapWith, UsableKey, Wrap, WrappedKey } from '../../../keys/kinds.ts';
import { importGcmKey, KEY_BYTES } from '../../aes-gcm.ts';
import { looksEncrypted, pathTo, sealText } from '../ciphertext.ts';
import { KEY_LISTS } from '../key-fields.ts';
import type { Metadata } from '../metadata.ts';
import type { SopsKind } from '../model.ts';
import type { OpenedSopsFile } from '../open.ts';
import { openComment, sealComment } from './comment.ts';
import { keyOf, type Layout } from './layout.ts';
import { layOut } from './layouts.ts';
import { writeTime } from './seal.ts';
import { stamp } from './stamp.ts';
import { applyEdits, type Edit, type Span } from './text-edit.ts';
import { broken, verifySops } from './verify.ts';
import {
  encodeWrapped,
  KEY_FIELDS,
  locateKeys,
  type SealingKeys,
  wrapDataKey,
  writeKeyFields,
} from './wrap-data-key.ts';

export interface RotateOptions {
  readonly kind: SopsKind;
  /** The source's URI or path, for messages. */
  readonly source: string;
  readonly wrap: Wrap;
  readonly now: Date;
  /** Default: those that the file has. */
  readonly keys: SealingKeys | undefined;
}

/**
 * Throws `key_unavailable` where the file has a key that envseal cannot seal for and `keys` names no others, and what
 * `wrap` throws.
 */
export async function rotateSops(opened: OpenedSopsFile, options: RotateOptions): Promise<Uint8Array> {
  const { text, metadata, values } = opened;
  const { kind, source, now, wrap } = options;
  const keys = options.keys ?? sameKeys(metadata, source);
  const dataKey = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  const wrapped = await wrapDataKey(dataKey, keys, wrap);
  const key = await importGcmKey(dataKey);
  const layout = await layOut(text, kind);
  const hashed = values.filter(({ isEncrypted }) => isEncrypted || !metadata.macOnlyEncrypted);
  const edits = [
    ...(options.keys === undefined
      ? rewrapInPlace(layout, opened, wrapped)
      : layout.replaceFields(KEY_FIELDS, writeKeyFields(wrapped, keys, writeTime(now)))),
    ...(await sealValues(layout, opened, key)),
    ...(await sealComments(layout, opened, key)),
    ...(await stamp(
      layout,
      hashed.map(({ mac }) => mac),
      metadata,
      { key, now },
    )),
  ];
  const bytes = new TextEncoder().encode(applyEdits(text, edits));
  const wanted = new Map(values.map((value) => [value.name, value]));
  const rotated = await verifySops(bytes, wanted, { kind, source, key });
  if (!isSameWrapping(rotated.metadata.groups, wrapped)) throw broken(source);
  return bytes;
}

/** Those that a file is sealed with. Throws `key_unavailable` for kinds that envseal cannot seal for. */
export function sameKeys({ groups, threshold }: Metadata, source: string): SealingKeys {
  const all = groups.map((group) => group.map((key) => toWrapWith(key, source)));
  return all.length === 1 ? (all[0] as KeyToWrapWith[]) : { groups: all, threshold };
}

function toWrapWith(wrappedKey: WrappedKey, source: string): KeyToWrapWith {
  if (wrappedKey.kind === 'unsupported') {
    throw new EnvsealError(
      'key_unavailable',
      `envseal cannot seal ${source} again for its ${wrappedKey.key} keys`,
      {
        hint: 'name all keys it should have (--kms-key, --age), or use sops rotate',
      },
    );
  }
  const { wrapped, ...key } = wrappedKey;
  return key;
}

/** Leaves `created_at` as it is, because sops takes it for the age of the key. */
function rewrapInPlace(
  { scalars, write }: Layout,
  { file, metadata }: OpenedSopsFile,
  wrapped: readonly (readonly UsableKey[])[],
): Edit[] {
  const old = metadata.groups.flat();
  const places = locateKeys(file.metadata).flat();
  return wrapped.flat().flatMap((key, i) => {
    const place = (field: string) => scalars.get(keyOf([...(places[i] as string[]), field])) as Span;
    const enc = write(place('enc'), encodeWrapped(key));
    if (key.key === old[i]?.key) return [enc];
    // An alias is a key from now on.
    return [enc, write(place(KEY_LISTS[key.kind].name), key.key)];
  });
}

async function sealValues(
  { values: places, write }: Layout,
  { file, values }: OpenedSopsFile,
  key: CryptoKey,
): Promise<Edit[]> {
  const edits = values.map(async ({ name, isEncrypted, type, mac }, i) => {
    if (!isEncrypted || !looksEncrypted(file.leaves[i]?.text ?? '')) return [];
    return [write(places[i] as Span, await sealText(key, mac, pathTo(name), type))];
  });
  return (await Promise.all(edits)).flat();
}

/** What is encrypted and does not open is not a comment of this file: it stays, as sops would show it. */
async function sealComments(
  { comments }: Layout,
  { key: oldKey, metadata }: OpenedSopsFile,
  key: CryptoKey,
): Promise<Edit[]> {
  const edits = comments.map(async ({ start, end, text }) => {
    const opened = await openComment(oldKey, text);
    if (opened === undefined) return [];
    return [{ start, end, text: await sealComment(key, opened, metadata.ruleKind, metadata.rule) }];
  });
  return (await Promise.all(edits)).flat();
}

/** A reader has its own order of the keys in a group. */
function isSameWrapping(
  found: readonly (readonly WrappedKey[])[],
  wanted: readonly (readonly UsableKey[])[],
): boolean {
  const namesOf = (group: readonly WrappedKey[]) =>
    group.map((key) => (key.kind === 'unsupported' ? key.key : `${key.key} ${encodeWrapped(key)}`)).sort();
  return JSON.stringify(found.map(namesOf)) === JSON.stringify(wanted.map(namesOf));
}
