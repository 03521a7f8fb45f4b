/** Cloud KMS through the official SDK, over REST: the same contract, the same errors as `cloud-kms.ts`. */
// The package itself brings the clients of four other services along.
import { KeyManagementServiceClient } from '@google-cloud/kms/build/src/v1/key_management_service_client.js';
import { OAuth2Client } from 'google-auth-library';
import { EnvsealError } from '../errors.ts';
import { googleEndpoint, universeOf } from '../gcp/endpoint.ts';
import type { GoogleClient } from '../gcp/google-client.ts';
import { prepareSdkNetwork } from '../gcp/sdk-network.ts';
import { withDeadline } from '../net/deadline.ts';
import { retry } from '../net/retry.ts';
import { crc32c } from '../store/checksum.ts';
import { type CloudKmsCiphertext, checkName, checkPlaintext, explainDecrypt } from './cloud-kms.ts';

export async function decryptThroughSdk(
  input: CloudKmsCiphertext,
  client: GoogleClient,
): Promise<Uint8Array> {
  const endpoint = googleEndpoint('cloudkms', client.variables);
  await prepareSdkNetwork(endpoint, client.variables, client.http);
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: (await client.token()).token.reveal() });
  const sdk = new KeyManagementServiceClient({
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
  return await retry(async () => {
    try {
      // Our retry knows the deadline.
      const [answer] = await withDeadline(
        sdk.decrypt(request, { retry: null, timeout: client.deadline.remainingMs() }),
        client.deadline,
      );
      const plaintext = Buffer.from((answer.plaintext ?? '') as Uint8Array).toString('base64');
      const checksum = answer.plaintextCrc32c?.value;
      return checkPlaintext({ plaintext, plaintextCrc32c: String(checksum ?? 0) }, input);
    } catch (error) {
      throw explain(error, input, client);
    }
  }, client.deadline);
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

function explain(error: unknown, input: CloudKmsCiphertext, client: GoogleClient): unknown {
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
  return explainDecrypt(input, { status: http, headers: new Headers(), body });
}
