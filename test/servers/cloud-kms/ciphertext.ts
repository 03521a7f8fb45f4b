/**
 * A ciphertext with the outside of Google's, which is opaque by contract: protobuf, field 1 a zero byte and what names
 * the key version, field 2 a zero byte and what is sealed, 41 bytes longer than the plaintext. In base64 it begins with
 * `CiQA`, as in every SOPS file with `gcp_kms`; with an identifier that is a byte longer, with `CiUA`, as newer keys do.
 */

import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { bytesField, parseBytesFields } from '../google/protobuf.ts';

export interface Ciphertext {
  /** The version's, from `identifierOf`. */
  readonly identifier: Buffer;
  readonly sealed: Buffer;
}

export const SHORT_IDENTIFIER_BYTES = 35;
export const LONG_IDENTIFIER_BYTES = 36;

const ZERO = Buffer.alloc(1);
const IV_BYTES = 24;
const TAG_BYTES = 16;

export function pack({ identifier, sealed }: Ciphertext): Buffer {
  return Buffer.concat(
    [identifier, sealed].map((part, at) => bytesField(at + 1, Buffer.concat([ZERO, part]))),
  );
}

/** Undefined when it is not such a ciphertext. */
export function unpack(bytes: Buffer): Ciphertext | undefined {
  const [first, second, ...rest] = parseBytesFields(bytes) ?? [];
  if (first?.number !== 1 || second?.number !== 2 || rest.length > 0) return undefined;
  if (first.value[0] !== 0 || second.value[0] !== 0) return undefined;
  return { identifier: first.value.subarray(1), sealed: second.value.subarray(1) };
}

export function identifierOf(versionName: string, length: number): Buffer {
  return createHash('sha512').update(`identifier of ${versionName}`).digest().subarray(0, length);
}

/** AES-256-GCM: nonce, ciphertext, tag. */
export function seal(versionName: string, plaintext: Buffer, aad: Buffer): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', material(versionName), iv).setAAD(aad);
  return Buffer.concat([iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** Undefined when the bytes, the key or the additional data are not those of `seal`. */
export function open(versionName: string, sealed: Buffer, aad: Buffer): Buffer | undefined {
  try {
    const decipher = createDecipheriv('aes-256-gcm', material(versionName), sealed.subarray(0, IV_BYTES));
    decipher.setAAD(aad).setAuthTag(sealed.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** Derived, so that two server processes that know the same key open each other's ciphertexts. */
function material(versionName: string): Buffer {
  return createHash('sha256').update(`key material of ${versionName}`).digest();
}
