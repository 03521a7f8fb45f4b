/** An object's bytes with what both APIs say about them. */

import { gunzipSync } from 'node:zlib';
import type { Answer, Received } from '../http/exchange.ts';
import { openBytes } from './cmek.ts';
import { isUnchanged } from './conditions.ts';
import { GcsError } from './errors.ts';
import type { StoredObject } from './objects.ts';
import type { GcsState } from './state.ts';

const EMPTY = Buffer.alloc(0);

export function mediaAnswer(
  request: Received,
  object: StoredObject,
  state: GcsState,
  more: Readonly<Record<string, string>>,
): Answer {
  const headers = { ...describe(object), ...more };
  if (isUnchanged(request, object)) return { status: 304, headers, body: EMPTY };
  if (request.method === 'HEAD') {
    return { status: 200, headers: { ...headers, 'content-length': String(object.size) }, body: EMPTY };
  }
  const bytes = openBytes(object.sealed, object.kmsKeyName, object.name, state.kmsKeys);
  if (isTranscoded(request, object)) return transcoded(headers, bytes);
  const range = parseRange(request.headers.range, bytes.length);
  if (range === undefined) return { status: 200, headers, body: bytes };
  const [from, to] = range;
  const contentRange = `bytes ${from}-${to}/${bytes.length}`;
  return {
    status: 206,
    headers: { ...headers, 'content-range': contentRange },
    body: bytes.subarray(from, to + 1),
  };
}

/** https://docs.cloud.google.com/storage/docs/xml-api/reference-headers */
function describe(object: StoredObject): Record<string, string> {
  const { generation, metageneration, crc32c, md5, contentEncoding, metadata } = object;
  return {
    'cache-control': 'private, max-age=0',
    'last-modified': new Date(object.updatedMs).toUTCString(),
    'content-type': object.contentType,
    ...(contentEncoding && { 'content-encoding': contentEncoding }),
    'x-goog-generation': String(generation),
    'x-goog-metageneration': String(metageneration),
    'x-goog-stored-content-encoding': contentEncoding ?? 'identity',
    'x-goog-stored-content-length': String(object.size),
    'x-goog-hash': `crc32c=${crc32c},md5=${md5}`,
    'x-goog-storage-class': 'STANDARD',
    'accept-ranges': 'bytes',
    ...Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`x-goog-meta-${name}`, value])),
  };
}

/** https://docs.cloud.google.com/storage/docs/transcoding */
function isTranscoded({ headers }: Received, { contentEncoding }: StoredObject): boolean {
  return contentEncoding === 'gzip' && !/\bgzip\b/.test(headers['accept-encoding'] ?? '');
}

/** The checksums stay those of what is stored. */
function transcoded(headers: Record<string, string>, bytes: Buffer): Answer {
  const { 'content-encoding': _, 'accept-ranges': __, ...kept } = headers;
  const warning = '214 UploadServer gunzipped';
  return { status: 200, headers: { ...kept, warning, vary: 'Accept-Encoding' }, body: gunzipSync(bytes) };
}

/** First and last byte of a single range; anything else that could be a range is the whole object. */
function parseRange(header: string | undefined, size: number): [number, number] | undefined {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (from === '' && to === '') return undefined;
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (first > last) throw new GcsError('InvalidRange');
  return [first, last];
}
