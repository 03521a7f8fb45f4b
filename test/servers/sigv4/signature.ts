/**
 * Signature Version 4, from the request's bytes to the signature; written from the specification and not with an SDK's
 * signer, so that a mistake in one is not hidden by the same mistake in the other.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */

import { createHash, createHmac } from 'node:crypto';
import { splitOnce } from '../http/exchange.ts';

/** `DATE/REGION/SERVICE/aws4_request` of the credential. */
export interface Scope {
  /** `YYYYMMDD`. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

export interface Signable {
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
}

export function canonicalRequest(
  request: Signable,
  signedHeaders: readonly string[],
  payloadHash: string,
  service: string,
): string {
  const [path, query = ''] = splitOnce(request.target, '?');
  const headers = signedHeaders.map((name) => `${name}:${canonicalValue(request.headers[name] ?? '')}\n`);
  return [
    request.method,
    canonicalPath(path, service),
    canonicalQuery(query),
    headers.join(''),
    signedHeaders.join(';'),
    payloadHash,
  ].join('\n');
}

export function stringToSign(amzDate: string, scope: Scope, canonical: string): string {
  return ['AWS4-HMAC-SHA256', amzDate, formatScope(scope), sha256Hex(canonical)].join('\n');
}

export function signingKey(secret: string, { date, region, service }: Scope): Buffer {
  return [date, region, service, 'aws4_request'].reduce<Buffer>(hmac, Buffer.from(`AWS4${secret}`));
}

export function sign(key: Buffer, text: string): string {
  return hmac(key, text).toString('hex');
}

export function formatScope({ date, region, service }: Scope): string {
  return `${date}/${region}/${service}/aws4_request`;
}

export function sha256Hex(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

/** S3 encodes a path once and leaves `//` and `..` alone; every other service normalises it and encodes it twice. */
function canonicalPath(path: string, service: string): string {
  if (service === 's3') return recode(path, '/');
  const depth: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') depth.pop();
    else if (segment !== '' && segment !== '.') depth.push(segment);
  }
  const normalised = `/${depth.join('/')}${depth.length > 0 && path.endsWith('/') ? '/' : ''}`;
  return normalised.split('/').map(encode).join('/');
}

function canonicalQuery(query: string): string {
  const pairs = query.split('&').filter((pair) => pair !== '');
  const encoded = pairs.map((pair) => splitOnce(pair, '=').map((part = '') => encode(decode(part))));
  return encoded
    .map(([name = '', value = '']) => `${name}=${value}`)
    .sort(byCodeUnit)
    .join('&');
}

/** Sorting `name=value` would put `a-b=` before `a=`; a separator below every allowed character does not. */
function byCodeUnit(a: string, b: string): number {
  const [left, right] = [a.replace('=', '\0'), b.replace('=', '\0')];
  return left < right ? -1 : left > right ? 1 : 0;
}

function canonicalValue(value: string): string {
  return value.trim().replace(/ +/g, ' ');
}

function recode(text: string, separator: string): string {
  return text.split(separator).map(decode).map(encode).join(separator);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** RFC 3986: everything but letters, digits and `-._~`. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
