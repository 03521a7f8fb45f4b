/**
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
 */

import { refusal } from '../aws/access-keys.ts';
import { document, element, elements } from '../aws/xml.ts';
import type { Answer } from '../http/exchange.ts';
import { bucketArn, demand, objectArn } from './access.ts';
import { type Call, keyUse, versionHeader, versionIdOf } from './call.ts';
import { checksumHeaders } from './checksums.ts';
import { isUnchanged } from './conditions.ts';
import { openObject, refuseSealingHeaders, sealingHeaders } from './encryption.ts';
import { S3Error } from './errors.ts';
import type { DeleteMarker, StoredObject } from './objects.ts';

const EMPTY = Buffer.alloc(0);

export function getObject(call: Call): Answer {
  refuseSealingHeaders(call.headers);
  const object = find(call, 'GET');
  if (isUnchanged(call.headers, object)) return notModified(call, object);
  const bytes = openObject(object.sealed, object.sealing, keyUse(call));
  const headers = describe(call, object);
  const range = parseRange(call.headers.range, bytes.length);
  if (range === undefined)
    return { status: 200, headers: { ...headers, ...requestedChecksum(call, object) }, body: bytes };
  const [from, to] = range;
  const contentRange = `bytes ${from}-${to}/${bytes.length}`;
  return {
    status: 206,
    headers: { ...headers, 'content-range': contentRange },
    body: bytes.subarray(from, to + 1),
  };
}

export function headObject(call: Call): Answer {
  refuseSealingHeaders(call.headers);
  const object = find(call, 'HEAD');
  if (isUnchanged(call.headers, object)) return notModified(call, object);
  const checksum = requestedChecksum(call, object);
  // Only the checksum of a KMS-sealed object needs its key.
  if (Object.keys(checksum).length > 0) openObject(object.sealed, object.sealing, keyUse(call));
  const headers = { ...describe(call, object), ...checksum, 'content-length': String(object.size) };
  return { status: 200, headers, body: EMPTY };
}

/** Throws what S3 answers when there is no such object, or none the caller may know of. */
function find({ bucket, key, query, caller }: Call, method: string): StoredObject {
  const versionId = versionIdOf(query);
  const action = versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion';
  demand(caller, action, objectArn(bucket.name, key));
  const version = versionId === undefined ? bucket.objects.current(key) : bucket.objects.find(key, versionId);
  if (version?.kind === 'object') return version;
  // Without the right to list, absent must look like denied.
  demand(caller, 's3:ListBucket', bucketArn(bucket.name));
  if (version !== undefined) throw deleted(version, key, versionId === undefined ? undefined : method);
  if (versionId === undefined) throw new S3Error('NoSuchKey', { Key: key });
  throw new S3Error('NoSuchVersion', { Key: key, VersionId: versionId });
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html */
function deleted(marker: DeleteMarker, key: string, byVersionWith: string | undefined): S3Error {
  const headers = { 'x-amz-delete-marker': 'true', 'x-amz-version-id': marker.versionId };
  if (byVersionWith === undefined) return new S3Error('NoSuchKey', { Key: key }, undefined, headers);
  const fields = { Method: byVersionWith, ResourceType: 'DeleteMarker' };
  return new S3Error('MethodNotAllowed', fields, undefined, {
    ...headers,
    allow: 'DELETE',
    'last-modified': new Date(marker.modifiedMs).toUTCString(),
  });
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html */
export function getObjectTagging(call: Call): Answer {
  const versionId = versionIdOf(call.query);
  const action = versionId === undefined ? 's3:GetObjectTagging' : 's3:GetObjectVersionTagging';
  demand(call.caller, action, objectArn(call.bucket.name, call.key));
  const object = find(call, 'GET');
  const tags = [...new URLSearchParams(object.tags)].map(([Key, Value]) =>
    element('Tag', elements({ Key, Value })),
  );
  const body = document(element('Tagging', [element('TagSet', tags)]));
  const headers = { 'content-type': 'application/xml', ...versionHeader(call.bucket, object.versionId) };
  return { status: 200, headers, body };
}

/** Only who may read the tags sees how many there are. */
function tagCount({ bucket, key, query, caller }: Call, { tags }: StoredObject): Record<string, string> {
  const count = new URLSearchParams(tags).size;
  const action = query.has('versionId') ? 's3:GetObjectVersionTagging' : 's3:GetObjectTagging';
  const mayRead = caller === undefined || refusal(caller, action, objectArn(bucket.name, key)) === null;
  return count > 0 && mayRead ? { 'x-amz-tagging-count': String(count) } : {};
}

function describe(call: Call, object: StoredObject): Record<string, string> {
  const { bucket } = call;
  return {
    ...object.headers,
    ...tagCount(call, object),
    etag: object.etag,
    'last-modified': new Date(object.modifiedMs).toUTCString(),
    'accept-ranges': 'bytes',
    ...versionHeader(bucket, object.versionId),
    ...sealingHeaders(object.sealing),
  };
}

function requestedChecksum({ headers }: Call, object: StoredObject): Record<string, string> {
  return headers['x-amz-checksum-mode']?.toUpperCase() === 'ENABLED' ? checksumHeaders(object.checksum) : {};
}

function notModified({ bucket }: Call, { etag, modifiedMs, versionId }: StoredObject): Answer {
  const headers = {
    etag,
    'last-modified': new Date(modifiedMs).toUTCString(),
    ...versionHeader(bucket, versionId),
  };
  return { status: 304, headers, body: EMPTY };
}

/** First and last byte of a single range; anything else that could be a range is the whole object. */
function parseRange(header: string | undefined, size: number): [number, number] | undefined {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (from === '' && to === '') return undefined;
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (first > last) throw new S3Error('InvalidRange', { RangeRequested: header, ActualObjectSize: size });
  return [first, last];
}
