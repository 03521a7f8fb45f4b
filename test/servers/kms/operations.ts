/** https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html */

import { randomBytes } from 'node:crypto';
import type { AccessKey } from '../aws/access-keys.ts';
import { accountOf, KmsError, type KmsKey, type KmsKeys, open, seal } from '../aws/kms-keys.ts';
import { pack, unpack } from './ciphertext.ts';

export interface Context {
  readonly kmsKeys: KmsKeys;
  readonly region: string;
  readonly caller: AccessKey;
}

type Input = Readonly<Record<string, unknown>>;

export const OPERATIONS: Readonly<Record<string, (input: Input, context: Context) => object>> = {
  DescribeKey: describeKey,
  Encrypt: encrypt,
  Decrypt: decrypt,
  GenerateDataKey: generateDataKey,
};

const AES_256_BYTES = 32;

function describeKey({ KeyId }: Input, { kmsKeys, region, caller }: Context): object {
  return { KeyMetadata: metadata(kmsKeys.use('kms:DescribeKey', String(KeyId), region, caller)) };
}

function metadata({ arn, state = 'Enabled' }: KmsKey): object {
  return {
    AWSAccountId: accountOf(arn),
    Arn: arn,
    KeyId: arn.split('key/')[1],
    Enabled: state === 'Enabled',
    KeyState: state,
    KeyUsage: 'ENCRYPT_DECRYPT',
    KeySpec: 'SYMMETRIC_DEFAULT',
    CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
    EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
    KeyManager: 'CUSTOMER',
    Origin: 'AWS_KMS',
    MultiRegion: false,
    CreationDate: 1_577_836_800,
    Description: '',
    ...(state === 'PendingDeletion' && { DeletionDate: 4_102_444_800 }),
  };
}

function encrypt(input: Input, { kmsKeys, region, caller }: Context): object {
  const key = kmsKeys.use('kms:Encrypt', String(input.KeyId), region, caller);
  const plaintext = Buffer.from(String(input.Plaintext), 'base64');
  return {
    CiphertextBlob: wrap(key, plaintext, input),
    KeyId: key.arn,
    EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
  };
}

function generateDataKey(input: Input, { kmsKeys, region, caller }: Context): object {
  const key = kmsKeys.use('kms:GenerateDataKey', String(input.KeyId), region, caller);
  const bytes = typeof input.NumberOfBytes === 'number' ? input.NumberOfBytes : AES_256_BYTES;
  const plaintext = randomBytes(input.KeySpec === 'AES_128' ? AES_256_BYTES / 2 : bytes);
  return {
    CiphertextBlob: wrap(key, plaintext, input),
    Plaintext: plaintext.toString('base64'),
    KeyId: key.arn,
  };
}

/** The blob says which key made it; a KeyId that is given must be that one. */
function decrypt(input: Input, { kmsKeys, region, caller }: Context): object {
  const blob = unpack(Buffer.from(String(input.CiphertextBlob), 'base64'));
  if (blob === undefined) throw new KmsError('InvalidCiphertextException', '');
  const key = kmsKeys.use('kms:Decrypt', blob.keyArn, region, caller);
  const named =
    input.KeyId === undefined ? key : kmsKeys.use('kms:Decrypt', String(input.KeyId), region, caller);
  if (named.arn !== key.arn)
    throw new KmsError(
      'IncorrectKeyException',
      'The key ID in the request does not identify a CMK that can perform this operation.',
    );
  const plaintext = open(key, blob.sealed, encryptionContext(input));
  return {
    Plaintext: plaintext.toString('base64'),
    KeyId: key.arn,
    EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
  };
}

function wrap(key: KmsKey, plaintext: Buffer, input: Input): string {
  return pack({ keyArn: key.arn, sealed: seal(key, plaintext, encryptionContext(input)) }).toString('base64');
}

/** The order of the pairs does not count. */
function encryptionContext({ EncryptionContext = {} }: Input): string {
  return JSON.stringify(Object.entries(EncryptionContext as object).sort(([a], [b]) => (a < b ? -1 : 1)));
}
