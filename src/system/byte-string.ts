/** Byte strings, which Linux has instead of text, and the type of bytes that WebCrypto takes. */

/** A string in which each character is one byte (0 to 255), as `latin1` decodes it. */
export type ByteString = string;

/** Whether the bytes are the same characters in UTF-8. */
export function isAscii(bytes: ByteString): boolean {
  return !/[\x80-\xff]/.test(bytes);
}

/** Not over shared memory, which WebCrypto refuses. */
export type Bytes = Uint8Array<ArrayBuffer>;
