/**
 * The signer of a request, or the reason why it is not known. Each service has its own answers to a failure.
 */

import { timingSafeEqual } from 'node:crypto';
import type { AccessKey, AccessKeys } from '../aws/access-keys.ts';
import type { Received } from '../http/exchange.ts';
import { canonicalRequest, type Scope, sign, signingKey, stringToSign } from './signature.ts';

export interface Authenticated {
  readonly caller: AccessKey;
  readonly scope: Scope;
  readonly amzDate: string;
  readonly signature: string;
  readonly key: Buffer;
}

export type Failure =
  | { readonly reason: 'missing' }
  | { readonly reason: 'malformed'; readonly detail: string }
  | { readonly reason: 'unknown_key'; readonly accessKeyId: string }
  | { readonly reason: 'skewed'; readonly amzDate: string }
  | { readonly reason: 'wrong_region'; readonly given: string }
  | { readonly reason: 'wrong_service'; readonly given: string }
  | { readonly reason: 'unsigned_headers'; readonly names: readonly string[] }
  | { readonly reason: 'wrong_token' }
  | { readonly reason: 'expired_token' }
  | { readonly reason: 'wrong_signature'; readonly canonical: string; readonly stringToSign: string };

/** What the service expects. */
export interface Expectation {
  readonly accessKeys: AccessKeys;
  readonly nowMs: number;
  readonly maxSkewMs: number;
  readonly region: string;
  readonly service: string;
  readonly payloadHash: string;
}

interface Authorization {
  readonly accessKeyId: string;
  readonly scope: Scope;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const CREDENTIAL = /^([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request$/;
const AMZ_DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

export function authenticate(request: Received, expected: Expectation): Authenticated | Failure {
  const header = request.headers.authorization;
  if (header === undefined) return { reason: 'missing' };
  const authorization = parseAuthorization(header);
  if (typeof authorization === 'string') return { reason: 'malformed', detail: authorization };
  const amzDate = request.headers['x-amz-date'] ?? '';
  const caller = expected.accessKeys.find(authorization.accessKeyId);
  return (
    checkScope(authorization.scope, amzDate, expected) ??
    checkCaller(caller, authorization.accessKeyId, request) ??
    checkSignedHeaders(authorization.signedHeaders, request) ??
    checkSignature(request, authorization, amzDate, caller as AccessKey, expected)
  );
}

function parseAuthorization(header: string): Authorization | string {
  const [, rest] = /^AWS4-HMAC-SHA256\s+(.*)$/.exec(header) ?? [];
  if (rest === undefined) return 'the authorization mechanism is not AWS4-HMAC-SHA256';
  const fields = Object.fromEntries(rest.split(/,\s*/).map((field) => field.split(/=(.*)/s, 2)));
  const [, accessKeyId, date, region, service] = CREDENTIAL.exec(fields.Credential ?? '') ?? [];
  if (!accessKeyId || !date || !region || !service) return 'the Credential is mal-formed';
  if (!fields.SignedHeaders || !fields.Signature) return 'SignedHeaders or Signature is missing';
  const signedHeaders = fields.SignedHeaders.split(';');
  return { accessKeyId, scope: { date, region, service }, signedHeaders, signature: fields.Signature };
}

function checkScope(scope: Scope, amzDate: string, expected: Expectation): Failure | undefined {
  const requestMs = parseAmzDate(amzDate);
  if (requestMs === undefined) return { reason: 'malformed', detail: 'x-amz-date is missing or not a date' };
  if (Math.abs(requestMs - expected.nowMs) > expected.maxSkewMs) return { reason: 'skewed', amzDate };
  if (!amzDate.startsWith(scope.date))
    return { reason: 'malformed', detail: `invalid credential date "${scope.date}"` };
  if (scope.service !== expected.service) return { reason: 'wrong_service', given: scope.service };
  if (scope.region !== expected.region) return { reason: 'wrong_region', given: scope.region };
  return undefined;
}

/** Temporary credentials without their token are not valid credentials. */
function checkCaller(
  caller: AccessKey | undefined,
  accessKeyId: string,
  request: Received,
): Failure | undefined {
  const token = request.headers['x-amz-security-token'];
  if (caller === undefined) return { reason: 'unknown_key', accessKeyId };
  if (caller.sessionToken !== undefined && token === undefined) return { reason: 'unknown_key', accessKeyId };
  if (token !== caller.sessionToken) return { reason: 'wrong_token' };
  if (caller.expired) return { reason: 'expired_token' };
  return undefined;
}

/** `host` and every `x-amz-*` header that is sent must be signed. */
function checkSignedHeaders(signedHeaders: readonly string[], request: Received): Failure | undefined {
  const sent = Object.keys(request.headers).filter((name) => name === 'host' || name.startsWith('x-amz-'));
  const names = sent.filter((name) => !signedHeaders.includes(name));
  return names.length > 0 ? { reason: 'unsigned_headers', names } : undefined;
}

function checkSignature(
  request: Received,
  { scope, signedHeaders, signature }: Authorization,
  amzDate: string,
  caller: AccessKey,
  { service, payloadHash }: Expectation,
): Authenticated | Failure {
  const canonical = canonicalRequest(request, signedHeaders, payloadHash, service);
  const text = stringToSign(amzDate, scope, canonical);
  const key = signingKey(caller.secretAccessKey, scope);
  if (!equal(sign(key, text), signature)) return { reason: 'wrong_signature', canonical, stringToSign: text };
  return { caller, scope, amzDate, signature, key };
}

function parseAmzDate(amzDate: string): number | undefined {
  if (!AMZ_DATE.test(amzDate)) return undefined;
  const time = Date.parse(amzDate.replace(AMZ_DATE, '$1-$2-$3T$4:$5:$6Z'));
  return Number.isNaN(time) ? undefined : time;
}

export function equal(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
