/** Cloud KMS through the official SDK, over REST: the same contract, the same errors as `cloud-kms.ts`. */
// The package itself brings the clients of four other services along.
import { KeyManagementServiceClient } from '@google-cloud/kms/build/src/v1/key_management_service_client.js';
import { OAuth2Client } from 'google-auth-library';
import { EnvsealError } from '../errors.ts';
import type { GoogleClient } from '../gcp/client.ts';
import { googleEndpoint, universeOf } from '../gcp/endpoint.ts';
import { prepareSdkNetwork } from '../gcp/sdk-network.ts';
import type { GoogleRefusal } from '../gcp/service-errors.ts';
import { withDeadline } from '../net/deadline.ts';
import { retry } from '../net/retry.ts';
import { crc32c } from '../system/crc.ts';
import { type CloudKmsCiphertext, checkName, checkPlaintext, explainDecrypt } from './cloud-kms-answers.ts';
import { type CloudKmsPlaintext, checkCiphertext, explainEncrypt } from './cloud-kms-encrypt-answers.ts';

export async function decryptThroughSdk(
  input: CloudKmsCiphertext,
  client: GoogleClient,
): Promise<Uint8Array> {
  const sdk = await makeSdk(client);
  const { ciphertext, additionalData } = input;
  const request = {
    name: checkName(input),
    ciphertext,
    ciphertextCrc32c: { value: crc32c(ciphertext) },
    ...(additionalData === undefined
      ? {}
      : {
          additionalAuthenticatedData: additionalData,
          additionalAuthenticatedDataCrc32c: { value: crc32c(additionalData) },
        }),
  };
  return await attempt(
    client,
    (refusal) => explainDecrypt(input, refusal),
    async (options) => {
      const [answer] = await sdk.decrypt(request, options);
      const plaintext = base64Of(answer.plaintext);
      const checksum = answer.plaintextCrc32c?.value;
      return checkPlaintext({ plaintext, plaintextCrc32c: String(checksum ?? 0) }, input);
    },
  );
}

export async function encryptThroughSdk(input: CloudKmsPlaintext, client: GoogleClient): Promise<Uint8Array> {
  checkName(input);
  const sdk = await makeSdk(client);
  const { plaintext, key: name } = input;
  const request = { name, plaintext, plaintextCrc32c: { value: crc32c(plaintext) } };
  return await attempt(
    client,
    (refusal) => explainEncrypt(input, refusal),
    async (options) => {
      const [answer] = await sdk.encrypt(request, options);
      return checkCiphertext(
        {
          ciphertext: base64Of(answer.ciphertext),
          ciphertextCrc32c: String(answer.ciphertextCrc32c?.value ?? 0),
          verifiedPlaintextCrc32c: answer.verifiedPlaintextCrc32c === true,
        },
        input,
      );
    },
  );
}

async function makeSdk(client: GoogleClient): Promise<KeyManagementServiceClient> {
  const endpoint = googleEndpoint('cloudkms', client.variables);
  await prepareSdkNetwork(endpoint, client.variables, client.http);
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: (await client.token()).token.reveal() });
  return new KeyManagementServiceClient({
    apiEndpoint: endpoint.hostname,
    port: Number(endpoint.port || (endpoint.protocol === 'https:' ? 443 : 80)),
    protocol: endpoint.protocol.slice(0, -1),
    fallback: true,
    authClient,
    projectId: 'none',
    ...(client.variables.CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS
      ? {}
      : { universeDomain: universeOf(client.variables) }),
  } as ConstructorParameters<typeof KeyManagementServiceClient>[0]);
}

type Explain = (refusal: Pick<GoogleRefusal, 'status' | 'headers' | 'body'>) => EnvsealError;

/** How much later than ours the SDK's own deadline is, in milliseconds: ours is the one that explains itself. */
const LATER_MS = 100;

/** Our retry knows the deadline, so the SDK has none. */
async function attempt<T>(
  client: GoogleClient,
  explain: Explain,
  call: (options: { readonly retry: null; readonly timeout: number }) => Promise<T>,
): Promise<T> {
  return await retry(async () => {
    try {
      const timeout = client.deadline.remainingMs() + LATER_MS;
      return await withDeadline(call({ retry: null, timeout }), client.deadline);
    } catch (error) {
      throw explainSdk(error, explain, client);
    }
  }, client.deadline);
}

function base64Of(bytes: Uint8Array | string | null | undefined): string {
  return Buffer.from((bytes ?? '') as Uint8Array).toString('base64');
}

/** What `google-gax` throws: a status of gRPC, and its details decoded. */
interface GaxError {
  readonly code?: unknown;
  readonly message?: string;
  readonly statusDetails?: unknown;
  readonly reason?: string;
  readonly errorInfoMetadata?: unknown;
}

/** https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto */
const STATUSES: Readonly<Record<number, readonly [name: string, http: number]>> = {
  3: ['INVALID_ARGUMENT', 400],
  4: ['DEADLINE_EXCEEDED', 504],
  5: ['NOT_FOUND', 404],
  7: ['PERMISSION_DENIED', 403],
  8: ['RESOURCE_EXHAUSTED', 429],
  9: ['FAILED_PRECONDITION', 400],
  13: ['INTERNAL', 500],
  14: ['UNAVAILABLE', 503],
  16: ['UNAUTHENTICATED', 401],
};

function explainSdk(error: unknown, explain: Explain, client: GoogleClient): unknown {
  if (client.deadline.signal.aborted) return client.deadline.signal.reason;
  if (error instanceof EnvsealError) return error;
  const { code, message, statusDetails, reason, errorInfoMetadata } = error as GaxError;
  const [status, http] = (typeof code === 'number' ? STATUSES[code] : undefined) ?? [];
  if (status === undefined || http === undefined) {
    return new EnvsealError('unreachable', 'cannot reach Cloud KMS', {
      hint: 'check the endpoint, the network policy and HTTPS_PROXY, NO_PROXY',
      cause: error,
      retryable: true,
    });
  }
  const info = reason === undefined ? [] : [{ reason, metadata: errorInfoMetadata }];
  const details = [...(Array.isArray(statusDetails) ? statusDetails : []), ...info];
  // gax puts the number and the name of the status before the message.
  const text = (message ?? '').replace(/^\d+ [A-Z_]+: /, '');
  const body = { error: { status, message: text, details } };
  return explain({ status: http, headers: new Headers(), body });
}
