/** Listings of Cloud Storage: the files below a prefix, and the generations of one. */
import { EnvsealError } from '../../errors.ts';
import type { Folder, GcsSource } from '../../source-uri.ts';
import type { FileVersion, ListedFile } from '../contract.ts';
import { toObject } from './answer.ts';
import { getBucket } from './inspect.ts';
import { request } from './sdk-client.ts';
import type { DescribedObject, GcsAccess } from './sdk-get.ts';

/** The size of one page: the largest there is. */
const MAX_RESULTS = 1000;

/** In the listing's order. Names that end with a slash are the folders that consoles make. */
export async function* listFiles(
  { uri, bucket, prefix }: Folder,
  access: GcsAccess,
): AsyncGenerator<ListedFile> {
  const query = { prefix, fields: 'nextPageToken,items(name,size,updated,generation,kmsKeyName,metadata)' };
  for await (const resource of list(uri, bucket, query, access)) {
    const { name = '', size = 0, metadata = {} } = resource;
    if (name.endsWith('/')) continue;
    const { sealing, version } = toObject(resource);
    yield {
      uri: `gs://${bucket}/${name.replace(/[%?#\s\p{Cc}]/gu, encodeURIComponent)}`,
      size: Number(size),
      modified: toDate(resource.updated),
      sealing,
      version,
      metadata: Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key, String(value)])),
    };
  }
}

/** Without versions, at most one generation is there. */
export async function listVersions(source: GcsSource, access: GcsAccess): Promise<readonly FileVersion[]> {
  const [bucket, versions] = await Promise.all([getBucket(source, access), collectVersions(source, access)]);
  if (bucket !== undefined && !bucket.versioning?.enabled && versions.length <= 1) throw unversioned(source);
  if (versions.length > 0) return versions;
  throw new EnvsealError('not_found', `no such object: ${source.uri}`, { hint: 'check the name in the URI' });
}

async function collectVersions(
  { uri, bucket, object }: GcsSource,
  access: GcsAccess,
): Promise<FileVersion[]> {
  const query = {
    prefix: object,
    versions: true,
    fields: 'nextPageToken,items(name,size,updated,generation,timeDeleted)',
  };
  const found: FileVersion[] = [];
  for await (const { name, generation = '', size = 0, updated, timeDeleted } of list(
    uri,
    bucket,
    query,
    access,
  )) {
    // The listing is by prefix and in order.
    if (name !== object) break;
    const isCurrent = timeDeleted === undefined;
    const version = String(generation);
    found.push({ version, modified: toDate(updated), size: Number(size), isCurrent, isDeletion: false });
  }
  return found.sort((a, b) => Number(BigInt(b.version) - BigInt(a.version)));
}

function unversioned({ uri, bucket }: GcsSource): EnvsealError {
  return new EnvsealError('unversioned', `the bucket keeps no versions: ${uri}`, {
    hint: `gcloud storage buckets update gs://${bucket} --versioning`,
  });
}

interface Query {
  readonly prefix: string;
  readonly fields: string;
  readonly versions?: boolean;
}

async function* list(
  uri: string,
  bucket: string,
  query: Query,
  { storage, client }: GcsAccess,
): AsyncGenerator<DescribedObject> {
  const subject = {
    subject: uri,
    permission: 'storage.objects.list',
    resource: `projects/_/buckets/${bucket}`,
  };
  let page: object | null = { ...query, maxResults: MAX_RESULTS, autoPaginate: false };
  while (page !== null) {
    const asked: object = page;
    const answer = await request(() => storage.bucket(bucket).getFiles(asked), subject, client);
    // With `fields` the SDK gives the service's own resources.
    const [items, next] = answer as unknown as [DescribedObject[], object | null];
    yield* items;
    page = next;
  }
}

function toDate(time: string | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time);
}
