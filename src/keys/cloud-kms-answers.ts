/** A decryption by Cloud KMS, whichever client asks for it: its input, and what the answers mean. */
import { EnvsealError } from '../errors.ts';
import { explainGoogleRefusal, type GoogleRefusal } from '../gcp/service-errors.ts';
import { crc32c } from '../system/crc.ts';
import { isCloudKmsKey, withoutVersion } from './cloud-key-name.ts';

export interface CloudKmsCiphertext {
  readonly ciphertext: Uint8Array;
  /** Additional authenticated data; most callers of KMS have none. */
  readonly additionalData?: Uint8Array;
  /** With or without a version: the ciphertext says which one. */
  readonly key: string;
  /** What it is, for people. */
  readonly subject: string;
}

/** What both ways send and get, as JSON has it. */
export interface DecryptAnswer {
  /** Base64; left out where it is empty. */
  readonly plaintext?: string;
  readonly plaintextCrc32c?: string;
}

/** https://docs.cloud.google.com/kms/docs/data-integrity-guidelines */
export function checkPlaintext(answer: DecryptAnswer, { subject }: CloudKmsCiphertext): Uint8Array {
  if (typeof (answer.plaintext ?? '') !== 'string') {
    throw new EnvsealError('unreachable', 'Cloud KMS answered without a plaintext', {
      hint: 'check CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS: the server there is not Cloud KMS',
    });
  }
  const plaintext = Buffer.from(answer.plaintext ?? '', 'base64');
  if (answer.plaintextCrc32c === String(crc32c(plaintext))) return plaintext;
  throw new EnvsealError('corrupt', `the plaintext of ${subject} was changed in transit from Cloud KMS`, {
    hint: 'try again; if it persists, check for a proxy or gateway in between',
  });
}

export function explainDecrypt(
  { key, subject }: CloudKmsCiphertext,
  answer: Pick<GoogleRefusal, 'status' | 'headers' | 'body'>,
): EnvsealError {
  const { status, message } = (answer.body.error ?? {}) as { status?: unknown; message?: unknown };
  if (status === 'INVALID_ARGUMENT') {
    // Google has one code for both.
    const isOtherKey = typeof message === 'string' && /refers to the correct CryptoKey/.test(message);
    if (isOtherKey) {
      return new EnvsealError('wrong_key', `${subject} is not sealed with ${key}`, {
        hint: 'check --kms-key; someone may have replaced the file or its key',
      });
    }
    return new EnvsealError(
      'corrupt',
      `Cloud KMS cannot open ${subject} with ${key}: changed bytes, or sealed for another name`,
      { hint: 'seal it again, with this key and for this location' },
    );
  }
  const permission = 'cloudkms.cryptoKeyVersions.useToDecrypt';
  return explainGoogleRefusal({ ...answer, permission, resource: key, subject });
}

/** Names come from a file, too: nothing in one may lead to another path. */
export function checkName({ key, subject }: Pick<CloudKmsCiphertext, 'key' | 'subject'>): string {
  if (isCloudKmsKey(key)) return withoutVersion(key);
  throw new EnvsealError('malformed', `the Cloud KMS key of ${subject} has an invalid name`, {
    hint: 'use projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY',
  });
}
