/**
 * The mirror of `cloud-kms.ts`, which is loaded at startup: this one is for sealing.
 * https://docs.cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys/encrypt
 */

import { type GoogleClient, readAnswer } from '../gcp/client.ts';
import { googleUrl, isDefaultUniverse } from '../gcp/endpoint.ts';
import { retry } from '../net/retry.ts';
import { toBase64 } from '../system/bytes.ts';
import { crc32c } from '../system/crc.ts';
import { checkName } from './cloud-kms-answers.ts';
import {
  type CloudKmsPlaintext,
  checkCiphertext,
  type EncryptAnswer,
  explainEncrypt,
} from './cloud-kms-encrypt-answers.ts';

/** Throws `key_unavailable` for a key that cannot encrypt, `corrupt` for what was changed in transit. */
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
  const body = JSON.stringify({ plaintext: toBase64(plaintext), plaintextCrc32c: String(crc32c(plaintext)) });
  return await retry(async () => {
    const response = await client.send({ method: 'POST', url, body });
    const answer = await readAnswer(response, client.deadline.signal);
    if (answer.status !== 200) throw explainEncrypt(input, answer);
    return checkCiphertext(answer.body as EncryptAnswer, input);
  }, client.deadline);
}
