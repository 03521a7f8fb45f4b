/**
 * Keys of Cloud KMS: one POST, and the official SDK for what the small client does not know.
 * https://docs.cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys/decrypt
 */
import { EnvsealError } from '../errors.ts';
import { type GoogleClient, readAnswer } from '../gcp/client.ts';
import { googleUrl, isDefaultUniverse } from '../gcp/endpoint.ts';
import { explainGoogleRefusal, type GoogleRefusal } from '../gcp/service-errors.ts';
import { retry } from '../net/retry.ts';
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

/** Throws `corrupt` for changed bytes or other additional data, `wrong_key` for a ciphertext of another key. */
export async function decryptWithCloudKms(
  input: CloudKmsCiphertext,
  client: GoogleClient,
): Promise<Uint8Array> {
  if (isDefaultUniverse(client.variables)) return await decryptDirectly(input, client);
  const { decryptThroughSdk } = await import('./cloud-kms-sdk.ts');
  return await decryptThroughSdk(input, client);
}

export async function decryptDirectly(input: CloudKmsCiphertext, client: GoogleClient): Promise<Uint8Array> {
  const { ciphertext, additionalData } = input;
  const url = googleUrl('cloudkms', `${checkName(input)}:decrypt`, client.variables);
  const body = JSON.stringify({
    ciphertext: base64(ciphertext),
    ciphertextCrc32c: String(crc32c(ciphertext)),
    ...(additionalData === undefined
      ? {}
      : {
          additionalAuthenticatedData: base64(additionalData),
          additionalAuthenticatedDataCrc32c: String(crc32c(additionalData)),
        }),
  });
  return await retry(async () => {
    const response = await client.send({ method: 'POST', url, body });
    const answer = await readAnswer(response, client.deadline.signal);
    if (answer.status !== 200) throw explainDecrypt(input, answer);
    return checkPlaintext(answer.body as DecryptAnswer, input);
  }, client.deadline);
}

/** https://docs.cloud.google.com/kms/docs/data-integrity-guidelines */
export function checkPlaintext(answer: DecryptAnswer, { subject }: CloudKmsCiphertext): Uint8Array {
  if (typeof (answer.plaintext ?? '') !== 'string') {
    throw new EnvsealError('unreachable', 'Cloud KMS answered without a plaintext', {
      hint: 'check CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS: what answers there is not Cloud KMS',
    });
  }
  const plaintext = Buffer.from(answer.plaintext ?? '', 'base64');
  if (answer.plaintextCrc32c === String(crc32c(plaintext))) return plaintext;
  throw new EnvsealError('corrupt', `the plaintext of ${subject} was changed on its way from Cloud KMS`, {
    hint: 'try again; if it stays, look at what is between here and Cloud KMS',
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
      { hint: 'seal it again, with this key and for this place' },
    );
  }
  const permission = 'cloudkms.cryptoKeyVersions.useToDecrypt';
  return explainGoogleRefusal({ ...answer, permission, resource: key, subject });
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** Names come from a file, too: nothing in one may lead to another path. */
export function checkName({ key, subject }: Pick<CloudKmsCiphertext, 'key' | 'subject'>): string {
  if (isCloudKmsKey(key)) return withoutVersion(key);
  throw new EnvsealError('malformed', `the Cloud KMS key of ${subject} has no name of a key`, {
    hint: 'it is projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY',
  });
}
