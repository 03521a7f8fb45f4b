/** The bytes of an ArrayBuffer or of any view of one, without a copy. Throws TypeError for anything else. */
export function bytesOfSource(source: AllowSharedBufferSource): Uint8Array<ArrayBuffer> {
  if (source instanceof Uint8Array) return source as Uint8Array<ArrayBuffer>;
  if (ArrayBuffer.isView(source)) {
    return new Uint8Array(source.buffer as ArrayBuffer, source.byteOffset, source.byteLength);
  }
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  throw new TypeError('neither an ArrayBuffer nor a view of one');
}
