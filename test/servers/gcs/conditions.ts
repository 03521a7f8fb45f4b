/**
 * Preconditions, which the XML API has in headers and the JSON API in the query.
 * https://docs.cloud.google.com/storage/docs/request-preconditions
 */

import type { Received } from '../http/exchange.ts';
import { GcsError } from './errors.ts';
import type { StoredObject } from './objects.ts';

type Part = Pick<Received, 'headers' | 'query'>;

/** Throws 412. 0 means that there is no live object. */
export function checkMatch({ headers, query }: Part, object: StoredObject | undefined): void {
  const { generation = 0, metageneration = 0 } = object ?? {};
  expect('x-goog-if-generation-match', headers, generation);
  expect('x-goog-if-metageneration-match', headers, metageneration);
  expectParameter('ifGenerationMatch', query, generation);
  expectParameter('ifMetagenerationMatch', query, metageneration);
  if (query.get('ifGenerationNotMatch') === String(generation)) throw failed('ifGenerationNotMatch');
  const ifMatch = headers['if-match'];
  if (ifMatch !== undefined && object !== undefined && !includes(ifMatch, object)) throw failed('If-Match');
}

/** True when the reader has this object already, which is a 304. */
export function isUnchanged({ headers }: Part, object: StoredObject): boolean {
  const ifNoneMatch = headers['if-none-match'];
  return ifNoneMatch !== undefined && includes(ifNoneMatch, object);
}

/** The XML API's. It is the MD5 only for an object that Google's own key seals. */
export function entityTag({ md5, kmsKeyName, generation }: StoredObject): string {
  const text = kmsKeyName === undefined ? Buffer.from(md5, 'base64').toString('hex') : jsonTag(generation);
  return `"${text}"`;
}

/** The JSON API's, which is opaque. */
export function jsonTag(generation: number): string {
  return Buffer.from(String(generation)).toString('base64');
}

function expect(name: string, headers: Received['headers'], actual: number): void {
  const wanted = headers[name];
  if (wanted !== undefined && wanted !== String(actual)) throw failed(name);
}

function expectParameter(name: string, query: URLSearchParams, actual: number): void {
  const wanted = query.get(name);
  if (wanted !== null && wanted !== String(actual)) throw failed(name);
}

function includes(list: string, object: StoredObject): boolean {
  const own = entityTag(object);
  return list === '*' || list.split(',').some((item) => item.trim().replace(/^W\//, '') === own);
}

function failed(condition: string): GcsError {
  return new GcsError('PreconditionFailed', { location: ['header', condition] });
}
