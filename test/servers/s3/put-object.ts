/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html */

import { createHash, randomBytes } from 'node:crypto';
import type { Answer } from '../http/exchange.ts';
import { demand, objectArn } from './access.ts';
import { type Call, keyUse, versionHeader } from './call.ts';
import { checksumHeaders, verifiedChecksum } from './checksums.ts';
import { checkWrite } from './conditions.ts';
import { parseSealingRequest, sealingHeaders, sealObject } from './encryption.ts';
import { S3Error } from './errors.ts';
import { newVersionId, type StoredObject } from './objects.ts';
import type { Bucket } from './state.ts';

const MAX_KEY_BYTES = 1024;
const KEPT_HEADERS =
  /^(content-(type|language|disposition)|cache-control|expires|x-amz-meta-.*|x-amz-storage-class)$/;

export function putObject(call: Call): Answer {
  demand(call.caller, 's3:PutObject', objectArn(call.bucket.name, call.key));
  if (call.headers['x-amz-tagging'] !== undefined)
    demand(call.caller, 's3:PutObjectTagging', objectArn(call.bucket.name, call.key));
  if (call.headers['x-amz-copy-source'] !== undefined)
    throw new S3Error('NotImplemented', { Header: 'x-amz-copy-source' });
  const { etag, versionId, checksum, sealing } = store(call);
  const headers = {
    etag,
    ...versionHeader(call.bucket, versionId),
    ...checksumHeaders(checksum),
    ...sealingHeaders(sealing),
  };
  return { status: 200, headers, body: Buffer.alloc(0) };
}

/** Checks everything before it changes anything. */
export function store({ state, bucket, key, headers, body, ...rest }: Call): StoredObject {
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw new S3Error('KeyTooLongError');
  const checksum = verifiedChecksum(headers, body);
  checkConditions(headers, key, bucket);
  const request = parseSealingRequest(headers) ?? bucket.encryption;
  const context = objectArn(bucket.name, key) + (headers['x-amz-server-side-encryption-context'] ?? '');
  const { sealing, sealed } = sealObject(
    body,
    request,
    context,
    keyUse({ state, bucket, key, headers, body, ...rest }),
  );
  const object: StoredObject = {
    kind: 'object',
    versionId: newVersionId(bucket.versioning),
    modifiedMs: state.clock.now(),
    etag: newEtag(body, sealing.algorithm === 'AES256'),
    size: body.length,
    headers: keptHeaders(headers),
    tags: headers['x-amz-tagging'] ?? '',
    checksum,
    sealing,
    sealed,
  };
  bucket.objects.add(key, object);
  return object;
}

function checkConditions(headers: Call['headers'], key: string, { conditions, objects }: Bucket): void {
  if (conditions === 'ignored') return;
  const isConditional = headers['if-match'] !== undefined || headers['if-none-match'] !== undefined;
  if (conditions === 'unknown' && isConditional) throw new S3Error('NotImplemented', { Header: 'If-Match' });
  checkWrite(headers, key, objects.current(key));
}

/** Only without KMS is it the MD5: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html */
function newEtag(body: Buffer, isMd5: boolean): string {
  const hex = isMd5 ? createHash('md5').update(body).digest('hex') : randomBytes(16).toString('hex');
  return `"${hex}"`;
}

function keptHeaders(headers: Call['headers']): Record<string, string> {
  const kept = Object.entries(headers).filter(([name]) => KEPT_HEADERS.test(name));
  const encoding = contentEncoding(headers['content-encoding']);
  return {
    'content-type': 'binary/octet-stream',
    ...Object.fromEntries(kept),
    ...(encoding && { 'content-encoding': encoding }),
  };
}

/** `aws-chunked` was only for the way here. */
function contentEncoding(value = ''): string {
  const encodings = value.split(',').map((encoding) => encoding.trim());
  return encodings.filter((encoding) => encoding !== 'aws-chunked').join(',');
}
