/** Listings of S3: the files below a prefix. */
import { retry } from '../../net/retry.ts';
import type { Folder } from '../../source-uri.ts';
import type { FoundFile, ListedFile } from '../contract.ts';
import { mapInFlight } from '../map-concurrently.ts';
import { aboutBucket, type S3Access } from './access.ts';
import { sealingOf } from './answer.ts';
import { ask, codeOf, explain, request } from './sdk-client.ts';

/** The listing does not say how a file is sealed, so each takes a HEAD; this many at once. */
const MAX_HEADS = 16;

interface FoundKey extends FoundFile {
  readonly key: string;
}

/** In the listing's order. Keys that end with a slash are the folders that consoles make. */
export async function* findFiles(folder: Folder, access: S3Access): AsyncGenerator<FoundKey> {
  const { bucket, prefix } = folder;
  const { s3, client } = access;
  const { ListObjectsV2Command } = await import('./sdk-commands.ts');
  const subject = aboutBucket(folder.uri, bucket, access, 's3:ListBucket');
  let token: string | undefined;
  do {
    const ContinuationToken = token === undefined ? {} : { ContinuationToken: token };
    const command = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ...ContinuationToken });
    const page = await request((options) => s3.send(command, options), subject, client);
    for (const { Key: key = '', Size: size = 0, LastModified: modified } of page.Contents ?? []) {
      if (!key.endsWith('/')) yield { key, uri: uriOf(folder, key), size, modified };
    }
    token = page.IsTruncated ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}

/** The same order. A file that is deleted in the meantime is left out. */
export async function* listFiles(folder: Folder, access: S3Access): AsyncGenerator<ListedFile> {
  const look = (found: FoundKey) => lookAt(found, folder, access);
  for await (const file of mapInFlight(findFiles(folder, access), MAX_HEADS, look)) {
    if (file !== undefined) yield file;
  }
}

async function lookAt(
  { key, ...found }: FoundKey,
  { bucket }: Folder,
  access: S3Access,
): Promise<ListedFile | undefined> {
  const { s3, client } = access;
  const { HeadObjectCommand } = await import('./sdk-commands.ts');
  const command = new HeadObjectCommand({ Bucket: bucket, Key: key });
  return await retry(async (): Promise<ListedFile | undefined> => {
    try {
      const answer = await ask((options) => s3.send(command, options), client);
      return {
        ...found,
        sealing: sealingOf(answer.ServerSideEncryption, answer.SSEKMSKeyId),
        version: answer.VersionId,
        metadata: answer.Metadata ?? {},
      };
    } catch (error) {
      const { status } = codeOf(error);
      if (status === 404) return undefined;
      if (status === 403) return { ...found, sealing: undefined, version: undefined, metadata: {} };
      throw explain(error, aboutBucket(found.uri, `${bucket}/${key}`, access, 's3:GetObject'), client);
    }
  }, client.deadline);
}

/** That opens the file: what a URI gives a meaning to is encoded, everything else stays legible. */
function uriOf({ bucket, region, endpoint }: Folder, key: string): string {
  const path = key.replace(/[%?#\s\p{Cc}]/gu, encodeURIComponent);
  const query = Object.entries({ region, endpoint }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return `s3://${bucket}/${path}${query.length === 0 ? '' : `?${query.join('&')}`}`;
}
