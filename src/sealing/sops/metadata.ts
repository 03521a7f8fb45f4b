/**
 * The metadata of a SOPS file: https://github.com/getsops/sops/blob/main/stores/stores.go
 * Nothing in it is authenticated but `lastmodified`. Changing it gives a file that does not open.
 */
import type { WrappedKey } from '../../keys/kinds.ts';
import { fromCanonicalBase64 } from '../../system/base64.ts';
import { type Ciphertext, parseCiphertext } from './ciphertext.ts';
import { ARN, KEY_LISTS, type KeyList, UNSUPPORTED_LISTS } from './key-fields.ts';
import { broken, isScalar, type Node, type Section } from './model.ts';
import { makeRule, RULES, type Rule, type RuleKind } from './rule.ts';

export interface Metadata {
  /** The data key, or a share of it, under each key of a group. */
  readonly groups: readonly (readonly WrappedKey[])[];
  /** Shares that make the data key; 1 for a single group, which has the key itself. */
  readonly threshold: number;
  /** As written, because it authenticates the MAC. */
  readonly lastModified: string;
  /** With `lastModified`, which it authenticates. */
  readonly mac: Ciphertext;
  readonly macOnlyEncrypted: boolean;
  readonly rule: Rule;
  readonly ruleKind: RuleKind;
}

/** Each is a request, all at the same time. More than any team has; a file with thousands is an attack. */
const MAX_KEYS = 100;

const TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/;
const VERSION = /^[0-9]+\.[0-9]+\.[0-9]+[0-9A-Za-z.+-]*$/;

/** Throws `malformed`. */
export async function readMetadata(section: Section, source: string): Promise<Metadata> {
  const read = new Reader(source);
  if (!VERSION.test(read.text(section, 'version'))) throw broken(source, 'it has no version');
  const lastModified = read.text(section, 'lastmodified');
  if (!TIME.test(lastModified))
    throw broken(source, 'it has no valid lastmodified, such as 2026-01-31T12:00:00Z');
  const macText = read.text(section, 'mac');
  if (macText === '')
    throw broken(source, 'it has no MAC', 'sops writes one: envseal has no flag to do without it');
  const mac = parseCiphertext(macText, new TextEncoder().encode(lastModified));
  if (mac === undefined || mac.type !== 'str') throw broken(source, 'its MAC is not what sops writes');
  const groups = readGroups(section, read);
  return {
    groups,
    threshold: groups.length === 1 ? 1 : readThreshold(section, groups.length, read),
    lastModified,
    mac,
    macOnlyEncrypted: read.flag(section, 'mac_only_encrypted'),
    ...(await readRule(section, read)),
  };
}

/** sops writes only one rule; without any it is `_unencrypted` at the end of a name. */
async function readRule(section: Section, read: Reader): Promise<Pick<Metadata, 'rule' | 'ruleKind'>> {
  const given: (typeof RULES)[number][] = [];
  for (const kind of RULES) if (read.text(section, kind) !== '') given.push(kind);
  if (given.length > 1)
    throw broken(read.source, `it has ${given[0]} and ${given[1]}, but only one is allowed`);
  const [kind = 'unencrypted_suffix'] = given;
  const rule = await makeRule(kind, given.length === 0 ? '_unencrypted' : read.text(section, kind));
  if (rule !== undefined) return { rule, ruleKind: kind };
  throw broken(
    read.source,
    `envseal cannot read its ${kind}`,
    'simplify it, without syntax that only RE2 has',
  );
}

/** sops has the keys of a single group at the top. */
function readGroups(section: Section, read: Reader): readonly (readonly WrappedKey[])[] {
  const top = readGroup(section, read);
  const groups: WrappedKey[][] = [];
  for (const group of read.list(section, 'key_groups'))
    groups.push(readGroup(read.section(group, 'key_groups'), read));
  if (top.length > 0 && groups.length > 0) throw broken(read.source, 'it has keys outside its key groups');
  const all = top.length > 0 ? [top] : groups;
  let count = 0;
  for (const { length } of all) count += length;
  if (count === 0) throw broken(read.source, 'it has no keys');
  if (count > MAX_KEYS || all.length > MAX_KEYS)
    throw broken(read.source, `it has more than ${MAX_KEYS} keys`);
  return all;
}

function readThreshold(section: Section, groups: number, read: Reader): number {
  const text = read.text(section, 'shamir_threshold');
  const threshold = /^[0-9]{1,3}$/.test(text) ? Number(text) : 0;
  if (threshold >= 2 && threshold <= groups) return threshold;
  throw broken(read.source, `its shamir_threshold is not from 2 to its ${groups} key groups`);
}

function readGroup(group: Section, read: Reader): WrappedKey[] {
  const keys: WrappedKey[] = [];
  for (const [kind, fields] of Object.entries(KEY_LISTS)) {
    for (const entry of read.list(group, fields.list)) keys.push(readKey(kind, fields, entry, read));
  }
  for (const list of UNSUPPORTED_LISTS) {
    for (const entry of read.list(group, list)) {
      read.section(entry, list);
      keys.push({ kind: 'unsupported', key: list });
    }
  }
  return keys;
}

function readKey(
  kind: string,
  { list, name, pattern, isArmored, hasContext }: KeyList,
  node: Node,
  read: Reader,
): WrappedKey {
  const entry = read.section(node, list);
  const armored = isArmored ? read.name(entry, 'enc', /./s, list) : undefined;
  const key = read.name(entry, name, pattern, list);
  const wrapped = armored ?? read.base64(entry, list);
  if (!hasContext) return { kind, key, wrapped } as WrappedKey;
  const context = read.context(entry);
  const role = read.text(entry, 'role') === '' ? undefined : read.name(entry, 'role', ARN, list);
  const profile = read.text(entry, 'aws_profile') || undefined;
  return { kind, key, wrapped, context, role, profile } as WrappedKey;
}

/** The fields of a section. An absent one, null and the empty text are the same to sops. */
class Reader {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }

  text(section: Section, field: string): string {
    const node = section.get(field) ?? null;
    if (node === null) return '';
    if (!isScalar(node)) throw broken(this.source, `its ${field} is not a string`);
    return node.text;
  }

  flag(section: Section, field: string): boolean {
    const text = this.text(section, field);
    if (text !== 'true' && text !== 'false' && text !== '') {
      throw broken(this.source, `its ${field} is neither true nor false`);
    }
    return text === 'true';
  }

  list(section: Section, field: string): readonly Node[] {
    const node = section.get(field) ?? null;
    if (Array.isArray(node)) return node;
    if (node === null || (isScalar(node) && node.text === '')) return [];
    throw broken(this.source, `its ${field} is not a list`);
  }

  section(node: Node, field: string): Section {
    if (node instanceof Map) return node;
    throw broken(this.source, `an entry of its ${field} is not a mapping`);
  }

  name(entry: Section, field: string, pattern: RegExp, list: string): string {
    const text = this.text(entry, field);
    if (!pattern.test(text)) throw this.missing(list, field);
    return text;
  }

  base64(entry: Section, list: string): Uint8Array {
    const wrapped = fromCanonicalBase64(this.text(entry, 'enc'));
    if (wrapped === undefined || wrapped.length === 0) throw this.missing(list, 'enc');
    return wrapped;
  }

  context(entry: Section): Record<string, string> {
    const node = entry.get('context') ?? null;
    if (node === null || (isScalar(node) && node.text === '')) return {};
    const context: [string, string][] = [];
    for (const [name, value] of this.section(node, 'context')) {
      if (!isScalar(value)) throw broken(this.source, 'a value of its context is not a string');
      context.push([name, value.text]);
    }
    return Object.fromEntries(context);
  }

  missing(list: string, field: string) {
    return broken(this.source, `an entry of its ${list} has no valid ${field}`);
  }
}
