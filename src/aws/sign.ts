/**
 * Signature Version 4 for requests that are one GET or one POST. Ours, because each published signer costs
 * the startup of a container milliseconds (the figures are in bench/README.md); checked against
 * `@smithy/signature-v4` in tests.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { toHex } from '../system/bytes.ts';
import type { System } from '../system/system.ts';
import type { AwsCredentials } from './identity.ts';
import type { AwsService } from './settings.ts';

/** SHA-256 of the empty string. */
const HASH_OF_NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

export interface SigningOptions {
  readonly service: AwsService;
  readonly region: string;
  readonly credentials: AwsCredentials;
  /** The server's time, in ms since the epoch. */
  readonly now: number;
}

export interface UnsignedRequest {
  readonly method: string;
  /** Path and query as they are sent, RFC 3986 encoded. */
  readonly url: URL;
  readonly headers: Record<string, string>;
  readonly body?: string;
}

/** The request's headers with those that sign it; `host` is left to the HTTP client. */
export function sign(
  request: UnsignedRequest,
  options: SigningOptions,
  system: System,
): Record<string, string> {
  const { service, region, credentials, now } = options;
  const hex = (data: string) => toHex(system.sha256(data));
  const bodyHash = request.body === undefined ? HASH_OF_NOTHING : hex(request.body);
  const time = basicTime(now);
  const date = time.slice(0, 8);
  const headers: Record<string, string> = {
    ...lowerCase(request.headers),
    'x-amz-date': time,
    ...(service === 's3' ? { 'x-amz-content-sha256': bodyHash } : {}),
    ...(credentials.sessionToken === undefined
      ? {}
      : { 'x-amz-security-token': credentials.sessionToken.reveal() }),
  };
  const signed = { ...headers, host: request.url.host };
  const names = Object.keys(signed).sort();
  const canonicalRequest = [
    request.method,
    // S3 signs the path as it is; other services encode it once more, which changes nothing for "/".
    request.url.pathname,
    canonicalQuery(request.url),
    canonicalHeaders(names, signed),
    names.join(';'),
    bodyHash,
  ].join('\n');
  const scope = `${date}/${region}/${service}/aws4_request`;
  const stringToSign = ['AWS4-HMAC-SHA256', time, scope, hex(canonicalRequest)].join('\n');
  const signature = toHex(
    system.hmacSha256(signingKey([date, region, service, 'aws4_request'], credentials, system), stringToSign),
  );
  headers.authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return headers;
}

/**
 * The latest key of each set of credentials: all sources of a startup share it, and it is four fifths of the
 * work.
 */
const signingKeys = new WeakMap<AwsCredentials, { readonly scope: string; readonly key: Uint8Array }>();

function signingKey(parts: readonly string[], credentials: AwsCredentials, system: System): Uint8Array {
  const scope = parts.join('/');
  const known = signingKeys.get(credentials);
  if (known?.scope === scope) return known.key;
  let key: string | Uint8Array = `AWS4${credentials.secretAccessKey.reveal()}`;
  for (const part of parts) key = system.hmacSha256(key, part);
  signingKeys.set(credentials, { scope, key: key as Uint8Array });
  return key as Uint8Array;
}

/** ISO 8601's basic format: `20150830T123600Z`. */
function basicTime(now: number): string {
  const iso = new Date(now).toISOString();
  const part = (start: number) => iso.slice(start, start + 2);
  return `${iso.slice(0, 4)}${part(5)}${part(8)}T${part(11)}${part(14)}${part(17)}Z`;
}

/** Each in a line of its own, and an empty line after the last. */
function canonicalHeaders(names: readonly string[], headers: Readonly<Record<string, string>>): string {
  let lines = '';
  for (const name of names) lines += `${name}:${oneSpace(headers[name] as string)}\n`;
  return lines;
}

function oneSpace(value: string): string {
  return value.includes('  ') ? value.trim().replace(/ +/g, ' ') : value.trim();
}

function lowerCase(headers: Record<string, string>): Record<string, string> {
  const lower: Record<string, string> = {};
  for (const name of Object.keys(headers)) lower[name.toLowerCase()] = headers[name] as string;
  return lower;
}

/** The URL's own encoding is kept, so it has to be the canonical one. */
function canonicalQuery(url: URL): string {
  const { search } = url;
  return search === '' ? '' : search.slice(1).split('&').sort().join('&');
}
