/** SHA-512, in 64 bytes. The host has one that is there without the code of WebCrypto. */
export async function sha512(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-512', bytes));
}
