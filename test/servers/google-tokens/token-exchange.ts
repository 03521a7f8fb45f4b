/**
 * `POST /v1/token`: the token of a workload identity provider for a federated access token.
 * https://docs.cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token
 */

import { issueAccessToken } from '../google/access-tokens.ts';
import { decodeJwt, isSignedBy, tokenIssuerKey } from '../google/jwt.ts';
import { AWS_AUDIENCE, OIDC_AUDIENCE, poolPrincipal, TOKEN_ISSUER } from '../google/subject-tokens.ts';
import { awsCaller } from './aws-subject.ts';
import { OAuthError } from './errors.ts';
import type { TokenState } from './state.ts';

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const AWS_REQUEST = 'urn:ietf:params:aws:token-type:aws4_request';
const JWT_TYPES = ['urn:ietf:params:oauth:token-type:jwt', 'urn:ietf:params:oauth:token-type:id_token'];

const AUDIENCE =
  /^\/\/iam\.googleapis\.com\/projects\/\d+\/locations\/global\/workloadIdentityPools\/[^/]+\/providers\/[^/]+$/;
const FORMATS = 'https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token';

export function exchangeToken(form: URLSearchParams, state: TokenState): object {
  demand(form, 'grant_type', EXCHANGE);
  demand(form, 'requested_token_type', ACCESS_TOKEN);
  const audience = checkAudience(form.get('audience') ?? '', state);
  const scopes = (form.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
  if (scopes.length === 0) throw new OAuthError('invalid_scope', 'Empty or missing scope not allowed.');
  const subject = subjectOf(form, audience, state);
  const { expiresInSeconds } = state.settings;
  const expiresAt = state.clock.now() + expiresInSeconds * 1000;
  return {
    access_token: issueAccessToken({ principal: poolPrincipal(subject), scopes, expiresAt }),
    issued_token_type: ACCESS_TOKEN,
    token_type: 'Bearer',
    expires_in: expiresInSeconds,
  };
}

function demand(form: URLSearchParams, name: string, value: string): void {
  if (form.get(name) !== value) throw new OAuthError('invalid_request', `Invalid value for "${name}".`);
}

function checkAudience(audience: string, { settings }: TokenState): string {
  if (!AUDIENCE.test(audience))
    throw new OAuthError(
      'invalid_request',
      `Invalid value for "audience". This value should be the full resource name of the Identity Provider. See ${FORMATS} for the list of possible formats.`,
    );
  if (![OIDC_AUDIENCE, AWS_AUDIENCE].includes(audience) || settings.providersDisabled)
    throw new OAuthError(
      'invalid_target',
      'The target service indicated by the "audience" parameters is invalid. This might either be because the pool or provider is disabled or deleted or because it doesn\'t exist.',
    );
  return audience;
}

function subjectOf(form: URLSearchParams, audience: string, state: TokenState): string {
  const type = form.get('subject_token_type') ?? '';
  const token = form.get('subject_token') ?? '';
  if (audience === AWS_AUDIENCE && type === AWS_REQUEST) return awsCaller(token, audience, state);
  if (audience === OIDC_AUDIENCE && JWT_TYPES.includes(type)) return jwtSubject(token, audience, state);
  throw new OAuthError('invalid_request', 'Invalid value for "subject_token_type".');
}

/** The texts are what clients have reported; only the issuer's is in Google's own manual. */
function jwtSubject(token: string, audience: string, { clock }: TokenState): string {
  const { iss, sub, aud, iat, exp } = decodeJwt(token)?.claims ?? {};
  if (iss === undefined) throw invalidGrant('Unable to parse the ID Token.');
  if (iss !== TOKEN_ISSUER) throw invalidGrant("Error connecting to the given credential's issuer.");
  if (!isSignedBy(token, tokenIssuerKey)) throw invalidGrant('Unable to verify the ID Token signature.');
  const expected = [audience, `https:${audience}`];
  if (![aud].flat().some((value) => expected.includes(String(value))))
    throw invalidGrant(`The audience in ID Token [${aud}] does not match the expected audience.`);
  if (!(Number(exp) * 1000 > clock.now()))
    throw invalidGrant(`ID Token issued at ${iat} is stale to sign-in.`);
  return String(sub);
}

function invalidGrant(message: string): OAuthError {
  return new OAuthError('invalid_grant', message);
}
