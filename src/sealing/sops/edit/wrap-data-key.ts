/** The data key of a SOPS file under its keys, and the fields that hold it: the mirror of `data-key.ts`. */
import { EnvsealError } from '../../../errors.ts';
import type { KeyToWrapWith, Wrap, WrappedKey } from '../../../keys/contract.ts';
import { toBase64 } from '../../../system/bytes.ts';
import type { Node, Section } from '../model.ts';
import { splitSecret } from '../shamir.ts';
import type { Fields } from './layout.ts';

export interface KeyGroups {
  /** From 2 to 255, each with a key at least. */
  readonly groups: readonly (readonly KeyToWrapWith[])[];
  /** Groups that are needed to open the file, from 2 to their number. */
  readonly threshold: number;
}

export type UsableKey = Exclude<WrappedKey, { kind: 'unsupported' }>;

/** Any of the keys opens the file, or any `threshold` of the groups. */
export type SealingKeys = readonly KeyToWrapWith[] | KeyGroups;

/** By group. Throws `usage` for groups that do not fit their threshold, and what `wrap` throws. */
export async function wrapDataKey(
  dataKey: Uint8Array,
  keys: SealingKeys,
  wrap: Wrap,
): Promise<WrappedKey[][]> {
  const wrapGroup = async (part: Uint8Array, group: readonly KeyToWrapWith[]): Promise<WrappedKey[]> => {
    if (group.length === 0) throw new EnvsealError('usage', 'a SOPS file needs a key in each group');
    return await Promise.all(group.map((key) => wrap(part, key)));
  };
  if (!('groups' in keys)) return [await wrapGroup(dataKey, keys)];
  const { groups, threshold } = keys;
  const count = groups.length;
  if (!(threshold >= 2 && threshold <= count && count <= 255)) {
    throw new EnvsealError('usage', `a threshold is from 2 to the number of groups, which is ${count}`);
  }
  const shares = splitSecret(dataKey, { count, threshold });
  return await Promise.all(groups.map((group, i) => wrapGroup(shares[i] as Uint8Array, group)));
}

/** What `wrapDataKey` gave, as the metadata have it. */
export function writeKeyFields(
  wrapped: readonly (readonly WrappedKey[])[],
  keys: SealingKeys,
  time: string,
): Fields {
  if (!('groups' in keys)) return writeKeys(wrapped[0] ?? [], time);
  return [
    ['key_groups', wrapped.map((group) => new Map(writeKeys(group, time)))],
    ['shamir_threshold', { type: 'int', text: `${keys.threshold}` }],
  ];
}

const LISTS = { age: 'age', 'aws-kms': 'kms', 'cloud-kms': 'gcp_kms' } as const;

function writeKeys(keys: readonly WrappedKey[], time: string): Fields {
  const lists = new Map<string, Node[]>();
  for (const key of keys) {
    if (key.kind === 'unsupported')
      throw new EnvsealError('internal', 'wrapping gave a key that envseal cannot use');
    const list = LISTS[key.kind];
    lists.set(list, [...(lists.get(list) ?? []), writeKey(key, time)]);
  }
  return [...lists].sort(([a], [b]) => (a < b ? -1 : 1));
}

function writeKey(key: UsableKey, time: string): Section {
  if (key.kind === 'age') return section({ enc: key.wrapped, recipient: key.key });
  const enc = encodeWrapped(key);
  if (key.kind === 'cloud-kms') return section({ created_at: time, enc, resource_id: key.key });
  const { key: arn, context, role, profile } = key;
  return new Map([
    ...section({ arn, aws_profile: profile ?? '' }),
    ...(Object.keys(context).length > 0 ? [['context', section(context)] as const] : []),
    ...section({ created_at: time, enc, ...(role === undefined ? {} : { role }) }),
  ]);
}

/** The field `enc`. */
export function encodeWrapped(key: UsableKey): string {
  return key.kind === 'age' ? key.wrapped : toBase64(key.wrapped);
}

function section(fields: Readonly<Record<string, string>>): Map<string, Node> {
  return new Map(Object.entries(fields).map(([name, value]) => [name, { type: 'str', text: value }]));
}
