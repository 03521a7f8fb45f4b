/** The program that the host runs for the tests: JSON of operations comes in by standard input, and of results goes out. */
import { readPlainFile } from '../../src/envfile/plain-file.ts';
import { agree, deriveKey, isMac, openChaCha } from '../../src/keys/age/crypto.ts';
import { natives } from '../../src/platform/callbacks.ts';
import { bytesOf, textOf, toBase64, toByteString, toHex } from '../../src/system/bytes.ts';
import { cStrings } from '../../src/system/c-strings.ts';
import { type Json, OPERATIONS, perform } from './operations.ts';

const MAX_INPUT_BYTES = 256 * 1024 * 1024;

/** Natives that have a double in TypeScript, and the files that take its place in the bundle. */
Object.assign(OPERATIONS, {
  bytesOf: (text: string) => toHex(bytesOf(text)),
  textOf,
  byteStringOfText: (text: string) => toByteString(text),
  byteStringOf: (hex: string) => toByteString(Buffer.from(hex, 'hex')),
  base64Of: (hex: string) => toBase64(Buffer.from(hex, 'hex')),
  cStrings(strings: readonly string[], texts: readonly string[]) {
    const { count, block, lists } = cStrings(strings, texts);
    return { count, block: toHex(block), lists: [...lists].flat() };
  },
  plainFile: (text: string) =>
    (readPlainFile(new TextEncoder().encode(text), ['sops']) ?? null) as unknown as Json,
  x25519: async (scalar: string, point: string) => hexOr(await agree(ofHex(scalar), ofHex(point))),
  deriveKey: async (secret: string, salt: string, info: string) =>
    toHex(await deriveKey(ofHex(secret), ofHex(salt), info)),
  isMac: (key: string, mac: string, of: string) => isMac(ofHex(key), ofHex(mac), ofHex(of)),
  openChaCha: async (key: string, iv: string, sealed: string) =>
    hexOr(await openChaCha(ofHex(key), ofHex(iv), ofHex(sealed))),
  plainLines: (text: string) => [...natives.plainLines(text)],
  isText: (text: string) => natives.isText(text),
  includes: (text: string, part: string) => natives.includesAny(text, [part]),
  indexOf: (text: string, part: string) => natives.indexOf(text, part),
  crc32: (hex: string) => natives.crc32(Buffer.from(hex, 'hex')),
  crc32c: (hex: string) => natives.crc32c(Buffer.from(hex, 'hex')),
  crc64nvme: (hex: string) => [...natives.crc64nvme(Buffer.from(hex, 'hex'))],
});

const operations = JSON.parse(ascii(natives.readInput(MAX_INPUT_BYTES))) as [string, ...Json[]][];
const results: Json[] = [];
for (const operation of operations) results.push(await perform(operation));
natives.write(1, bytes(JSON.stringify(results)));
natives.exit(0);

function ofHex(hex: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

function hexOr(bytes: Uint8Array | undefined): string | null {
  return bytes === undefined ? null : toHex(bytes);
}

/** Neither leans on what is tested. */
function ascii(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4096)
    text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return text;
}

function bytes(text: string): Uint8Array {
  const escaped = text.replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return Uint8Array.from(escaped, (character) => character.charCodeAt(0));
}
