/** The official SDK's client for Cloud Storage, and what its errors mean. Loaded only where it is needed. */
import { Storage } from '@google-cloud/storage';
import { OAuth2Client } from 'google-auth-library';
import { EnvsealError } from '../../errors.ts';
import type { GoogleClient } from '../../gcp/client.ts';
import { googleEndpoint, universeOf } from '../../gcp/endpoint.ts';
import { prepareSdkNetwork } from '../../gcp/sdk-network.ts';
import { explainGoogleRefusal, type GoogleRefusal } from '../../gcp/service-errors.ts';
import { withDeadline } from '../../net/deadline.ts';
import { retry } from '../../net/retry.ts';
import { isTlsFailure } from '../../net/unreachable.ts';
import { damaged, WRONG_CHECKSUM } from './answer.ts';

export async function makeSdkClient(client: GoogleClient): Promise<Storage> {
  const storage = new Storage(await options(client));
  // It takes STORAGE_EMULATOR_HOST from the process as it is, without scheme and path.
  storage.baseUrl = `${storage.apiEndpoint}/storage/v1`;
  return storage;
}

async function options({ variables, token, http }: GoogleClient) {
  const authClient = new OAuth2Client();
  const common = { projectId: 'none', retryOptions: { autoRetry: false } };
  const emulator = variables.STORAGE_EMULATOR_HOST;
  if (emulator) {
    const apiEndpoint = emulator.includes('://') ? emulator : `http://${emulator}`;
    if (!URL.canParse(apiEndpoint)) throw noUrl();
    await prepareSdkNetwork(new URL(apiEndpoint), variables, http);
    return { ...common, apiEndpoint, authClient };
  }
  const endpoint = googleEndpoint('storage', variables);
  await prepareSdkNetwork(endpoint, variables, http);
  authClient.setCredentials({ access_token: (await token()).token.reveal() });
  return {
    ...common,
    authClient,
    apiEndpoint: endpoint.href.replace(/\/$/, ''),
    universeDomain: universeOf(variables),
    useAuthWithCustomEndpoint: true,
  };
}

function noUrl(): EnvsealError {
  return new EnvsealError('configuration', 'invalid STORAGE_EMULATOR_HOST', {
    hint: 'use STORAGE_EMULATOR_HOST=http://127.0.0.1:PORT',
  });
}

function parseJson(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** `ApiError` for an answer, whatever the HTTP client throws for none. */
export interface SdkError {
  readonly code?: unknown;
  readonly errors?: unknown;
  readonly message?: string;
  readonly response?: { readonly headers?: unknown };
}

export type Subject = Pick<GoogleRefusal, 'subject' | 'permission' | 'resource'>;

/** As often as it takes. Throws an EnvsealError, or the deadline's reason. */
export async function request<T>(send: () => Promise<T>, subject: Subject, client: GoogleClient): Promise<T> {
  return await retry(
    () =>
      withDeadline(send(), client.deadline).catch((error: unknown) => {
        throw explain(error, subject, client);
      }),
    client.deadline,
  );
}

export function explain(error: unknown, subject: Subject, client: GoogleClient): unknown {
  if (client.deadline.signal.aborted) return client.deadline.signal.reason;
  if (error instanceof EnvsealError) return error;
  const { code, errors, message } = error as SdkError;
  if (typeof code === 'number') {
    const headers = headersOf(error as SdkError);
    // For a stream, the message is the whole body.
    const body = parseJson(message ?? '') ?? { error: { message, errors } };
    return explainGoogleRefusal({ status: code, headers, body, ...subject });
  }
  if (code === 'CONTENT_DOWNLOAD_MISMATCH') {
    return damaged(WRONG_CHECKSUM, error);
  }
  const reason = typeof code === 'string' && /^\w+$/.test(code) ? `: ${code}` : '';
  return new EnvsealError('unreachable', `cannot reach Cloud Storage${reason}`, {
    hint: 'check the endpoint, the network policy and HTTPS_PROXY, NO_PROXY',
    cause: error,
    retryable: !isTlsFailure(reason),
  });
}

export function headersOf({ response }: Pick<SdkError, 'response'>): Headers {
  return new Headers(response?.headers as ConstructorParameters<typeof Headers>[0]);
}
