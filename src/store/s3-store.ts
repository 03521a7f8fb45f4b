/** S3 for the commands that change files, through the official SDK. */
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import type { AwsClient } from '../aws/aws-client.ts';
import type { Attributes, EnvStore, StoredObject } from './env-store.ts';
import { planS3, type S3Options } from './s3.ts';
import { aboutObject, type S3Access } from './s3-access.ts';
import { S3Conditions } from './s3-conditions.ts';
import { inspectBucket } from './s3-inspect.ts';
import { findFiles, listFiles } from './s3-list.ts';
import { putObject } from './s3-put.ts';
import { getObject } from './s3-sdk.ts';
import { makeSdkClient, request } from './s3-sdk-client.ts';
import { listVersions } from './s3-versions.ts';
import { checkSeal, refuseUnsealed } from './sealed-as-asked.ts';
import type { Folder, S3Source } from './source.ts';

/** One for all files: it keeps a client for each region and endpoint, and what it learned of each bucket. */
export function s3Store(client: AwsClient, options: Omit<S3Options, 'client'>): EnvStore<S3Source> {
  const conditions = new S3Conditions();
  const accesses = new Map<string, Promise<S3Access>>();
  const reach = (place: S3Source | Folder): Promise<S3Access> => {
    const plan = planS3(place, { ...options, client });
    const isArn = place.bucket.startsWith('arn:');
    const name = JSON.stringify([plan, isArn]);
    const { region, endpoint } = plan;
    const access =
      accesses.get(name) ??
      makeSdkClient(plan, client, isArn).then((s3) => ({ s3, client, region, endpoint }));
    accesses.set(name, access);
    return access;
  };
  return {
    read: async (source) => await readObject(source, await reach(source)),
    prepare: (source) => {
      reach(source)
        .then((access) => conditions.begin(source, access))
        .catch(() => {});
    },
    write: async (source, bytes, writing) => {
      checkSeal(source, writing.seal, ['sse-kms']);
      const write = { source, bytes, options: writing };
      return refuseUnsealed(source, writing.seal, await putObject(write, conditions, await reach(source)));
    },
    async *find(folder) {
      yield* findFiles(folder, await reach(folder));
    },
    async *list(folder) {
      yield* listFiles(folder, await reach(folder));
    },
    versions: async (source) => await listVersions(source, await reach(source)),
    inspect: async (source) => await inspectBucket(source, await reach(source)),
  };
}

async function readObject(source: S3Source, access: S3Access): Promise<StoredObject> {
  const { object, answer } = await getObject(source, access);
  return {
    ...object,
    revision: answer.ETag ?? '',
    modified: answer.LastModified,
    attributes: await attributesOf(answer, source, access),
  };
}

async function attributesOf(
  { ContentType, Metadata = {}, TagCount = 0, VersionId }: GetObjectCommandOutput,
  source: S3Source,
  access: S3Access,
): Promise<Attributes> {
  const tags = TagCount > 0 ? await getTags(source, VersionId, access) : {};
  return { contentType: ContentType, metadata: Metadata, tags };
}

/** S3 counts tags only for those who may read them, so nobody else can keep them. */
async function getTags(
  source: S3Source,
  version: string | undefined,
  access: S3Access,
): Promise<Readonly<Record<string, string>>> {
  const { GetObjectTaggingCommand } = await import('./s3-api.ts');
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
