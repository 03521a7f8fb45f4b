/**
 * https://docs.cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys
 *
 * Requests and answers are protobuf messages with the field names of their JSON: bytes are Buffers, int64 is a string,
 * enums are names.
 */

import { StatusError } from '../google/status.ts';
import {
  identifierOf,
  LONG_IDENTIFIER_BYTES,
  open,
  pack,
  SHORT_IDENTIFIER_BYTES,
  seal,
  unpack,
} from './ciphertext.ts';
import { crc32c } from './crc32c.ts';
import {
  type CloudKmsKey,
  type CloudKmsKeys,
  demandEnabled,
  demandPermission,
  type KeyVersion,
  type Permission,
  primaryOf,
  versionsOf,
} from './keys.ts';

export interface Context {
  readonly keys: CloudKmsKeys;
  readonly principal: string;
  /** Asked once an answer: shall its `plaintextCrc32c` be of other bytes? */
  wrongChecksum(): boolean;
}

export interface Input {
  readonly name: string;
  readonly bytes: Readonly<Record<string, Buffer>>;
  /** In decimal, by the name of the field. */
  readonly checksums: Readonly<Record<string, string>>;
}

export type Output = Readonly<Record<string, unknown>>;

/** The last part of the gRPC method's name. */
export const OPERATIONS: Readonly<Record<string, (input: Input, context: Context) => Output>> = {
  Decrypt: decrypt,
  Encrypt: encrypt,
  GetCryptoKey: getCryptoKey,
  GetCryptoKeyVersion: getCryptoKeyVersion,
};

const AAD = 'additionalAuthenticatedData';
const NOTHING = Buffer.alloc(0);
/** https://docs.cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys/encrypt */
const MAX_PLAINTEXT_BYTES = 64 * 1024;
const CREATED = '2020-01-01T00:00:00Z';
const ALGORITHM = 'GOOGLE_SYMMETRIC_ENCRYPTION';

function decrypt(input: Input, { keys, principal, wrongChecksum }: Context): Output {
  const permission = 'cloudkms.cryptoKeyVersions.useToDecrypt';
  const key = keys.find(input.name, permission);
  demandPermission(key, permission, principal, input.name);
  verifyChecksums(input, ['ciphertext', AAD]);
  const { version, sealed } = unseal(key, required(input, 'ciphertext'));
  demandEnabled(version);
  const plaintext = open(version.name, sealed, input.bytes[AAD] ?? NOTHING);
  if (plaintext === undefined) throw invalidCiphertext();
  return {
    plaintext,
    plaintextCrc32c: String((crc32c(plaintext) ^ (wrongChecksum() ? 1 : 0)) >>> 0),
    usedPrimary: version.name === primaryOf(key)?.name,
    protectionLevel: protectionLevel(key),
  };
}

/** The ciphertext says which version made it, and a version of another key is none. */
function unseal(key: CloudKmsKey, bytes: Buffer): { version: KeyVersion; sealed: Buffer } {
  const ciphertext = unpack(bytes);
  if (ciphertext === undefined) throw invalidCiphertext();
  const { identifier, sealed } = ciphertext;
  const version = versionsOf(key).find(({ name }) =>
    identifierOf(name, identifier.length).equals(identifier),
  );
  if (version === undefined)
    throw invalid("Decryption failed: verify that 'name' refers to the correct CryptoKey.");
  return { version, sealed };
}

function encrypt(input: Input, { keys, principal }: Context): Output {
  const permission = 'cloudkms.cryptoKeyVersions.useToEncrypt';
  const version = toEncryptWith(input.name, keys, permission);
  const { key, name } = version;
  demandPermission(key, permission, principal, input.name);
  const verified = verifyChecksums(input, ['plaintext', AAD]);
  const plaintext = required(input, 'plaintext');
  if (plaintext.length > MAX_PLAINTEXT_BYTES)
    throw invalid(`The plaintext field must be no larger than ${MAX_PLAINTEXT_BYTES} bytes.`);
  demandEnabled(version);
  const sealed = seal(name, plaintext, input.bytes[AAD] ?? NOTHING);
  const length = key.longIdentifier ? LONG_IDENTIFIER_BYTES : SHORT_IDENTIFIER_BYTES;
  const ciphertext = pack({ identifier: identifierOf(name, length), sealed });
  return {
    name,
    ciphertext,
    ciphertextCrc32c: String(crc32c(ciphertext)),
    verifiedPlaintextCrc32c: verified.includes('plaintext'),
    verifiedAdditionalAuthenticatedDataCrc32c: verified.includes(AAD),
    protectionLevel: protectionLevel(key),
  };
}

function toEncryptWith(name: string, keys: CloudKmsKeys, permission: Permission): KeyVersion {
  if (name.includes('/cryptoKeyVersions/')) return keys.version(name, permission);
  const primary = primaryOf(keys.find(name, permission));
  if (primary !== undefined) return primary;
  throw new StatusError('FAILED_PRECONDITION', `${name} has no primary version.`);
}

function getCryptoKey({ name }: Input, { keys, principal }: Context): Output {
  const key = keys.find(name, 'cloudkms.cryptoKeys.get');
  demandPermission(key, 'cloudkms.cryptoKeys.get', principal, name);
  const primary = primaryOf(key);
  return {
    name,
    ...(primary && { primary: describe(primary) }),
    purpose: 'ENCRYPT_DECRYPT',
    createTime: CREATED,
    versionTemplate: { protectionLevel: protectionLevel(key), algorithm: ALGORITHM },
    destroyScheduledDuration: '2592000s',
  };
}

function getCryptoKeyVersion({ name }: Input, { keys, principal }: Context): Output {
  const version = keys.version(name);
  demandPermission(version.key, 'cloudkms.cryptoKeyVersions.get', principal, name);
  return describe(version);
}

function describe({ key, name, state }: KeyVersion): Output {
  return {
    name,
    state,
    createTime: CREATED,
    protectionLevel: protectionLevel(key),
    algorithm: ALGORITHM,
    generateTime: CREATED,
    ...(state === 'DESTROY_SCHEDULED' && { destroyTime: '2100-01-01T00:00:00Z' }),
    ...(state === 'DESTROYED' && { destroyTime: CREATED, destroyEventTime: CREATED }),
  };
}

/** Those that were given and are right; https://docs.cloud.google.com/kms/docs/data-integrity-guidelines */
function verifyChecksums({ bytes, checksums }: Input, fields: readonly string[]): string[] {
  return fields.filter((field) => {
    const given = checksums[`${field}Crc32c`];
    if (given === undefined) return false;
    if (given === String(crc32c(bytes[field] ?? NOTHING))) return true;
    const name = snakeCase(field);
    throw invalid(`The checksum in field ${name}_crc32c did not match the data in field ${name}.`);
  });
}

function required({ bytes }: Input, field: string): Buffer {
  const value = bytes[field];
  if (value === undefined || (field === 'ciphertext' && value.length === 0))
    throw invalid(`The ${snakeCase(field)} field is required.`);
  return value;
}

function protectionLevel(key: CloudKmsKey): string {
  return key.protectionLevel ?? 'SOFTWARE';
}

/** Google does not say what about it is wrong: changed bytes or other additional data. */
function invalidCiphertext(): StatusError {
  return invalid('Decryption failed: the ciphertext is invalid.');
}

function invalid(message: string): StatusError {
  return new StatusError('INVALID_ARGUMENT', message);
}

function snakeCase(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
