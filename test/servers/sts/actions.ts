/**
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
 */

import type { AccessKey, AccessKeys } from '../aws/access-keys.ts';
import { element, elements } from '../aws/xml.ts';
import type { Clock } from '../http/clock.ts';
import type { Received } from '../http/exchange.ts';
import { authenticate } from '../sigv4/authentication.ts';
import { sha256Hex } from '../sigv4/signature.ts';
import { explain, StsError } from './errors.ts';
import type { AssumableRole } from './roles.ts';

export interface StsState {
  readonly clock: Clock;
  readonly accessKeys: AccessKeys;
  readonly roles: ReadonlyMap<string, AssumableRole>;
}

export interface Call {
  readonly state: StsState;
  readonly request: Received;
  readonly form: URLSearchParams;
}

/** Each returns what is inside its `…Result`. */
export const ACTIONS: Readonly<Record<string, (call: Call) => string[]>> = {
  AssumeRole: assumeRole,
  AssumeRoleWithWebIdentity: assumeRoleWithWebIdentity,
  GetCallerIdentity: getCallerIdentity,
};

const MAX_SKEW_MS = 5 * 60 * 1000;
const DEFAULT_DURATION_SECONDS = 3600;
const MIN_DURATION_SECONDS = 900;
const MAX_DURATION_SECONDS = 43_200;

/** Not signed: the token is the proof. */
function assumeRoleWithWebIdentity({ state, form }: Call): string[] {
  const role = state.roles.get(required(form, 'RoleArn'));
  const token = required(form, 'WebIdentityToken');
  const isThis = (candidate: { token: string }) => candidate.token === token;
  const isKnown = [...state.roles.values()].some(({ webIdentityTokens }) => webIdentityTokens?.some(isThis));
  if (!isKnown) throw new StsError('InvalidIdentityToken', 'The ID Token provided is not a valid JWT.');
  const trusted = role?.webIdentityTokens?.find(isThis);
  if (role === undefined || trusted === undefined)
    throw new StsError('AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity');
  if (trusted.expired) throw new StsError('ExpiredTokenException', 'Token expired');
  const subject = {
    SubjectFromWebIdentityToken: 'system:serviceaccount:default:test',
    Audience: 'sts.amazonaws.com',
  };
  return [...elements(subject), ...assumed(role, form, state.clock.now())];
}

function assumeRole({ state, request, form }: Call): string[] {
  const caller = identify(request, state);
  const arn = required(form, 'RoleArn');
  const role = state.roles.get(arn);
  const isTrusted = role?.trustedAccessKeys?.includes(caller.accessKeyId) ?? true;
  const isOurs = role?.externalId === undefined || role.externalId === form.get('ExternalId');
  if (role !== undefined && isTrusted && isOurs) return assumed(role, form, state.clock.now());
  const what = `User: ${caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${arn}`;
  throw new StsError('AccessDenied', what);
}

function getCallerIdentity({ state, request }: Call): string[] {
  const { arn, accessKeyId } = identify(request, state);
  return elements({ Arn: arn, UserId: accessKeyId, Account: arn.split(':')[4] });
}

function assumed({ arn, session }: AssumableRole, form: URLSearchParams, nowMs: number): string[] {
  const name = required(form, 'RoleSessionName');
  const id = sha256Hex(arn).slice(0, 12).toUpperCase();
  const credentials = {
    AccessKeyId: session.accessKeyId,
    SecretAccessKey: session.secretAccessKey,
    SessionToken: session.sessionToken,
    Expiration: new Date(nowMs + durationMs(form)).toISOString().replace(/\.\d+/, ''),
  };
  const user = { AssumedRoleId: `AROATEST${id}:${name}`, Arn: session.arn.replace(/[^/]+$/, name) };
  return [element('Credentials', elements(credentials)), element('AssumedRoleUser', elements(user))];
}

function identify(request: Received, { accessKeys, clock }: StsState): AccessKey {
  const result = authenticate(request, {
    accessKeys,
    nowMs: clock.now(),
    maxSkewMs: MAX_SKEW_MS,
    region: request.region,
    service: 'sts',
    payloadHash: sha256Hex(request.body),
  });
  if ('reason' in result) throw explain(result);
  return result.caller;
}

function required(form: URLSearchParams, name: string): string {
  const value = form.get(name);
  if (!value) throw new StsError('ValidationError', `Value null at '${name}' failed to satisfy constraint`);
  return value;
}

function durationMs(form: URLSearchParams): number {
  const seconds = Number(form.get('DurationSeconds') ?? DEFAULT_DURATION_SECONDS);
  if (seconds >= MIN_DURATION_SECONDS && seconds <= MAX_DURATION_SECONDS) return seconds * 1000;
  const range = `${MIN_DURATION_SECONDS} and ${MAX_DURATION_SECONDS}`;
  throw new StsError('ValidationError', `DurationSeconds must be between ${range}`);
}
