/**
 * Keys of Cloud KMS: one POST, and the official SDK for what the small client does not know.
 * https://docs.cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys/decrypt
 */

import { type GoogleClient, readAnswer } from '../gcp/client.ts';
import { googleUrl, isDefaultUniverse } from '../gcp/endpoint.ts';
import { retry } from '../net/retry.ts';
import { toBase64 } from '../system/bytes.ts';
import { crc32c } from '../system/crc.ts';
import {
  type CloudKmsCiphertext,
  checkName,
  checkPlaintext,
  type DecryptAnswer,
  explainDecrypt,
} from './cloud-kms-answers.ts';

export interface CloudKmsKey {
  readonly kind: 'cloud-kms';
  /** `projects/…/locations/…/keyRings/…/cryptoKeys/…`, with or without a version. */
  readonly key: string;
}

export interface CloudKmsWrappedKey extends CloudKmsKey {
  readonly wrapped: Uint8Array;
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
    ciphertext: toBase64(ciphertext),
    ciphertextCrc32c: String(crc32c(ciphertext)),
    ...(additionalData === undefined
      ? {}
      : {
          additionalAuthenticatedData: toBase64(additionalData),
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
