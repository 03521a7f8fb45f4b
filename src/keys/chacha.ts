/**
 * ChaCha20-Poly1305. By WebCrypto where it has that (Bun, Node from 24.7), because loading `node:crypto` takes Bun 2 ms;
 * https://wicg.github.io/webcrypto-modern-algos/#chacha20-poly1305
 */
import type { Bytes } from '../sealing/aes-gcm.ts';

export const TAG_BYTES = 16;

/** The plaintext, or `undefined` when key, nonce, ciphertext or tag is not what it was sealed with. */
export async function openChaCha(key: Bytes, iv: Bytes, sealed: Bytes): Promise<Bytes | undefined> {
  try {
    const algorithm = { name: 'ChaCha20-Poly1305', iv };
    const imported = await importKey(key);
    return new Uint8Array(await crypto.subtle.decrypt(algorithm, imported, sealed));
  } catch (error) {
    if (isNamed(error, 'OperationError')) return undefined;
    if (isNamed(error, 'NotSupportedError')) return await openByNode(key, iv, sealed);
    throw error;
  }
}

async function importKey(key: Bytes): Promise<CryptoKey> {
  // TypeScript does not know the format.
  const format = 'raw-secret' as 'raw';
  return await crypto.subtle.importKey(format, key, 'ChaCha20-Poly1305', false, ['decrypt']);
}

async function openByNode(key: Bytes, iv: Bytes, sealed: Bytes): Promise<Bytes | undefined> {
  const { createDecipheriv } = await import('node:crypto');
  const decipher = createDecipheriv('chacha20-poly1305', key, iv, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  const plaintext = decipher.update(sealed.subarray(0, -TAG_BYTES));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return new Uint8Array(plaintext);
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}
