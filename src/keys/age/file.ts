/**
 * An age file as SOPS keeps one for each recipient: armored, and small enough for one chunk.
 * https://github.com/C2SP/C2SP/blob/main/age.md
 */

import { EnvsealError } from '../../errors.ts';
import { fromCanonicalBase64 } from '../../system/base64.ts';
import type { Bytes } from '../../system/byte-string.ts';
import { toByteString } from '../../system/bytes.ts';
import { deriveKey, isMac, openChaCha, TAG_BYTES } from './crypto.ts';

/** The file key under one recipient. */
export interface Stanza {
  readonly type: string;
  readonly args: readonly string[];
  readonly body: Bytes;
}

interface AgeFile {
  readonly stanzas: readonly Stanza[];
  /** What the MAC is of: all before it, up to and with `---`. */
  readonly header: Bytes;
  readonly mac: Bytes;
  readonly nonce: Bytes;
  readonly payload: Bytes;
}

const BEGIN = '-----BEGIN AGE ENCRYPTED FILE-----';
const END = '-----END AGE ENCRYPTED FILE-----';
const LINE_LENGTH = 64;
const VERSION = 'age-encryption.org/v1';
const MAC_BYTES = 32;
const NONCE_BYTES = 16;
/** The nonce of the first chunk, which is also the last one. */
const CHUNK_NONCE = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

/** `unwrap` gives the file key, or `undefined` when no stanza is for it. Throws `corrupt`. */
export async function openAgeFile(
  armored: string,
  unwrap: (stanzas: readonly Stanza[]) => Promise<Bytes | undefined>,
): Promise<Bytes> {
  const { stanzas, header, mac, nonce, payload } = parse(decodeArmor(armored));
  const fileKey = await unwrap(stanzas);
  if (fileKey === undefined) throw broken('no part of it is for this recipient');
  const [isWhole, plaintext] = await Promise.all([
    deriveKey(fileKey, new Uint8Array(0), 'header').then((key) => isMac(key, mac, header)),
    deriveKey(fileKey, nonce, 'payload').then((key) => openChaCha(key, CHUNK_NONCE, payload)),
  ]);
  if (!isWhole) throw broken('its header was changed');
  if (plaintext === undefined) throw broken('its payload was changed');
  return plaintext;
}

/** Base64 without padding, in its one canonical form; `undefined` for anything else. */
export function decodeBase64(text: string): Bytes | undefined {
  return text.endsWith('=') ? undefined : fromCanonicalBase64(text + '='.repeat(-text.length & 3));
}

export function broken(what: string): EnvsealError {
  return new EnvsealError('corrupt', `the age file is broken: ${what}`, {
    hint: 'bytes were changed or are missing: seal the file again',
  });
}

function decodeArmor(armored: string): Bytes {
  const lines = armored.trim().replaceAll('\r\n', '\n').split('\n');
  const isWhole = lines.shift() === BEGIN && lines.pop() === END;
  const last = lines.length - 1;
  let isEven = true;
  for (let i = 0; i <= last; i++) {
    const { length } = lines[i] as string;
    isEven &&= length === LINE_LENGTH || (i === last && length < LINE_LENGTH);
  }
  if (!isWhole || !isEven || !lines[last]) throw broken('its armor is not whole');
  const bytes = fromCanonicalBase64(lines.join(''));
  if (bytes === undefined) throw broken('its armor is not base64');
  return bytes;
}

function parse(bytes: Bytes): AgeFile {
  const lines = new Lines(toByteString(bytes));
  if (lines.next() !== VERSION) throw broken(`it does not start with ${VERSION}`);
  const stanzas: Stanza[] = [];
  let line = lines.next();
  for (; line.startsWith('-> '); line = lines.next()) stanzas.push(parseStanza(line, lines));
  const mac = line.startsWith('--- ') ? decodeBase64(line.slice(4)) : undefined;
  if (mac?.length !== MAC_BYTES || stanzas.length === 0) throw broken('its header is not whole');
  const headerEnd = lines.position - line.length - 1 + '---'.length;
  const rest = bytes.subarray(lines.position);
  if (rest.length < NONCE_BYTES + TAG_BYTES) throw broken('it is cut short');
  return {
    stanzas,
    header: bytes.subarray(0, headerEnd),
    mac,
    nonce: rest.subarray(0, NONCE_BYTES),
    payload: rest.subarray(NONCE_BYTES),
  };
}

function parseStanza(first: string, lines: Lines): Stanza {
  const [type = '', ...args] = first.split(' ').slice(1);
  for (const word of [type, ...args]) if (!/^[!-~]+$/.test(word)) throw broken('its header is not whole');
  // Full lines, and a shorter one at the end, which may be empty.
  let body = '';
  for (let line = lines.next(); ; line = lines.next()) {
    body += line;
    if (line.length < LINE_LENGTH) break;
    if (line.length > LINE_LENGTH) throw broken('its header is not whole');
  }
  const bytes = decodeBase64(body);
  if (bytes === undefined) throw broken('its header is not base64');
  return { type, args, body: bytes };
}

class Lines {
  readonly #text: string;
  /** Behind the last line's end. */
  position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  next(): string {
    const end = this.#text.indexOf('\n', this.position);
    if (end < 0) throw broken('it is cut short');
    const line = this.#text.slice(this.position, end);
    this.position = end + 1;
    return line;
  }
}
