/** The primitives of age, by WebCrypto. The host has the same as native functions. */
import type { Bytes } from '../../system/byte-string.ts';

export const TAG_BYTES = 16;

/** What is before the 32 bytes of a private key in PKCS #8. https://www.rfc-editor.org/rfc/rfc8410#section-7 */
const PKCS8_PREFIX = [0x30, 46, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 34, 4, 32];

/** X25519; each has 32 bytes. `undefined` for a point of small order, which gives the same secret to everyone. */
export async function agree(scalar: Bytes, point: Bytes): Promise<Bytes | undefined> {
  const { subtle } = crypto;
  const pkcs8 = Uint8Array.of(...PKCS8_PREFIX, ...scalar);
  const [privateKey, publicKey] = await Promise.all([
    subtle.importKey('pkcs8', pkcs8, 'X25519', false, ['deriveBits']),
    subtle.importKey('raw', point, 'X25519', false, []),
  ]);
  try {
    return new Uint8Array(await subtle.deriveBits({ name: 'X25519', public: publicKey }, privateKey, 256));
  } catch (error) {
    if (isNamed(error, 'OperationError')) return undefined;
    throw error;
  }
}

/** HKDF-SHA-256, 32 bytes. */
export async function deriveKey(secret: Bytes, salt: Bytes, info: string): Promise<Bytes> {
  const key = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits']);
  const algorithm = { name: 'HKDF', hash: 'SHA-256', salt, info: new TextEncoder().encode(info) };
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, 256));
}

/** HMAC-SHA-256. */
export async function isMac(raw: Bytes, mac: Bytes, bytes: Bytes): Promise<boolean> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', raw, algorithm, false, ['verify']);
  return await crypto.subtle.verify('HMAC', key, mac, bytes);
}

/**
 * ChaCha20-Poly1305: the plaintext, or `undefined` when key, nonce, ciphertext or tag is not what it was sealed with.
 * WebCrypto has it from Node 24.7 on: https://wicg.github.io/webcrypto-modern-algos/#chacha20-poly1305
 */
export async function openChaCha(key: Bytes, iv: Bytes, sealed: Bytes): Promise<Bytes | undefined> {
  // TypeScript does not know the format.
  const format = 'raw-secret' as 'raw';
  try {
    const imported = await crypto.subtle.importKey(format, key, 'ChaCha20-Poly1305', false, ['decrypt']);
    return new Uint8Array(await crypto.subtle.decrypt({ name: 'ChaCha20-Poly1305', iv }, imported, sealed));
  } catch (error) {
    if (isNamed(error, 'OperationError')) return undefined;
    if (!isNamed(error, 'NotSupportedError')) throw error;
    return await (await import('./chacha-by-node.ts')).openByNode(key, iv, sealed);
  }
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}
