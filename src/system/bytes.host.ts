/** The same by the host, which makes `Buffer` only when something asks for it. */
import { natives } from '../platform/callbacks.ts';
import { type ByteString, isAscii } from './byte-string.ts';

export const bytesOf = (text: ByteString): Uint8Array => natives.encodeLatin1(text);

export function toByteString(from: string | Uint8Array): ByteString {
  if (typeof from !== 'string') return natives.decodeLatin1(from);
  const bytes = natives.encodeUtf8(from);
  return bytes.length === from.length ? from : natives.decodeLatin1(bytes);
}

export function textOf(bytes: ByteString): string {
  return isAscii(bytes) ? bytes : (natives.decodeUtf8(natives.encodeLatin1(bytes), false) as string);
}

interface Native {
  toBase64(): string;
  toHex(): string;
}

export const toBase64 = (bytes: Uint8Array): string => (bytes as unknown as Native).toBase64();
export const toHex = (bytes: Uint8Array): string => (bytes as unknown as Native).toHex();
