/**
 * Text as bytes and back. What is ASCII, as nearly all is, goes without `Buffer`, which the host makes only when something
 * asks for it.
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

/** In lower case. */
export function toHex(bytes: Uint8Array): string {
  // Node from 25 on.
  if ('toHex' in bytes) return (bytes as { toHex(): string }).toHex();
  return Buffer.from(bytes).toString('hex');
}
