/** Text as bytes and back. */
import { type ByteString, isAscii } from './byte-string.ts';

/** Each character is one byte. */
export function bytesOf(text: ByteString): Uint8Array {
  return Buffer.from(text, 'latin1');
}

/** The bytes; of text, those of its UTF-8. */
export function toByteString(from: string | Uint8Array): ByteString {
  if (typeof from === 'string') {
    const bytes = Buffer.from(from);
    return bytes.length === from.length ? from : bytes.toString('latin1');
  }
  return Buffer.from(from.buffer, from.byteOffset, from.length).toString('latin1');
}

/** As UTF-8; what is none becomes U+FFFD. */
export function textOf(bytes: ByteString): string {
  return isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8');
}

/** RFC 4648, section 4, with padding. */
export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** In lower case. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
