/** The data key of a SOPS file under its keys, and the fields that hold it: the mirror of `data-key.ts`. */
import { EnvsealError } from '../../../errors.ts';
import type { KeyToWrapWith, UsableKey, Wrap } from '../../../keys/kinds.ts';
import { toBase64 } from '../../../system/bytes.ts';
import { KEY_LISTS, UNSUPPORTED_LISTS } from '../key-fields.ts';
import type { Node, Section } from '../model.ts';
import { splitSecret } from '../shamir.ts';
import type { Fields } from './layout.ts';

export interface KeyGroups {
  /** From 2 to 255, each with a key at least. */
  readonly groups: readonly (readonly KeyToWrapWith[])[];
  /** Groups that are needed to open the file, from 2 to their number. */
  readonly threshold: number;
}

/** Any of the keys opens the file, or any `threshold` of the groups. */
export type SealingKeys = readonly KeyToWrapWith[] | KeyGroups;

/** By group. Throws `usage` for groups that do not fit their threshold, and what `wrap` throws. */
export async function wrapDataKey(
  dataKey: Uint8Array,
  keys: SealingKeys,
  wrap: Wrap,
): Promise<UsableKey[][]> {
  const wrapGroup = async (part: Uint8Array, group: readonly KeyToWrapWith[]): Promise<UsableKey[]> => {
    if (group.length === 0) throw new EnvsealError('usage', 'a SOPS file needs a key in each group');
    return await Promise.all(group.map((key) => wrap(part, key)));
  };
  if (!('groups' in keys)) return [await wrapGroup(dataKey, keys)];
  const { groups, threshold } = keys;
  const count = groups.length;
  if (!(threshold >= 2 && threshold <= count && count <= 255)) {
    throw new EnvsealError('usage', `a threshold must be from 2 to the number of groups, which is ${count}`);
  }
  const shares = splitSecret(dataKey, { count, threshold });
  return await Promise.all(groups.map((group, i) => wrapGroup(shares[i] as Uint8Array, group)));
}

/** What `wrapDataKey` gave, as the metadata have it. */
export function writeKeyFields(
  wrapped: readonly (readonly UsableKey[])[],
  keys: SealingKeys,
  time: string,
): Fields {
  if (!('groups' in keys)) return writeKeys(wrapped[0] ?? [], time);
  return [
    ['key_groups', wrapped.map((group) => new Map(writeKeys(group, time)))],
    ['shamir_threshold', { type: 'int', text: `${keys.threshold}` }],
  ];
}

function writeKeys(keys: readonly UsableKey[], time: string): Fields {
  const lists = new Map<string, Node[]>();
  for (const key of keys) {
    const { list } = KEY_LISTS[key.kind];
    lists.set(list, [...(lists.get(list) ?? []), writeKey(key, time)]);
  }
  return [...lists].sort(byName);
}

function writeKey(key: UsableKey, time: string): Section {
  const { name, isArmored } = KEY_LISTS[key.kind];
  const created = isArmored ? {} : { created_at: time };
  const fields = texts({ ...created, enc: encodeWrapped(key), [name]: key.key });
  if ('context' in key) {
    const { context, role, profile = '' } = key;
    fields.push(...texts({ aws_profile: profile, ...(role === undefined ? {} : { role }) }));
    if (Object.keys(context).length > 0) fields.push(['context', new Map(texts(context))]);
  }
  return new Map(fields.sort(byName));
}

/** The field `enc`. */
export function encodeWrapped({ wrapped }: UsableKey): string {
  return typeof wrapped === 'string' ? wrapped : toBase64(wrapped);
}

function texts(fields: Readonly<Record<string, string>>): [string, Node][] {
  return Object.entries(fields).map(([name, value]) => [name, { type: 'str', text: value }]);
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

const ALL_LISTS = [...Object.values(KEY_LISTS).map(({ list }) => list), ...UNSUPPORTED_LISTS];

/** All fields that say who can open the file. */
export const KEY_FIELDS: ReadonlySet<string> = new Set([...ALL_LISTS, 'key_groups', 'shamir_threshold']);

/** Paths to the entries that `readMetadata` reads as keys, by group and in the same order. */
export function locateKeys(section: Section): string[][][] {
  const inGroup = (group: Section, path: readonly string[]): string[][] =>
    ALL_LISTS.flatMap((list) => itemsOf(group, list).map((_, i) => [...path, list, `[${i}`]));
  const top = inGroup(section, []);
  if (top.length > 0) return [top];
  return itemsOf(section, 'key_groups').map((group, i) => inGroup(group as Section, ['key_groups', `[${i}`]));
}

function itemsOf(section: Section, list: string): readonly Node[] {
  const node = section.get(list);
  return Array.isArray(node) ? node : [];
}
