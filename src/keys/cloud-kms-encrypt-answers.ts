/** The mirror of `cloud-kms-answers.ts`: an encryption, its input and what the answers mean. */
import { EnvsealError } from '../errors.ts';
import { explainGoogleRefusal, type GoogleRefusal } from '../gcp/service-errors.ts';
import { crc32c } from '../system/crc.ts';

export interface CloudKmsPlaintext {
  readonly plaintext: Uint8Array;
  /** Without a version its primary one encrypts. */
  readonly key: string;
  /** What it is, for people. */
  readonly subject: string;
}

/** What both ways get, as JSON has it. */
export interface EncryptAnswer {
  readonly ciphertext?: string;
  readonly ciphertextCrc32c?: string;
  /** Left out if false: what arrived was not checked. */
  readonly verifiedPlaintextCrc32c?: boolean;
}

/** https://docs.cloud.google.com/kms/docs/data-integrity-guidelines */
export function checkCiphertext(answer: EncryptAnswer, { subject }: CloudKmsPlaintext): Uint8Array {
  if (typeof answer.ciphertext !== 'string' || answer.ciphertext === '') {
    throw new EnvsealError('unreachable', 'Cloud KMS answered without a ciphertext', {
      hint: 'check CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS: the server there is not Cloud KMS',
    });
  }
  const ciphertext = Buffer.from(answer.ciphertext, 'base64');
  const isWhole = answer.ciphertextCrc32c === String(crc32c(ciphertext));
  if (isWhole && answer.verifiedPlaintextCrc32c === true) return ciphertext;
  throw new EnvsealError(
    'corrupt',
    `${subject} was changed in transit ${isWhole ? 'to' : 'from'} Cloud KMS`,
    {
      hint: 'try again; if it persists, check for a proxy or gateway in between',
    },
  );
}

export function explainEncrypt(
  { key, subject }: CloudKmsPlaintext,
  answer: Pick<GoogleRefusal, 'status' | 'headers' | 'body'>,
): EnvsealError {
  const { status, message } = (answer.body.error ?? {}) as { status?: unknown; message?: unknown };
  const says = typeof message === 'string' ? message : '';
  if (status === 'INVALID_ARGUMENT' && /_crc32c did not match/.test(says)) {
    return new EnvsealError('corrupt', `${subject} was changed in transit to Cloud KMS`, {
      hint: 'try again; if it persists, check for a proxy or gateway in between',
    });
  }
  // A key to sign with, or without a version that may be used.
  if (
    status === 'INVALID_ARGUMENT' ||
    (status === 'FAILED_PRECONDITION' && /purpose|primary version/i.test(says))
  ) {
    return new EnvsealError('key_unavailable', `the Cloud KMS key ${key} cannot encrypt`, {
      hint: 'use a symmetric key (purpose ENCRYPT_DECRYPT) whose primary version is enabled',
    });
  }
  const permission = 'cloudkms.cryptoKeyVersions.useToEncrypt';
  return explainGoogleRefusal({ ...answer, permission, resource: key, subject });
}
