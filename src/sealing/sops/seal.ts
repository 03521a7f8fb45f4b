/** From variables to a SOPS file that `sops decrypt` opens: the mirror of `openSops`. */
import { isName, NAME_IN_WORDS } from '../../envfile/name.ts';
import { EnvsealError } from '../../errors.ts';
import type { KeyToWrapWith, Wrap, WrappedKey } from '../../keys/key-wrapper.ts';
import { importGcmKey, KEY_BYTES } from '../aes-gcm.ts';
import { encodeBase64, looksEncrypted, sealText } from './ciphertext.ts';
import { flatten } from './flatten.ts';
import { computeMac } from './mac.ts';
import { makeRule, type Rule, type RuleKind } from './rule.ts';
import { splitSecret } from './shamir.ts';
import { METADATA_KEY, NO_COMMENTS, type Node, type Section, type SopsKind } from './tree.ts';

/** The newest sops whose files are like the ones written here. https://github.com/getsops/sops/releases */
export const SOPS_VERSION = '3.13.3';

export interface KeyGroups {
  /** From 2 to 255, each with a key at least. */
  readonly groups: readonly (readonly KeyToWrapWith[])[];
  /** Groups that are needed to open the file, from 2 to their number. */
  readonly threshold: number;
}

export interface SealSopsOptions {
  readonly format: SopsKind;
  /** Any of the keys opens the file, or any `threshold` of the groups. */
  readonly keys: readonly KeyToWrapWith[] | KeyGroups;
  readonly wrap: Wrap;
  readonly now: Date;
  /** Default: sops's own, `unencrypted_suffix: _unencrypted`. */
  readonly rule?: { readonly kind: RuleKind; readonly pattern: string };
  /** Leaves values that the rule leaves plain unauthenticated. Default: false. */
  readonly macOnlyEncrypted?: boolean;
}

/**
 * All values are text. Throws `malformed` for a name or value that the format cannot hold, `usage` for groups that do
 * not fit their threshold, and what `wrap` throws.
 */
export async function sealSops(
  entries: Iterable<readonly [name: string, value: string]>,
  options: SealSopsOptions,
): Promise<Uint8Array> {
  const { format, now, macOnlyEncrypted = false } = options;
  const { kind, pattern } = options.rule ?? { kind: 'unencrypted_suffix', pattern: '_unencrypted' };
  const rule = makeRule(kind, pattern);
  if (rule === undefined) throw new EnvsealError('usage', `cannot read the ${kind}`);
  const variables = checkEntries(entries, format, rule);
  const rawKey = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  const time = `${now.toISOString().slice(0, 19)}Z`;
  const keys = await wrapDataKey(rawKey, options, time);
  const key = await importGcmKey(rawKey);
  const encode = (text: string) => new TextEncoder().encode(text);
  const lines = await Promise.all(
    variables.map(async ({ name, value, isEncrypted }): Promise<[string, string]> => {
      return [name, isEncrypted && value !== '' ? await sealText(key, value, encode(`${name}:`)) : value];
    }),
  );
  const hashed = variables.filter(({ isEncrypted }) => isEncrypted || !macOnlyEncrypted);
  const mac = await computeMac(
    hashed.map(({ value }) => value),
    macOnlyEncrypted,
  );
  const metadata = new Map<string, Node>([
    ...keys,
    ['lastmodified', text(time)],
    ['mac', text(await sealText(key, mac, encode(time)))],
    [kind, text(pattern)],
    ...(macOnlyEncrypted ? [['mac_only_encrypted', { type: 'bool', text: 'true' }] as const] : []),
    ['version', text(SOPS_VERSION)],
  ]);
  return encode(WRITERS[format](lines, metadata));
}

interface Variable {
  readonly name: string;
  readonly value: string;
  readonly isEncrypted: boolean;
}

function checkEntries(
  entries: Iterable<readonly [name: string, value: string]>,
  format: SopsKind,
  rule: Rule,
): Variable[] {
  const variables: Variable[] = [];
  const names = new Set<string>();
  for (const [name, value] of entries) {
    const ordinal = variables.length + 1;
    if (!isName(name)) throw unwritable(`variable ${ordinal}`, `expected ${NAME_IN_WORDS}`);
    const isReserved = format === 'dotenv' ? name.startsWith(`${METADATA_KEY}_`) : name === METADATA_KEY;
    if (isReserved) throw unwritable(name, 'sops keeps such names for itself');
    if (names.has(name)) throw unwritable(name, 'it is there twice');
    if (value.includes('\0')) throw unwritable(name, 'expected a value without NUL');
    if (!value.isWellFormed()) throw unwritable(name, 'expected a value without half a surrogate pair');
    const isEncrypted = rule({ name, comments: NO_COMMENTS });
    if (!isEncrypted && looksEncrypted(value)) throw unwritable(name, 'a plain value cannot look encrypted');
    if (!isEncrypted && format === 'dotenv' && value.includes('\\n')) {
      throw unwritable(name, 'a plain value cannot hold a backslash before an n in this format');
    }
    names.add(name);
    variables.push({ name, value, isEncrypted });
  }
  return variables;
}

function unwritable(subject: string, reason: string): EnvsealError {
  return new EnvsealError('malformed', `cannot seal ${subject}: ${reason}`);
}

type KeyFields = readonly (readonly [string, Node])[];

async function wrapDataKey(dataKey: Uint8Array, options: SealSopsOptions, time: string): Promise<KeyFields> {
  const { keys, wrap } = options;
  const writeGroup = async (part: Uint8Array, group: readonly KeyToWrapWith[]): Promise<KeyFields> => {
    if (group.length === 0) throw new EnvsealError('usage', 'a SOPS file needs a key in each group');
    return writeKeys(await Promise.all(group.map((key) => wrap(part, key))), time);
  };
  if (!('groups' in keys)) return writeGroup(dataKey, keys);
  const { groups, threshold } = keys;
  const count = groups.length;
  if (!(threshold >= 2 && threshold <= count && count <= 255)) {
    throw new EnvsealError('usage', `a threshold is from 2 to the number of groups, which is ${count}`);
  }
  const shares = splitSecret(dataKey, { count, threshold });
  const written = await Promise.all(groups.map((group, i) => writeGroup(shares[i] as Uint8Array, group)));
  return [
    ['key_groups', written.map((fields) => new Map(fields))],
    ['shamir_threshold', { type: 'int', text: `${threshold}` }],
  ];
}

const LISTS = { age: 'age', 'aws-kms': 'kms', 'cloud-kms': 'gcp_kms' } as const;

function writeKeys(keys: readonly WrappedKey[], time: string): KeyFields {
  const lists = new Map<string, Node[]>();
  for (const key of keys) {
    if (key.kind === 'unsupported')
      throw new EnvsealError('internal', 'wrapping gave a key that envseal cannot use');
    const list = LISTS[key.kind];
    lists.set(list, [...(lists.get(list) ?? []), writeKey(key, time)]);
  }
  return [...lists].sort(([a], [b]) => (a < b ? -1 : 1));
}

function writeKey(key: Exclude<WrappedKey, { kind: 'unsupported' }>, time: string): Section {
  if (key.kind === 'age') return section({ enc: key.wrapped, recipient: key.key });
  const enc = encodeBase64(key.wrapped);
  if (key.kind === 'cloud-kms') return section({ created_at: time, enc, resource_id: key.key });
  const { key: arn, context, role, profile } = key;
  return new Map([
    ...section({ arn, aws_profile: profile ?? '' }),
    ...(Object.keys(context).length > 0 ? [['context', section(context)] as const] : []),
    ...section({ created_at: time, enc, ...(role === undefined ? {} : { role }) }),
  ]);
}

function section(fields: Readonly<Record<string, string>>): Map<string, Node> {
  return new Map(Object.entries(fields).map(([name, value]) => [name, text(value)]));
}

function text(value: string): Node {
  return { type: 'str', text: value };
}

type Write = (variables: readonly (readonly [string, string])[], metadata: Section) => string;

const WRITERS: Readonly<Record<SopsKind, Write>> = {
  dotenv: (variables, metadata) => {
    const flat = [...flatten(metadata)].map(([path, value]): [string, string] => [
      `${METADATA_KEY}_${path}`,
      value,
    ]);
    const lines = [...variables, ...flat].map(
      ([name, value]) => `${name}=${value.replaceAll('\n', '\\n')}\n`,
    );
    return lines.join('');
  },
  json: (variables, metadata) => {
    const members = variables.map(([name, value]) => `\t${quote(name)}: ${quote(value)},\n`);
    return `{\n${members.join('')}\t${quote(METADATA_KEY)}: ${writeJson(metadata, '\t')}\n}\n`;
  },
  yaml: (variables, metadata) => {
    const members = variables.map(([name, value]) => `${quote(name)}: ${quoteYaml(value)}\n`);
    return `${members.join('')}${METADATA_KEY}:${writeYaml(metadata, '    ')}\n`;
  },
};

function writeJson(node: Node, indent: string): string {
  if (node === null) return 'null';
  if ('type' in node) return node.type === 'str' ? quote(node.text) : node.text;
  const inner = `${indent}\t`;
  const isList = Array.isArray(node);
  const items = isList
    ? node.map((item) => writeJson(item, inner))
    : [...(node as Section)].map(([key, item]) => `${quote(key)}: ${writeJson(item, inner)}`);
  const [open, close] = isList ? '[]' : '{}';
  return `${open}\n${items.map((item) => inner + item).join(',\n')}\n${indent}${close}`;
}

/** With the space or the line feed that belongs before it. */
function writeYaml(node: Node, indent: string): string {
  if (node === null) return ' null';
  if ('type' in node) return ` ${node.type === 'str' ? quoteYaml(node.text) : node.text}`;
  const inner = `${indent}    `;
  const items = Array.isArray(node)
    ? node.map((item) => `-${writeYaml(item, inner)}`)
    : [...(node as Section)].map(([key, item]) => `${quoteYaml(key)}:${writeYaml(item, inner)}`);
  return items.map((item) => `\n${indent}${item}`).join('');
}

function quote(value: string): string {
  return JSON.stringify(value);
}

/** JSON's strings are YAML's, but for characters that YAML does not take as they are. */
function quoteYaml(value: string): string {
  return quote(value).replace(
    /[\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
