/** The primitives of age, by the host: without the code of WebCrypto, and without its promises. */
import { natives } from '../../platform/callbacks.ts';
import type { Bytes } from '../../system/byte-string.ts';
import { isSameBytes } from '../../system/same-bytes.ts';

export const TAG_BYTES = 16;

const NOTHING = new Uint8Array(0);

export async function agree(scalar: Bytes, point: Bytes): Promise<Bytes | undefined> {
  return natives.x25519(scalar, point);
}

/** RFC 5869: of 32 bytes, the first block is all. */
export async function deriveKey(secret: Bytes, salt: Bytes, info: string): Promise<Bytes> {
  const extracted = natives.hmac('SHA-256', salt, secret);
  return natives.hmac('SHA-256', extracted, natives.encodeLatin1(`${info}\x01`));
}

export async function isMac(raw: Bytes, mac: Bytes, bytes: Bytes): Promise<boolean> {
  return isSameBytes(natives.hmac('SHA-256', raw, bytes), mac);
}

export async function openChaCha(key: Bytes, iv: Bytes, sealed: Bytes): Promise<Bytes | undefined> {
  return natives.open('ChaCha20-Poly1305', key, iv, NOTHING, sealed);
}
