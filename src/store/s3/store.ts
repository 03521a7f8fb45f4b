/** S3 for the commands that change files, through the official SDK. */
import type { AwsClient } from '../../aws/client.ts';
import type { Folder, S3Source } from '../../source-uri.ts';
import { checkSeal } from '../check-seal.ts';
import type { EnvStore, SealAtRest, StoredObject } from '../contract.ts';
import { aboutObject, type S3Access, type S3Place } from './access.ts';
import { defaultKeyOf } from './bucket.ts';
import { S3Conditions } from './conditions.ts';
import { locateS3, type S3EndpointOptions } from './endpoint.ts';
import { getDirectly, planS3, type S3Options } from './get.ts';
import { inspectBucket } from './inspect.ts';
import { findFiles, listFiles } from './list.ts';
import { putObject } from './put.ts';
import { makeSdkClient, request } from './sdk-client.ts';
import { getObject } from './sdk-get.ts';
import { listVersions } from './versions.ts';

/** One for all files: it keeps a client for each region and endpoint, and what it learned of each bucket. */
export function s3Store(client: AwsClient, options: Omit<S3Options, 'client'>): EnvStore<S3Source> {
  const conditions = new S3Conditions();
  const accesses = new Map<string, Promise<S3Access>>();
  const placeOf = (source: S3Source | Folder): S3Place => {
    const plan = planS3(source, { ...options, client });
    return { client, plan, reach: () => reachBy(plan, source.bucket.startsWith('arn:')) };
  };
  const reachBy = (plan: S3EndpointOptions, isArn: boolean): Promise<S3Access> => {
    const name = JSON.stringify([plan, isArn]);
    const { region, endpoint } = plan;
    const access =
      accesses.get(name) ??
      makeSdkClient(plan, client, isArn).then((s3) => ({ s3, client, region, endpoint }));
    accesses.set(name, access);
    return access;
  };
  const reach = (source: S3Source | Folder): Promise<S3Access> => placeOf(source).reach();
  return {
    read: async (source) => await readObject(source, placeOf(source)),
    prepare: (source) => {
      const place = placeOf(source);
      // The code that writes is loaded while the answers are on their way.
      place.reach().catch(() => {});
      conditions.begin(source, place);
    },
    write: async (source, bytes, writing) => {
      checkSeal(source, writing.seal, ['sse-kms']);
      const seal = await withKey(source, writing.seal, placeOf(source));
      const write = { source, bytes, options: { ...writing, seal } };
      return await putObject(write, conditions, await reach(source));
    },
    async *find(folder) {
      yield* findFiles(folder, await reach(folder));
    },
    async *list(folder) {
      yield* listFiles(folder, await reach(folder));
    },
    versions: async (source) => await listVersions(source, await reach(source)),
    inspect: async (source) => await inspectBucket(source, placeOf(source)),
  };
}

async function withKey(
  { bucket }: S3Source,
  seal: SealAtRest,
  { plan, client }: S3Place,
): Promise<SealAtRest> {
  if (seal.kind !== 'sse-kms' || seal.key !== undefined) return seal;
  return { ...seal, key: await defaultKeyOf(bucket, plan, client) };
}

/** With the small client, as at startup, while the SDK that is to write is loaded. */
async function readObject(source: S3Source, place: S3Place): Promise<StoredObject> {
  const location = locateS3(source, place.plan);
  if (location === undefined) return await readThroughSdk(source, await place.reach());
  const { object, headers } = await getDirectly(source, place.plan, location, place.client);
  const modified = new Date(headers.get('last-modified') ?? Number.NaN);
  const metadata = [...headers].filter(([name]) => name.startsWith(METADATA));
  const hasTags = Number(headers.get('x-amz-tagging-count') ?? 0) > 0;
  return {
    ...object,
    revision: headers.get('etag') ?? '',
    modified: Number.isNaN(modified.getTime()) ? undefined : modified,
    attributes: {
      contentType: headers.get('content-type') ?? undefined,
      metadata: Object.fromEntries(metadata.map(([name, value]) => [name.slice(METADATA.length), value])),
      tags: hasTags ? await getTags(source, object.version, await place.reach()) : {},
    },
  };
}

const METADATA = 'x-amz-meta-';

async function readThroughSdk(source: S3Source, access: S3Access): Promise<StoredObject> {
  const { object, answer } = await getObject(source, access);
  const { ETag = '', LastModified, ContentType, Metadata = {}, TagCount = 0, VersionId } = answer;
  const tags = TagCount > 0 ? await getTags(source, VersionId, access) : {};
  return {
    ...object,
    revision: ETag,
    modified: LastModified,
    attributes: { contentType: ContentType, metadata: Metadata, tags },
  };
}

/** S3 counts tags only for those who may read them, so no one else can keep them. */
async function getTags(
  source: S3Source,
  version: string | undefined,
  access: S3Access,
): Promise<Readonly<Record<string, string>>> {
  const { GetObjectTaggingCommand } = await import('./sdk-commands.ts');
  const command = new GetObjectTaggingCommand({
    Bucket: source.bucket,
    Key: source.key,
    ...(version === undefined ? {} : { VersionId: version }),
  });
  const action = version === undefined ? 's3:GetObjectTagging' : 's3:GetObjectVersionTagging';
  const { TagSet = [] } = await request(
    (options) => access.s3.send(command, options),
    aboutObject(source, access, action),
    access.client,
  );
  return Object.fromEntries(TagSet.map(({ Key = '', Value = '' }) => [Key, Value]));
}
