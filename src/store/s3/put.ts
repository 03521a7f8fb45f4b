/** Writes an object under a condition, and finds out what happened if the answer does not say. */
import type { PutObjectCommandInput, PutObjectCommandOutput } from '@aws-sdk/client-s3';
import { EnvsealError } from '../../errors.ts';
import { retry } from '../../net/retry.ts';
import type { S3Source } from '../../source-uri.ts';
import { isSealedAsAsked } from '../check-seal.ts';
import { conflict, type Winner } from '../conflict.ts';
import type { Attributes, SealAtRest, WriteOptions, Written } from '../contract.ts';
import { aboutObject, type S3Access } from './access.ts';
import { sealingOf } from './answer.ts';
import { type S3Conditions, unconditional } from './conditions.ts';
import { ask, codeOf, explain, requestIdsOf } from './sdk-client.ts';
import { getObject, type S3Object } from './sdk-get.ts';

export interface S3Write {
  readonly source: S3Source;
  readonly bytes: Uint8Array;
  readonly options: WriteOptions;
}

export async function putObject(
  write: S3Write,
  conditions: S3Conditions,
  access: S3Access,
): Promise<Written> {
  const { source, options } = write;
  const { s3, client } = access;
  const { PutObjectCommand } = await import('./sdk-commands.ts');
  await conditions.check(source, options.expected, sealInput(options.seal), access);
  let mayBeDone = false;
  return await retry(async function attempt(): Promise<Written> {
    const command = new PutObjectCommand(toInput(write, conditions, access));
    try {
      return toWritten(await ask((sending) => s3.send(command, sending), client));
    } catch (error) {
      const refused = codeOf(error);
      if (refused.status === 409) throw busy(source, error);
      if (isUnmet(refused, options)) {
        const found = await look(write, mayBeDone, access, error);
        if (found !== 'same') return found;
        if (!conditions.dropQuotes(source, access)) throw unconditional(source);
        return await attempt();
      }
      const explained = explain(error, aboutObject(source, access, 's3:PutObject'), client);
      mayBeDone ||= explained instanceof EnvsealError && explained.retryable;
      throw explained;
    }
  }, client.deadline);
}

function toInput(
  { source, bytes, options }: S3Write,
  conditions: S3Conditions,
  access: S3Access,
): PutObjectCommandInput {
  const { expected, seal, attributes } = options;
  return {
    Bucket: source.bucket,
    Key: source.key,
    Body: bytes,
    // Named, because the SDK's own default can be turned off from outside.
    ChecksumAlgorithm: 'CRC32',
    ...sealInput(seal),
    ...attributeInput(attributes),
    ...(expected === 'nothing' ? { IfNoneMatch: '*' } : {}),
    ...(typeof expected === 'object' ? { IfMatch: conditions.etag(source, expected.revision, access) } : {}),
  };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/specifying-kms-encryption.html */
function sealInput(seal: SealAtRest): Partial<PutObjectCommandInput> {
  if (seal.kind !== 'sse-kms') return {};
  const key = seal.key === undefined ? {} : { SSEKMSKeyId: seal.key };
  if (seal.isDual) return { ServerSideEncryption: 'aws:kms:dsse', ...key };
  return { ServerSideEncryption: 'aws:kms', BucketKeyEnabled: true, ...key };
}

function attributeInput({ contentType, metadata, tags }: Attributes): Partial<PutObjectCommandInput> {
  return {
    ...(contentType === undefined ? {} : { ContentType: contentType }),
    ...(Object.keys(metadata).length === 0 ? {} : { Metadata: metadata }),
    ...(Object.keys(tags).length === 0 ? {} : { Tagging: formatTags(tags) }),
  };
}

/** As in a query. A space is `%20`: Ceph takes a plus for itself. */
function formatTags(tags: Attributes['tags']): string {
  const pairs = Object.entries(tags).map((pair) => pair.map(encodeURIComponent).join('='));
  return pairs.join('&');
}

function toWritten(answer: PutObjectCommandOutput): Written {
  return {
    version: answer.VersionId,
    revision: answer.ETag ?? '',
    sealing: sealingOf(answer.ServerSideEncryption, answer.SSEKMSKeyId),
    requestIds: requestIdsOf(answer),
  };
}

/** 404: what should have been replaced is not there. */
function isUnmet({ status, code }: ReturnType<typeof codeOf>, { expected }: WriteOptions): boolean {
  return status === 412 || (status === 404 && code === 'NoSuchKey' && typeof expected === 'object');
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html#conditional-error-response */
function busy({ uri }: S3Source, cause: unknown): EnvsealError {
  return new EnvsealError('conflict', `${uri}: someone else is writing it`, {
    hint: 'retried: check envseal diff and envseal history, then run the command again',
    cause,
    retryable: true,
  });
}

/**
 * What is there now that the condition does not hold. The answer to an earlier try may have been lost: then this can be
 * what was to be written. `same` where nothing has changed, so that it should have held. Throws `conflict`.
 */
async function look(
  write: S3Write,
  mayBeDone: boolean,
  access: S3Access,
  cause: unknown,
): Promise<Written | 'same'> {
  const { source, bytes, options } = write;
  const requestIds = requestIdsOf(cause as Parameters<typeof requestIdsOf>[0]);
  const found = await (mayBeDone ? get : head)(source, access);
  if (found === 'absent' || found === 'unknown')
    throw conflict(source, options.expected, found, cause, requestIds);
  if (found.bytes !== undefined && Buffer.compare(found.bytes, bytes) === 0) {
    const { written } = found;
    if (isSealedAsAsked(options.seal, written.sealing)) return written;
  }
  const { expected } = options;
  if (typeof expected === 'object' && expected.revision === found.written.revision) return 'same';
  throw conflict(source, expected, found, cause, requestIds);
}

interface Found extends Winner {
  readonly written: Written;
  readonly bytes?: Uint8Array;
}

async function get(source: S3Source, access: S3Access): Promise<Found | 'absent' | 'unknown'> {
  try {
    return toFound(await getObject(source, access));
  } catch (error) {
    if (!(error instanceof EnvsealError)) throw error;
    if (error.code === 'not_found') return 'absent';
    if (error.code === 'denied') return 'unknown';
    throw error;
  }
}

function toFound({ object, answer }: S3Object): Found {
  return { ...foundOf(answer), bytes: object.bytes };
}

async function head(
  source: S3Source,
  { s3, client, ...access }: S3Access,
): Promise<Found | 'absent' | 'unknown'> {
  const { HeadObjectCommand } = await import('./sdk-commands.ts');
  const command = new HeadObjectCommand({ Bucket: source.bucket, Key: source.key });
  return await retry(async () => {
    try {
      return foundOf(await ask((options) => s3.send(command, options), client));
    } catch (error) {
      const { status } = codeOf(error);
      if (status === 404) return 'absent';
      if (status === 403) return 'unknown';
      throw explain(error, aboutObject(source, { s3, client, ...access }, 's3:GetObject'), client);
    }
  }, client.deadline);
}

function foundOf(answer: PutObjectCommandOutput & { readonly LastModified?: Date | undefined }): Found {
  return { version: answer.VersionId, modified: answer.LastModified, written: toWritten(answer) };
}
