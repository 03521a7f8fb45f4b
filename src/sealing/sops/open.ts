/** From the bytes of a SOPS file to its variables. Pure, given the keys. */
import { type Cursor, openText } from '../../envfile/cursor.ts';
import { EnvsealError } from '../../errors.ts';
import { MAX_SOURCE_BYTES } from '../../limits-and-defaults.ts';
import { SecretMap } from '../../secret-map.ts';
import { importGcmKey, openAllGcm } from '../aes-gcm.ts';
import { type Ciphertext, looksEncrypted, parseCiphertext, pathTo } from './ciphertext.ts';
import { type Keys, unwrapDataKey } from './data-key.ts';
import { computeMac, isSameMac } from './mac.ts';
import { type Metadata, readMetadata } from './metadata.ts';
import { broken, type Leaf, type ScalarType, type SopsFile, type SopsKind, tampered } from './model.ts';
import { readDotenv } from './read/dotenv.ts';
import type { Rule } from './rule.ts';
import { isScalarType, readTyped, type Texts } from './scalars.ts';

export interface OpenSopsOptions extends Keys {
  /** The source's URI or path; error messages name it. */
  readonly source: string;
  /** The bytes as text, where they were decoded already: any invalid ones as U+FFFD, and without the BOM. */
  readonly text?: string | undefined;
}

export interface OpenedSops {
  /** In file order. Plain values that a rule leaves plain are among them. */
  readonly variables: SecretMap;
  /** The keys that unwrapped: one, or as many as the file's threshold says. */
  readonly keys: readonly string[];
  /** Names of the values that nothing authenticates: with `mac_only_encrypted` the plain ones. */
  readonly unauthenticated: readonly string[];
}

type Reader = (cursor: Cursor) => SopsFile | Promise<SopsFile>;

const READERS: Readonly<Record<SopsKind, Reader>> = {
  dotenv: readDotenv,
  json: async (cursor) => (await import('./read/json.ts')).readJson(cursor),
  yaml: async (cursor) => (await import('./read/yaml.ts')).readYaml(cursor),
};

/**
 * `kind` is what `detectSops` said. Everything authenticates before a variable comes out.
 *
 * Throws `malformed` for a file that sops would not write, `corrupt` for one that does not authenticate, `too_large`,
 * and what `unwrapDataKey` throws. A message may have names of variables and of keys, and nothing else of the file.
 */
export async function openSops(
  bytes: Uint8Array,
  kind: SopsKind,
  options: OpenSopsOptions,
): Promise<OpenedSops> {
  const { variables, keys, unauthenticated } = await openSopsFile(bytes, kind, options);
  return { variables, keys, unauthenticated };
}

/** What a SOPS file says, before anything of it is authenticated. */
export interface ReadSops {
  readonly text: string;
  readonly file: SopsFile;
  readonly metadata: Metadata;
}

/** The same with all that it takes to change the file; the data key is for this folder alone. */
export interface OpenedSopsFile extends OpenedSops, ReadSops {
  readonly key: CryptoKey;
  readonly values: readonly OpenedValue[];
}

export interface OpenedValue extends Texts {
  readonly name: string;
  readonly isEncrypted: boolean;
  readonly type: ScalarType;
}

export async function openSopsFile(
  bytes: Uint8Array,
  kind: SopsKind,
  { source, text, ...keys }: OpenSopsOptions,
): Promise<OpenedSopsFile> {
  const read = await readSops(bytes, kind, source, text);
  const unwrapping = unwrapDataKey(read.metadata, keys, source);
  // What is wrong with a value is reported first.
  unwrapping.catch(() => {});
  // The keys are asked, and while they answer the values are checked.
  await new Promise((resolve) => setImmediate(resolve));
  const values = readValues(read, source);
  const unwrapped = await unwrapping;
  const key = await importGcmKey(unwrapped.dataKey);
  return { ...read, ...(await openValues(values, read.metadata, key, source)), key, keys: unwrapped.keys };
}

/** For a data key that is at hand already. */
export async function reopenSops(
  bytes: Uint8Array,
  kind: SopsKind,
  { key, source }: { readonly key: CryptoKey; readonly source: string },
): Promise<Pick<OpenedSopsFile, 'values' | 'metadata'>> {
  const read = await readSops(bytes, kind, source);
  return { ...read, ...(await openValues(readValues(read, source), read.metadata, key, source)) };
}

export async function readSops(
  bytes: Uint8Array,
  kind: SopsKind,
  source: string,
  text?: string,
): Promise<ReadSops> {
  if (bytes.length > MAX_SOURCE_BYTES) {
    throw new EnvsealError('too_large', `${source} is larger than ${MAX_SOURCE_BYTES} bytes`);
  }
  const cursor = openText(bytes, source, text);
  const file = await READERS[kind](cursor);
  return { text: cursor.text, file, metadata: await readMetadata(file.metadata, source) };
}

interface Value {
  readonly name: string;
  /** By the rule. An empty text stays as it is, and belongs to the encrypted ones for the MAC. */
  readonly isEncrypted: boolean;
  readonly type: ScalarType;
  readonly content: Ciphertext | Texts;
}

function readValues({ file, metadata }: ReadSops, source: string): Value[] {
  const values: Value[] = [];
  for (const leaf of file.leaves) values.push(readValue(leaf, metadata.rule, source));
  return values;
}

/**
 * Throws `malformed` where the file does not keep its own rule. sops refuses a plain value too that should be encrypted;
 * it hands out ciphertext for one that should be plain, if the MAC agrees, and envseal does not.
 */
function readValue(leaf: Leaf, rule: Rule, source: string): Value {
  const { name, type, text } = leaf;
  const isEncrypted = rule(leaf);
  const hint = 'encrypt the file again with sops';
  if (!looksEncrypted(text) || type !== 'str') {
    if (isEncrypted && text !== '')
      throw broken(source, `${name} is plain text, but its rule is to encrypt it`, hint);
    const content = readTyped(type, text);
    if (content === undefined) throw broken(source, `${name} is not a valid ${type}`, hint);
    return { name, isEncrypted, type, content };
  }
  if (!isEncrypted) throw broken(source, `${name} is encrypted, but its rule is to leave it plain`, hint);
  const content = parseCiphertext(text, pathTo(name));
  if (content === undefined) throw broken(source, `the ciphertext of ${name} is not what sops writes`);
  const { type: sealedType } = content;
  if (!isScalarType(sealedType)) {
    throw broken(source, `${name} has an unknown type`, 'sops writes str, int, float, bool and time');
  }
  return { name, isEncrypted, type: sealedType, content };
}

async function openValues(
  values: readonly Value[],
  { mac, macOnlyEncrypted }: Metadata,
  key: CryptoKey,
  source: string,
): Promise<Pick<OpenedSopsFile, 'variables' | 'unauthenticated' | 'values'>> {
  const sealed = [mac];
  for (const { content } of values) if ('sealed' in content) sealed.push(content);
  const plaintexts = await openAllGcm(key, sealed);
  const macText = plaintexts[0];
  let at = 1;
  const variables = new SecretMap();
  const macTexts: string[] = [];
  const unauthenticated: string[] = [];
  const opened: OpenedValue[] = [];
  for (let i = 0; i < values.length; i++) {
    const { name, isEncrypted, type, content } = values[i] as Value;
    const { mac, value } =
      'sealed' in content ? readOpened(name, content.type, plaintexts[at++], source) : content;
    opened.push({ name, isEncrypted, type, mac, value });
    if (isEncrypted || !macOnlyEncrypted) macTexts.push(mac);
    else unauthenticated.push(name);
    variables.set(name, value);
  }
  if (macText === undefined) throw tampered(source, 'its MAC or lastmodified does not authenticate');
  const expected = await computeMac(macTexts, macOnlyEncrypted);
  if (!isSameMac(new TextDecoder().decode(macText), expected))
    throw tampered(source, 'its MAC does not match its values');
  return { variables, unauthenticated, values: opened };
}

function readOpened(name: string, type: string, opened: ArrayBuffer | undefined, source: string): Texts {
  if (opened === undefined) {
    throw tampered(
      source,
      `${name} does not authenticate with its data key: another file's, or changed bytes`,
    );
  }
  const texts = readTyped(type, decode(opened, name, source));
  if (texts === undefined) throw tampered(source, `${name} is not a valid ${type}`);
  return texts;
}

/** One for all: a file has hundreds of values. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(bytes: ArrayBuffer, name: string, source: string): string {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    throw broken(source, `${name} is not UTF-8`, 'encode bytes, for example as base64');
  }
  if (text.includes('\0')) throw broken(source, `${name} holds a NUL`, 'encode bytes, for example as base64');
  return text;
}
