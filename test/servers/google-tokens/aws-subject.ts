/**
 * The subject token of a workload on AWS: a signed request to GetCallerIdentity, serialised instead of sent.
 * https://docs.cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token#request-body
 */

import type { Received } from '../http/exchange.ts';
import { authenticate, type Failure } from '../sigv4/authentication.ts';
import { sha256Hex } from '../sigv4/signature.ts';
import { explain } from '../sts/errors.ts';
import { OAuthError } from './errors.ts';
import type { TokenState } from './state.ts';

interface SerializedRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: readonly { readonly key: string; readonly value: string }[];
}

const HOST = /^sts(?:\.([a-z0-9-]+))?\.amazonaws\.com$/;
const QUERY = '?Action=GetCallerIdentity&Version=2011-06-15';
const TARGET_HEADER = 'x-goog-cloud-target-resource';
const MAX_SKEW_MS = 15 * 60 * 1000;

/** The ARN of who signed, as AWS would name it. */
export function awsCaller(token: string, audience: string, { accessKeys, clock }: TokenState): string {
  const { url, method, headers } = parse(token);
  const region = HOST.exec(url.hostname)?.[1] ?? 'us-east-1';
  if (!HOST.test(url.hostname) || url.search !== QUERY || method !== 'POST')
    throw malformed('the request is not a POST of GetCallerIdentity to AWS STS');
  if (headers[TARGET_HEADER] !== audience)
    throw malformed(`the header ${TARGET_HEADER} does not match the audience`);
  const result = authenticate(received(url, method, headers, region), {
    accessKeys,
    nowMs: clock.now(),
    maxSkewMs: MAX_SKEW_MS,
    region,
    service: 'sts',
    payloadHash: sha256Hex(''),
  });
  if ('reason' in result) throw refused(result);
  return result.caller.arn;
}

function parse(token: string): { url: URL; method: string; headers: Record<string, string> } {
  try {
    const { url, method, headers }: SerializedRequest = JSON.parse(decodeURIComponent(token));
    const pairs = headers.map(({ key, value }) => [key.toLowerCase(), value]);
    return { url: new URL(url), method, headers: Object.fromEntries(pairs) };
  } catch {
    throw malformed('it is no serialized request');
  }
}

/** The request as AWS would have got it. */
function received(url: URL, method: string, headers: Record<string, string>, region: string): Received {
  return {
    method,
    target: url.pathname + url.search,
    path: url.pathname,
    query: url.searchParams,
    host: headers.host ?? '',
    headers,
    body: Buffer.alloc(0),
    region,
    secure: true,
  };
}

function malformed(why: string): OAuthError {
  return new OAuthError('invalid_request', `Invalid format of AWS credentials: ${why}`);
}

function refused(failure: Failure): OAuthError {
  const { code, message } = explain(failure);
  const text = `Received invalid AWS response of type ${code} with message: ${message}`;
  return new OAuthError('invalid_grant', text);
}
