/**
 * ChaCha20-Poly1305. By WebCrypto where it has that (the host, Node from 24.7):
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
    if (!isNamed(error, 'NotSupportedError')) throw error;
    return await (await import('./chacha-by-node.ts')).openByNode(key, iv, sealed);
  }
}

async function importKey(key: Bytes): Promise<CryptoKey> {
  // TypeScript does not know the format.
  const format = 'raw-secret' as 'raw';
  return await crypto.subtle.importKey(format, key, 'ChaCha20-Poly1305', false, ['decrypt']);
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}
