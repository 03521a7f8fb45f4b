/** S3 through the official SDK, for what `s3-endpoint.ts` does not know. The same contract, the same errors. */
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import type { AwsClient } from '../aws/aws-client.ts';
import { explainRefusal } from '../aws/refusal.ts';
import type { S3EndpointOptions } from '../aws/s3-endpoint.ts';
import { SILENT } from '../aws/sdk-transport.ts';
import { EnvsealError } from '../errors.ts';
import { MAX_SOURCE_BYTES } from '../limits.ts';
import { readChunks, tooLarge } from '../net/http.ts';
import { retry } from '../net/retry.ts';
import { describe, refuseEncoded, sealingOf } from './s3.ts';
import type { S3Source } from './source.ts';
import type { FetchedObject } from './store.ts';

export async function fetchThroughSdk(
  source: S3Source,
  plan: S3EndpointOptions,
  client: AwsClient,
): Promise<FetchedObject> {
  const { GetObjectCommand, S3Client } = await import('@aws-sdk/client-s3');
  await import('@aws-sdk/signature-v4a');
  const s3 = new S3Client({
    region: plan.region,
    ...(plan.endpoint === undefined ? {} : { endpoint: plan.endpoint }),
    forcePathStyle:
      plan.addressingStyle === 'path' || (plan.addressingStyle === 'auto' && plan.endpoint !== undefined),
    useFipsEndpoint: plan.useFips,
    useDualstackEndpoint: plan.useDualStack,
    useArnRegion: true,
    followRegionRedirects: true,
    credentials: async () => {
      const { accessKeyId, secretAccessKey, sessionToken } = await client.credentials();
      const token = sessionToken === undefined ? {} : { sessionToken: sessionToken.reveal() };
      return { accessKeyId, secretAccessKey: secretAccessKey.reveal(), ...token };
    },
    requestHandler: client.transport as never,
    maxAttempts: 1,
    logger: SILENT,
  });
  const command = new GetObjectCommand({
    Bucket: source.bucket,
    Key: source.key,
    ...(source.versionId === undefined ? {} : { VersionId: source.versionId }),
    ChecksumMode: 'ENABLED',
  });
  // With a single attempt, the SDK takes the server's clock and leaves it to us to ask again.
  const send = (mayCorrect: boolean): Promise<GetObjectCommandOutput> =>
    s3.send(command, { abortSignal: client.deadline.signal }).catch((error: unknown) => {
      if (mayCorrect && (error as ServiceError).$metadata?.clockSkewCorrected) return send(false);
      throw explain(error, source, plan.region, client);
    });
  return await retry(async (attempts) => {
    const answer = await send(true);
    refuseEncoded(answer.ContentEncoding);
    return {
      bytes: await readAll(answer.Body as Body, answer.ContentLength).catch((error: unknown) => {
        if (client.deadline.signal.aborted) throw client.deadline.signal.reason;
        throw error instanceof EnvsealError ? error : corrupt(error);
      }),
      sealing: sealingOf(answer.ServerSideEncryption, answer.SSEKMSKeyId),
      version: answer.VersionId,
      namedKey: answer.Metadata?.['kms-key'],
      attempts,
      requestIds: [answer.$metadata.requestId, answer.$metadata.extendedRequestId].flatMap((id) => id ?? []),
    };
  }, client.deadline);
}

type Body = AsyncIterable<Uint8Array> | undefined;

async function readAll(body: Body, announced: number | undefined): Promise<Uint8Array> {
  if ((announced ?? 0) > MAX_SOURCE_BYTES) throw tooLarge(MAX_SOURCE_BYTES);
  const bytes = await readChunks(body ?? [], MAX_SOURCE_BYTES);
  if (announced !== undefined && bytes.length !== announced) throw corrupt();
  return bytes;
}

/** What the SDK's exceptions have in common. Without a status, the SDK itself refused to send. */
interface ServiceError {
  readonly name?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly clockSkewCorrected?: true };
  readonly $response?: { readonly headers?: Record<string, string> };
}

function explain(error: unknown, source: S3Source, region: string, client: AwsClient): unknown {
  if (client.deadline.signal.aborted) return client.deadline.signal.reason;
  if (error instanceof EnvsealError) return error;
  const { name = '', message = '', $metadata, $response } = error as ServiceError;
  const status = $metadata?.httpStatusCode;
  const subject = describe(source, region);
  if (status === undefined) {
    return new EnvsealError('configuration', `the SDK cannot ask for ${subject.subject}: ${name}`, {
      hint: 'check the ARN, the region and the FIPS and dual-stack settings',
      cause: error,
    });
  }
  const headers = new Headers($response?.headers ?? {});
  return explainRefusal({ status, code: name, message, headers, ...subject });
}

function corrupt(cause?: unknown): EnvsealError {
  return new EnvsealError('corrupt', 'the source was cut short or changed on its way', {
    hint: 'try again; if it stays, look for a proxy or gateway that breaks the connection',
    cause,
  });
}
