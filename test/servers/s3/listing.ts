/**
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
 */

import { ACCOUNT_ID } from '../aws/defaults.ts';
import { document, element, elements } from '../aws/xml.ts';
import type { Answer } from '../http/exchange.ts';
import { bucketArn, demand } from './access.ts';
import type { Call } from './call.ts';
import type { StoredObject, Version } from './objects.ts';

const MAX_KEYS = 1000;
const NAMESPACE = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';

/** A line of a list: an object or version, or a common prefix of several. */
interface Row {
  readonly name: string;
  /** Present for a version. */
  readonly versionId?: string;
  readonly xml: string;
}

interface Page {
  readonly rows: readonly Row[];
  readonly truncated: boolean;
}

export function listObjectsV2(call: Call): Answer {
  demand(call.caller, 's3:ListBucket', bucketArn(call.bucket.name));
  const token = call.query.get('continuation-token');
  const after = token === null ? call.query.get('start-after') : Buffer.from(token, 'base64url').toString();
  const page = paginate(call, rollUp(call, objectRows(call)), after);
  const last = page.rows.at(-1)?.name ?? '';
  const next = page.truncated ? Buffer.from(last).toString('base64url') : undefined;
  const summary = {
    ...described(call, page),
    KeyCount: page.rows.length,
    ContinuationToken: token ?? undefined,
    NextContinuationToken: next,
    StartAfter: call.query.get('start-after') ?? undefined,
  };
  return xml(
    element('ListBucketResult', [...elements(summary), ...page.rows.map((row) => row.xml)], NAMESPACE),
  );
}

export function listObjectVersions(call: Call): Answer {
  demand(call.caller, 's3:ListBucketVersions', bucketArn(call.bucket.name));
  const [after, version] = [call.query.get('key-marker'), call.query.get('version-id-marker')];
  const page = paginate(
    call,
    afterVersion(rollUp(call, versionRows(call)), after, version),
    version ? null : after,
  );
  const last = page.truncated ? page.rows.at(-1) : undefined;
  const summary = {
    ...described(call, page),
    KeyMarker: after ?? '',
    VersionIdMarker: version ?? '',
    NextKeyMarker: last?.name,
    NextVersionIdMarker: last?.versionId,
  };
  return xml(
    element('ListVersionsResult', [...elements(summary), ...page.rows.map((row) => row.xml)], NAMESPACE),
  );
}

function objectRows(call: Call): Row[] {
  return keys(call).flatMap((key) => {
    const current = call.bucket.objects.current(key);
    if (current?.kind !== 'object') return [];
    return [
      { name: key, xml: element('Contents', elements({ Key: encoded(call, key), ...fields(current) })) },
    ];
  });
}

function versionRows(call: Call): Row[] {
  return keys(call).flatMap((key) =>
    call.bucket.objects.versions(key).map((version, index) => ({
      name: key,
      versionId: version.versionId,
      xml: versionXml(call, key, version, index === 0),
    })),
  );
}

/** What follows a version, of its key and of the keys after it. */
function afterVersion(rows: readonly Row[], key: string | null, versionId: string | null): readonly Row[] {
  if (versionId === null) return rows;
  const at = rows.findIndex((row) => row.name === key && row.versionId === versionId);
  return rows.slice(at + 1);
}

function versionXml(call: Call, key: string, version: Version, isLatest: boolean): string {
  const { versionId, modifiedMs } = version;
  const common = { Key: encoded(call, key), VersionId: versionId, IsLatest: isLatest };
  const owner = element('Owner', elements({ ID: ACCOUNT_ID }));
  if (version.kind === 'object')
    return element('Version', [...elements({ ...common, ...fields(version) }), owner]);
  return element('DeleteMarker', [...elements({ ...common, LastModified: isoDate(modifiedMs) }), owner]);
}

function fields({ modifiedMs, etag, checksum, size, headers }: StoredObject) {
  return {
    LastModified: isoDate(modifiedMs),
    ETag: etag,
    ChecksumAlgorithm: checksum.algorithm.toUpperCase(),
    ChecksumType: 'FULL_OBJECT',
    Size: size,
    StorageClass: headers['x-amz-storage-class'] ?? 'STANDARD',
  };
}

function keys({ bucket, query }: Call): string[] {
  const prefix = query.get('prefix') ?? '';
  return bucket.objects.keys().filter((key) => key.startsWith(prefix));
}

/** Names that go on after a delimiter become one row. */
function rollUp(call: Call, rows: readonly Row[]): Row[] {
  const { length } = call.query.get('prefix') ?? '';
  const delimiter = call.query.get('delimiter') ?? '';
  if (delimiter === '') return [...rows];
  const seen = new Set<string>();
  return rows.flatMap((row) => {
    const end = row.name.indexOf(delimiter, length);
    if (end < 0) return [row];
    const name = row.name.slice(0, end + delimiter.length);
    if (seen.has(name)) return [];
    seen.add(name);
    return [{ name, xml: prefixXml(call, name) }];
  });
}

function prefixXml(call: Call, prefix: string): string {
  return element('CommonPrefixes', elements({ Prefix: encoded(call, prefix) }));
}

function paginate({ query }: Call, rows: readonly Row[], after: string | null): Page {
  const max = Math.min(Number(query.get('max-keys') ?? MAX_KEYS), MAX_KEYS);
  const start = Buffer.from(after ?? '');
  const left =
    after === null ? rows : rows.filter(({ name }) => Buffer.compare(Buffer.from(name), start) > 0);
  return { rows: left.slice(0, max), truncated: left.length > max };
}

function described(call: Call, { truncated }: Page) {
  const { query, bucket } = call;
  return {
    Name: bucket.name,
    Prefix: encoded(call, query.get('prefix') ?? ''),
    Delimiter: query.get('delimiter') ?? undefined,
    MaxKeys: Number(query.get('max-keys') ?? MAX_KEYS),
    EncodingType: query.get('encoding-type') ?? undefined,
    IsTruncated: truncated,
  };
}

function encoded({ query }: Call, name: string): string {
  return query.get('encoding-type') === 'url' ? encodeURIComponent(name).replaceAll('%2F', '/') : name;
}

function isoDate(ms: number): string {
  return new Date(ms).toISOString();
}

function xml(root: string): Answer {
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: document(root) };
}
