/**
 * Which API, bucket and object a request means, from its Host header and its path.
 * https://docs.cloud.google.com/storage/docs/request-endpoints
 */

import type { Received } from '../http/exchange.ts';
import { type Api, GcsError } from './errors.ts';

export interface Place {
  readonly api: Api;
  /** In the JSON API, what precedes the path. */
  readonly prefix?: 'upload' | 'download';
  /** Empty: the service itself. */
  readonly bucket: string;
  /** Empty: the bucket itself, or its list of objects. */
  readonly object: string;
  /** In the JSON API, whether `/o` follows the bucket. */
  readonly objects: boolean;
  /** In the JSON API, whether `/iam` follows the bucket. */
  readonly policy?: true;
  /** In the JSON API, `rewriteTo` or `copyTo`, and the destination. */
  readonly action?: { readonly name: string; readonly bucket: string; readonly object: string };
}

const VIRTUAL_HOST = /^(.+)\.storage\.googleapis\.com(:\d+)?$/;

export function locate(request: Received): Place {
  const [, host] = VIRTUAL_HOST.exec(request.host.toLowerCase()) ?? [];
  const raw = request.path.split('/').slice(1);
  if (host !== undefined) return { api: 'xml', bucket: host, object: decode(raw.join('/')), objects: true };
  return locateJson(raw) ?? locateXml(raw);
}

function locateXml([bucket = '', ...rest]: readonly string[]): Place {
  return { api: 'xml', bucket: decode(bucket), object: decode(rest.join('/')), objects: true };
}

/** A slash of an object's name is encoded here. */
function locateJson(raw: readonly string[]): Place | undefined {
  const [first] = raw;
  const prefix = first === 'upload' || first === 'download' ? first : undefined;
  const [storage, v1, b, bucket = '', o, object = '', name, , toBucket = '', , toObject = ''] =
    prefix === undefined ? raw : raw.slice(1);
  if (storage !== 'storage' || v1 !== 'v1' || b !== 'b') return undefined;
  return {
    api: 'json',
    ...(prefix && { prefix }),
    bucket: decode(bucket),
    object: decode(object),
    objects: o === 'o',
    ...(o === 'iam' && { policy: true as const }),
    ...(name && { action: { name, bucket: decode(toBucket), object: decode(toObject) } }),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new GcsError('InvalidURI');
  }
}
