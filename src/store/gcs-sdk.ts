/** Cloud Storage through the official SDK, for what `gcs.ts` does not know. The same contract, the same errors. */
import { Storage } from '@google-cloud/storage';
import { OAuth2Client } from 'google-auth-library';
import { EnvsealError } from '../errors.ts';
import { googleEndpoint, universeOf } from '../gcp/endpoint.ts';
import type { GoogleClient } from '../gcp/google-client.ts';
import { explainGoogleRefusal } from '../gcp/refusal.ts';
import { prepareSdkNetwork } from '../gcp/sdk-network.ts';
import { MAX_SOURCE_BYTES } from '../limits.ts';
import { withDeadline } from '../net/deadline.ts';
import { isTlsFailure, readChunks, tooLarge } from '../net/http.ts';
import { retry } from '../net/retry.ts';
import {
  damaged,
  describe,
  type ObjectResource,
  refuseEncoded,
  replaced,
  toObject,
  WRONG_CHECKSUM,
} from './gcs.ts';
import type { GcsSource } from './source.ts';
import type { FetchedObject } from './store.ts';

export async function fetchThroughSdk(source: GcsSource, client: GoogleClient): Promise<FetchedObject> {
  const storage = new Storage(await options(client));
  // It takes STORAGE_EMULATOR_HOST from the process as it is, without scheme and path.
  storage.baseUrl = `${storage.apiEndpoint}/storage/v1`;
  const bucket = storage.bucket(source.bucket);
  const file = (generation: string | undefined) =>
    bucket.file(source.object, generation === undefined ? {} : { generation });
  return await retry(async (attempts) => {
    try {
      const [resource] = await withDeadline(file(source.generation).getMetadata(), client.deadline);
      const { size = 0, contentEncoding, generation } = resource as ObjectResource & Sized;
      refuseEncoded(contentEncoding);
      if (Number(size) > MAX_SOURCE_BYTES) throw tooLarge(MAX_SOURCE_BYTES);
      // The bytes of what was described, whatever was stored since.
      const stream = file(generation === undefined ? source.generation : String(generation)).createReadStream(
        {
          validation: 'crc32c',
          decompress: false,
        },
      );
      const bytes = await withDeadline(readChunks(stream, MAX_SOURCE_BYTES), client.deadline).catch(
        (error: unknown) => {
          // It was there a moment ago.
          if ((error as SdkError).code === 404) throw replaced(error);
          throw error;
        },
      );
      return { ...toObject(resource as ObjectResource), bytes, requestIds: [], attempts };
    } catch (error) {
      throw explain(error, source, client);
    }
  }, client.deadline);
}

interface Sized {
  readonly size?: string | number;
  readonly contentEncoding?: string;
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
  return new EnvsealError('configuration', 'STORAGE_EMULATOR_HOST is no URL', {
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
interface SdkError {
  readonly code?: unknown;
  readonly errors?: unknown;
  readonly message?: string;
  readonly response?: { readonly headers?: unknown };
}

function explain(error: unknown, source: GcsSource, client: GoogleClient): unknown {
  if (client.deadline.signal.aborted) return client.deadline.signal.reason;
  if (error instanceof EnvsealError) return error;
  const { code, errors, message, response } = error as SdkError;
  if (typeof code === 'number') {
    const headers = new Headers(response?.headers as ConstructorParameters<typeof Headers>[0]);
    // Of a stream, the message is the whole body.
    const body = parseJson(message ?? '') ?? { error: { message, errors } };
    return explainGoogleRefusal({ status: code, headers, body, ...describe(source) });
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
