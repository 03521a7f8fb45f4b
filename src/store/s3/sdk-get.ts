/** S3 through the official SDK, for what `endpoint.ts` does not cover. The same contract, the same errors. */
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import type { AwsClient } from '../../aws/client.ts';
import { EnvsealError } from '../../errors.ts';
import { MAX_SOURCE_BYTES } from '../../limits-and-defaults.ts';
import { readChunks, tooLarge } from '../../net/http.ts';
import { retry } from '../../net/retry.ts';
import type { S3Source } from '../../source-uri.ts';
import type { FetchedObject } from '../object.ts';
import type { S3Access } from './access.ts';
import { refuseEncoded, sealingOf } from './answer.ts';
import type { S3EndpointOptions } from './endpoint.ts';
import { ask, explain, makeSdkClient, requestIdsOf } from './sdk-client.ts';
import { describe } from './service-errors.ts';

export async function fetchThroughSdk(
  source: S3Source,
  plan: S3EndpointOptions,
  client: AwsClient,
): Promise<FetchedObject> {
  const s3 = await makeSdkClient(plan, client, source.bucket.startsWith('arn:'));
  const { region, endpoint } = plan;
  return (await getObject(source, { s3, client, region, endpoint })).object;
}

/** The object, and what else S3 says of it. */
export interface S3Object {
  readonly object: FetchedObject;
  readonly answer: GetObjectCommandOutput;
}

export async function getObject(source: S3Source, { s3, client, region }: S3Access): Promise<S3Object> {
  const { GetObjectCommand } = await import('./sdk-commands.ts');
  const command = new GetObjectCommand({
    Bucket: source.bucket,
    Key: source.key,
    ...(source.versionId === undefined ? {} : { VersionId: source.versionId }),
    ChecksumMode: 'ENABLED',
  });
  return await retry(async (attempts) => {
    const answer = await ask((options) => s3.send(command, options), client).catch((error: unknown) => {
      throw explain(error, describe(source, region), client);
    });
    refuseEncoded(answer.ContentEncoding);
    const bytes = await readAll(answer.Body as Body, answer.ContentLength).catch((error: unknown) => {
      if (client.deadline.signal.aborted) throw client.deadline.signal.reason;
      throw error instanceof EnvsealError ? error : corrupt(error);
    });
    return { object: { ...toObject(answer), bytes, attempts }, answer };
  }, client.deadline);
}

function toObject(answer: GetObjectCommandOutput): Omit<FetchedObject, 'bytes' | 'attempts'> {
  return {
    sealing: sealingOf(answer.ServerSideEncryption, answer.SSEKMSKeyId),
    version: answer.VersionId,
    namedKey: answer.Metadata?.['kms-key'],
    requestIds: requestIdsOf(answer),
  };
}

type Body = AsyncIterable<Uint8Array> | undefined;

async function readAll(body: Body, announced: number | undefined): Promise<Uint8Array> {
  if ((announced ?? 0) > MAX_SOURCE_BYTES) throw tooLarge(MAX_SOURCE_BYTES);
  const bytes = await readChunks(body ?? [], MAX_SOURCE_BYTES);
  if (announced !== undefined && bytes.length !== announced) throw corrupt();
  return bytes;
}

function corrupt(cause?: unknown): EnvsealError {
  return new EnvsealError('corrupt', 'the source was cut short or changed in transit', {
    hint: 'try again; if it persists, look for a proxy or gateway that breaks the connection',
    cause,
  });
}
