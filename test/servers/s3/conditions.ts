/**
 * Conditional requests.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html
 */

import { S3Error } from './errors.ts';
import type { StoredObject, Version } from './objects.ts';

type Headers = Readonly<Record<string, string>>;

/** Throws 412. True when the reader has this object already, which is a 304. */
export function isUnchanged(headers: Headers, object: StoredObject): boolean {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
  if (ifMatch !== undefined && !includes(ifMatch, object.etag)) throw failed('If-Match');
  return ifNoneMatch !== undefined && includes(ifNoneMatch, object.etag);
}

/** Throws 412, or 404 when there is nothing that could match. A delete marker counts as nothing. */
export function checkWrite(headers: Headers, key: string, current: Version | undefined): void {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
  const object = current?.kind === 'object' ? current : undefined;
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*')
    throw new S3Error('NotImplemented', {
      Header: 'If-None-Match',
      additionalMessage: 'only * is supported',
    });
  if (ifNoneMatch !== undefined && object !== undefined) throw failed('If-None-Match');
  if (ifMatch === undefined) return;
  if (object === undefined) throw new S3Error('NoSuchKey', { Key: key });
  if (!includes(ifMatch, object.etag)) throw failed('If-Match');
}

function includes(list: string, etag: string): boolean {
  return list === '*' || list.split(',').some((item) => unquote(item) === unquote(etag));
}

function unquote(etag: string): string {
  return etag.trim().replace(/^(W\/)?"(.*)"$/, '$2');
}

function failed(condition: string): S3Error {
  return new S3Error('PreconditionFailed', { Condition: condition });
}
