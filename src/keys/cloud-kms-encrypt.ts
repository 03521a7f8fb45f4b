/**
 * The mirror of `cloud-kms.ts`, which a start loads: this is for who seals.
 * https://docs.cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys/encrypt
 */
import { EnvsealError } from '../errors.ts';
import { type GoogleClient, readAnswer } from '../gcp/client.ts';
import { googleUrl, isDefaultUniverse } from '../gcp/endpoint.ts';
import { explainGoogleRefusal, type GoogleRefusal } from '../gcp/service-errors.ts';
import { retry } from '../net/retry.ts';
import { crc32c } from '../system/crc.ts';
import { base64, checkName } from './cloud-kms.ts';

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
  /** Left out where it is false: nobody checked what arrived. */
  readonly verifiedPlaintextCrc32c?: boolean;
}

/** Throws `key_unavailable` for a key that cannot encrypt, `corrupt` for what was changed on its way. */
export async function encryptWithCloudKms(
  input: CloudKmsPlaintext,
  client: GoogleClient,
): Promise<Uint8Array> {
  if (isDefaultUniverse(client.variables)) return await encryptDirectly(input, client);
  const { encryptThroughSdk } = await import('./cloud-kms-sdk.ts');
  return await encryptThroughSdk(input, client);
}

export async function encryptDirectly(input: CloudKmsPlaintext, client: GoogleClient): Promise<Uint8Array> {
  checkName(input);
  const { plaintext, key } = input;
  const url = googleUrl('cloudkms', `${key}:encrypt`, client.variables);
  const body = JSON.stringify({ plaintext: base64(plaintext), plaintextCrc32c: String(crc32c(plaintext)) });
  return await retry(async () => {
    const response = await client.send({ method: 'POST', url, body });
    const answer = await readAnswer(response, client.deadline.signal);
    if (answer.status !== 200) throw explainEncrypt(input, answer);
    return checkCiphertext(answer.body as EncryptAnswer, input);
  }, client.deadline);
}

/** https://docs.cloud.google.com/kms/docs/data-integrity-guidelines */
export function checkCiphertext(answer: EncryptAnswer, { subject }: CloudKmsPlaintext): Uint8Array {
  if (typeof answer.ciphertext !== 'string' || answer.ciphertext === '') {
    throw new EnvsealError('unreachable', 'Cloud KMS answered without a ciphertext', {
      hint: 'check CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS: what answers there is not Cloud KMS',
    });
  }
  const ciphertext = Buffer.from(answer.ciphertext, 'base64');
  const isWhole = answer.ciphertextCrc32c === String(crc32c(ciphertext));
  if (isWhole && answer.verifiedPlaintextCrc32c === true) return ciphertext;
  throw new EnvsealError(
    'corrupt',
    `${subject} was changed on its way ${isWhole ? 'to' : 'from'} Cloud KMS`,
    {
      hint: 'try again; if it stays, look at what is between here and Cloud KMS',
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
    return new EnvsealError('corrupt', `${subject} was changed on its way to Cloud KMS`, {
      hint: 'try again; if it stays, look at what is between here and Cloud KMS',
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
