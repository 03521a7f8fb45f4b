/**
 * The MAC of a SOPS file: SHA-512 of its values one after another, encrypted like a value with `lastmodified` as
 * additional data. https://github.com/getsops/sops/blob/main/sops.go (`Decrypt`)
 *
 * It covers neither names nor comments nor where one value ends. An encrypted value authenticates its own name; the name
 * of a plain or empty one, and the type that a ciphertext claims, are authenticated by nothing.
 */
import type { Bytes } from '../aes-gcm.ts';

/** SHA-256 of `sops`, hashed first by `mac_only_encrypted`, so that a MAC over all values is never taken for one. */
const ONLY_ENCRYPTED_START = '8a3fd2ad54ce66527b1034f3d147be0b0b975b3bf44f72c6fdadec8176f27d69';

/** In upper-case hexadecimal, as sops encrypts it. */
export async function computeMac(values: readonly string[], macOnlyEncrypted: boolean): Promise<string> {
  const start = Buffer.from(macOnlyEncrypted ? ONLY_ENCRYPTED_START : '', 'hex');
  const bytes = Buffer.concat([start, new TextEncoder().encode(values.join(''))]);
  const digest = await crypto.subtle.digest('SHA-512', bytes as Bytes);
  return Buffer.from(digest).toString('hex').toUpperCase();
}

/** In a time that depends on the length alone. */
export function isSameMac(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
