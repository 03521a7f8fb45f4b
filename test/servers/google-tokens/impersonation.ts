/**
 * An access token of a service account, for who may impersonate it.
 * https://docs.cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken
 */

import { CLOUD_PLATFORM_SCOPE, issueAccessToken } from '../google/access-tokens.ts';
import { identify } from '../google/bearer.ts';
import type { Method } from '../google/refusals.ts';
import { StatusError } from '../google/status.ts';
import type { Received } from '../http/exchange.ts';
import type { TokenState } from './state.ts';

export const IMPERSONATION_PATH = /^\/v1\/projects\/-\/serviceAccounts\/([^/:]+):generateAccessToken$/;

export const GENERATE: Method = {
  service: 'iamcredentials.googleapis.com',
  method: 'google.iam.credentials.v1.IAMCredentials.GenerateAccessToken',
};

const SCOPES = [CLOUD_PLATFORM_SCOPE, 'https://www.googleapis.com/auth/iam'];
const PERMISSION = 'iam.serviceAccounts.getAccessToken';
const LONGEST_SECONDS = 3600;

export function generateAccessToken(request: Received, { clock, settings }: TokenState): object {
  const caller = identify(request.headers.authorization, GENERATE, SCOPES, clock.now());
  const email = decodeURIComponent(IMPERSONATION_PATH.exec(request.path)?.[1] ?? '');
  if (!settings.serviceAccounts.includes(email))
    throw new StatusError('NOT_FOUND', `Not found; Gaia id not found for email ${email}`);
  if (settings.impersonators?.includes(caller.principal) === false) throw denied();
  const { scope, lifetime } = parse(request.body);
  const expiresAt = clock.now() + seconds(lifetime) * 1000;
  const accessToken = issueAccessToken({ principal: email, scopes: scope, expiresAt });
  return { accessToken, expireTime: new Date(expiresAt).toISOString().replace(/\.\d+/, '') };
}

function parse(body: Buffer): { scope: string[]; lifetime: string } {
  const { scope, lifetime = `${LONGEST_SECONDS}s` } = JSON.parse(body.toString() || '{}');
  if (Array.isArray(scope) && scope.length > 0) return { scope, lifetime };
  throw new StatusError('INVALID_ARGUMENT', 'Request contains an invalid argument.');
}

function seconds(lifetime: string): number {
  const [, value = Number.NaN] = /^(\d+)(?:\.\d+)?s$/.exec(lifetime) ?? [];
  if (Number(value) > 0 && Number(value) <= LONGEST_SECONDS) return Number(value);
  const message = `The access token lifetime must be more than 0 and at most ${LONGEST_SECONDS} seconds.`;
  throw new StatusError('INVALID_ARGUMENT', message);
}

/** Unlike other permissions' denials this one does not name the resource. */
function denied(): StatusError {
  const message = `Permission '${PERMISSION}' denied on resource (or it may not exist).`;
  const metadata = { permission: PERMISSION };
  return new StatusError('PERMISSION_DENIED', message, [
    { reason: 'IAM_PERMISSION_DENIED', domain: 'iam.googleapis.com', metadata },
  ]);
}
