/** ChaCha20-Poly1305 on a Node whose WebCrypto does not have it. */
import { createDecipheriv } from 'node:crypto';
import type { Bytes } from '../../system/byte-string.ts';

const TAG_BYTES = 16;

export async function openByNode(key: Bytes, iv: Bytes, sealed: Bytes): Promise<Bytes | undefined> {
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
