/** The versions of one file in S3. */
import type { DeleteMarkerEntry, ObjectVersion } from '@aws-sdk/client-s3';
import { EnvsealError } from '../../errors.ts';
import type { S3Source } from '../../source-uri.ts';
import type { FileVersion } from '../contract.ts';
import { aboutBucket, type S3Access } from './access.ts';
import { request } from './sdk-client.ts';

/** What S3 calls the version of an object that was stored without versions. */
const NO_VERSION = 'null';

export async function listVersions(source: S3Source, access: S3Access): Promise<readonly FileVersion[]> {
  const [keepsVersions, versions] = await Promise.all([
    isVersioned(source, access).catch(unlessForbidden),
    collect(source, access),
  ]);
  const hasNone = versions.every(({ version }) => version === NO_VERSION);
  if (keepsVersions === false || (keepsVersions === undefined && versions.length > 0 && hasNone)) {
    throw unversioned(source);
  }
  if (versions.length > 0) return versions;
  throw new EnvsealError('not_found', `no such object: ${source.uri}`, { hint: 'check the key in the URI' });
}

/** `false` only for a bucket that never kept versions: with suspended versioning the older ones are still there. */
async function isVersioned({ uri, bucket }: S3Source, access: S3Access): Promise<boolean> {
  const { GetBucketVersioningCommand } = await import('./sdk-commands.ts');
  const command = new GetBucketVersioningCommand({ Bucket: bucket });
  const subject = aboutBucket(uri, bucket, access, 's3:GetBucketVersioning');
  const answer = await request((options) => access.s3.send(command, options), subject, access.client);
  return answer.Status !== undefined;
}

function unlessForbidden(error: unknown): undefined {
  if (error instanceof EnvsealError && error.code === 'denied') return undefined;
  throw error;
}

function unversioned({ uri }: S3Source): EnvsealError {
  return new EnvsealError('unversioned', `the bucket keeps no versions: ${uri}`, {
    hint: 'aws s3api put-bucket-versioning --versioning-configuration Status=Enabled --bucket BUCKET',
  });
}

/** The listing is by prefix and in order, so the key's own versions come first. */
async function collect({ uri, bucket, key }: S3Source, access: S3Access): Promise<FileVersion[]> {
  const { ListObjectVersionsCommand } = await import('./sdk-commands.ts');
  const subject = aboutBucket(uri, bucket, access, 's3:ListBucketVersions');
  const found: FileVersion[] = [];
  let next: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } | undefined = {};
  while (next !== undefined) {
    const command: InstanceType<typeof ListObjectVersionsCommand> = new ListObjectVersionsCommand({
      Bucket: bucket,
      Prefix: key,
      ...next,
    });
    const page = await request((options) => access.s3.send(command, options), subject, access.client);
    const { Versions = [], DeleteMarkers = [] } = page;
    found.push(
      ...merge(
        Versions.filter(({ Key }) => Key === key).map((entry) => toVersion(entry, false)),
        DeleteMarkers.filter(({ Key }) => Key === key).map((entry) => toVersion(entry, true)),
      ),
    );
    const goesOn = page.IsTruncated && page.NextKeyMarker === key;
    next = goesOn ? { KeyMarker: key, VersionIdMarker: page.NextVersionIdMarker } : undefined;
  }
  return found;
}

function toVersion(entry: ObjectVersion & DeleteMarkerEntry, isDeletion: boolean): FileVersion {
  return {
    version: entry.VersionId ?? NO_VERSION,
    modified: entry.LastModified,
    size: entry.Size ?? 0,
    isCurrent: entry.IsLatest ?? false,
    isDeletion,
  };
}

/** The SDK takes S3's one list, newest first, apart. */
function merge(versions: readonly FileVersion[], deletions: readonly FileVersion[]): FileVersion[] {
  const [left, right] = [[...versions], [...deletions]];
  const merged: FileVersion[] = [];
  for (;;) {
    const [a, b] = [left[0], right[0]];
    if (a === undefined || b === undefined) return [...merged, ...left, ...right];
    merged.push((isNewer(b, a) ? right.shift() : left.shift()) as FileVersion);
  }
}

/** S3's times are whole seconds: of the same one, the current version is the newer, and else the deletion. */
function isNewer(deletion: FileVersion, version: FileVersion): boolean {
  if (version.isCurrent || deletion.isCurrent) return deletion.isCurrent;
  return (deletion.modified?.getTime() ?? 0) >= (version.modified?.getTime() ?? 0);
}
