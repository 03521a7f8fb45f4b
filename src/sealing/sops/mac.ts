/**
 * The MAC of a SOPS file: SHA-512 of its values one after another, encrypted like a value with `lastmodified` as
 * additional data. https://github.com/getsops/sops/blob/main/sops.go (`Decrypt`)
 *
 * It covers neither names nor comments nor where one value ends. An encrypted value authenticates its own name; the name
 * of a plain or empty one, and the type that a ciphertext claims, are authenticated by nothing.
 */
import { toHex } from '../../system/bytes.ts';
import { sha512 } from '../../system/sha512.ts';

/** SHA-256 of `sops`, hashed first by `mac_only_encrypted`, so that a MAC over all values is never taken for one. */
const ONLY_ENCRYPTED_START = [
  0x8a, 0x3f, 0xd2, 0xad, 0x54, 0xce, 0x66, 0x52, 0x7b, 0x10, 0x34, 0xf3, 0xd1, 0x47, 0xbe, 0x0b, 0x0b, 0x97,
  0x5b, 0x3b, 0xf4, 0x4f, 0x72, 0xc6, 0xfd, 0xad, 0xec, 0x81, 0x76, 0xf2, 0x7d, 0x69,
];

/** In upper-case hexadecimal, as sops encrypts it. */
export async function computeMac(values: readonly string[], macOnlyEncrypted: boolean): Promise<string> {
  const start = macOnlyEncrypted ? Uint8Array.from(ONLY_ENCRYPTED_START) : new Uint8Array(0);
  const text = new TextEncoder().encode(values.join(''));
  const bytes = new Uint8Array(start.length + text.length);
  bytes.set(start);
  bytes.set(text, start.length);
  return toHex(await sha512(bytes)).toUpperCase();
}

/** In a time that depends on the length alone. */
export function isSameMac(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
