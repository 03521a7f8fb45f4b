/**
 * Text as bytes and back. What is ASCII, as nearly all is, goes without `Buffer`: the runtime takes 0.12 ms to load that,
 * which a start that waits for an answer has left and one that has not asked yet has not.
 */
import { type ByteString, isAscii } from './system.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Each character is one byte. */
export function bytesOf(text: ByteString): Uint8Array {
  const bytes = encoder.encode(text);
  return bytes.length === text.length ? bytes : Buffer.from(text, 'latin1');
}

/** The bytes; of text, those of its UTF-8. */
export function toByteString(from: string | Uint8Array): ByteString {
  const bytes = typeof from === 'string' ? encoder.encode(from) : from;
  if (typeof from === 'string' && bytes.length === from.length) return from;
  return asciiOf(bytes) ?? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/** As UTF-8; what is none becomes U+FFFD. */
export function textOf(bytes: ByteString): string {
  return isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8');
}

/** Whatever is more than one byte in UTF-8 is fewer characters. */
function asciiOf(bytes: Uint8Array): string | undefined {
  try {
    const text = decoder.decode(bytes);
    return text.length === bytes.length ? text : undefined;
  } catch {
    return undefined;
  }
}

/** Of RFC 4648, section 4, with padding. */
export function toBase64(bytes: Uint8Array): string {
  if ('toBase64' in bytes) return (bytes as { toBase64(): string }).toBase64();
  return Buffer.from(bytes).toString('base64');
}

const STRICT = { lastChunkHandling: 'strict' } as const;

/** https://tc39.es/proposal-arraybuffer-base64/, which Node has from 25 on. */
interface Native {
  fromBase64(text: string, options?: typeof STRICT): Uint8Array<ArrayBuffer>;
}
const NATIVE = 'fromBase64' in Uint8Array ? (Uint8Array as unknown as Native) : undefined;

/** The other way; `undefined` for what is none. Padding may be missing. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  const digits = text.replace(/={1,2}$/, '');
  if (!/^[A-Za-z0-9+/]*$/.test(digits) || digits.length % 4 === 1) return undefined;
  return NATIVE?.fromBase64(digits) ?? new Uint8Array(Buffer.from(digits, 'base64'));
}

/** Of an encoder's text alone: of two texts with the same bytes, one is none. */
export function fromCanonicalBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    const bytes = decodeStrictly(text);
    return text.length === Math.ceil(bytes.length / 3) * 4 ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The same for a text without white space, of which a file has hundreds. Throws for what is none: padding that is missing,
 * and bits that say nothing.
 */
export const decodeStrictly: (text: string) => Uint8Array<ArrayBuffer> =
  NATIVE === undefined ? decodeByBuffer : (text) => NATIVE.fromBase64(text, STRICT);

function decodeByBuffer(text: string): Uint8Array<ArrayBuffer> {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw new SyntaxError('not what an encoder writes');
  return new Uint8Array(bytes);
}

/** In lower case. */
export function toHex(bytes: Uint8Array): string {
  // Node from 25 on.
  if ('toHex' in bytes) return (bytes as { toHex(): string }).toHex();
  return Buffer.from(bytes).toString('hex');
}
