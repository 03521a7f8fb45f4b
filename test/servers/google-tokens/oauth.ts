/**
 * `POST /token`: a service account's signed assertion, or a user's refresh token, for an access token.
 * https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests
 * https://developers.google.com/identity/protocols/oauth2/web-server#offline
 */

import { issueAccessToken } from '../google/access-tokens.ts';
import { CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, USER } from '../google/credential-files.ts';
import { decodeJwt, isSignedBy, serviceAccountKey } from '../google/jwt.ts';
import type { Received } from '../http/exchange.ts';
import { OAuthError } from './errors.ts';
import type { TokenState } from './state.ts';

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** Every name that Google's token endpoint had. */
const AUDIENCES = [
  'https://oauth2.googleapis.com/token',
  'https://www.googleapis.com/oauth2/v4/token',
  'https://accounts.google.com/o/oauth2/token',
];
const LONGEST_SECONDS = 3600;
const SKEW_SECONDS = 300;
const UNREASONABLE =
  'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.';

export function grantToken(request: Received, form: URLSearchParams, state: TokenState): object {
  switch (form.get('grant_type')) {
    case JWT_BEARER:
      return grantToServiceAccount(form.get('assertion') ?? '', request, state);
    case 'refresh_token':
      return grantToUser(form, state);
    default:
      throw new OAuthError('unsupported_grant_type', `Invalid grant_type: ${form.get('grant_type') ?? ''}`);
  }
}

function grantToServiceAccount(
  assertion: string,
  request: Received,
  { clock, settings }: TokenState,
): object {
  const { iss, aud, scope, iat, exp } = decodeJwt(assertion)?.claims ?? {};
  if (iss === undefined) throw invalidGrant('Bad Request');
  if (!settings.serviceAccounts.includes(String(iss))) throw invalidGrant('Invalid grant: account not found');
  if (settings.serviceAccountKeyDeleted || !isSignedBy(assertion, serviceAccountKey))
    throw invalidGrant('Invalid JWT Signature.');
  checkAudience(aud, request);
  checkTimes(Number(iat), Number(exp), clock.now() / 1000);
  if (typeof scope !== 'string' || scope === '')
    throw new OAuthError('invalid_scope', 'Invalid OAuth scope or ID token audience provided.');
  return issue(String(iss), scope.split(' '), clock.now(), settings.expiresInSeconds);
}

/** Clients put into `aud` either Google's URL or the one they ask. */
function checkAudience(aud: unknown, { host, secure }: Received): void {
  const own = `${secure ? 'https' : 'http'}://${host}/token`;
  if ([...AUDIENCES, own].includes(String(aud))) return;
  throw invalidGrant(`Invalid JWT: Failed audience check. The right audience is ${AUDIENCES[0]}`);
}

function checkTimes(iat: number, exp: number, now: number): void {
  const isShort = exp - iat <= LONGEST_SECONDS && exp >= iat;
  if (!isShort || exp <= now || iat > now + SKEW_SECONDS) throw invalidGrant(UNREASONABLE);
}

function grantToUser(form: URLSearchParams, { clock, settings }: TokenState): object {
  if (form.get('client_id') !== CLIENT_ID)
    throw new OAuthError('invalid_client', 'The OAuth client was not found.');
  if (form.get('client_secret') !== CLIENT_SECRET)
    throw new OAuthError('invalid_client', 'The provided client secret is invalid.');
  if (form.get('refresh_token') !== REFRESH_TOKEN) throw invalidGrant('Bad Request');
  if (settings.refreshTokenRevoked) throw invalidGrant('Token has been expired or revoked.');
  const { userScopes, expiresInSeconds } = settings;
  return { ...issue(USER, userScopes, clock.now(), expiresInSeconds), scope: userScopes.join(' ') };
}

function issue(principal: string, scopes: readonly string[], nowMs: number, seconds: number): object {
  const token = issueAccessToken({ principal, scopes, expiresAt: nowMs + seconds * 1000 });
  return { access_token: token, expires_in: seconds, token_type: 'Bearer' };
}

function invalidGrant(message: string): OAuthError {
  return new OAuthError('invalid_grant', message);
}
