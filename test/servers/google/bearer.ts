/** The caller of a Google Cloud API, from the `authorization` header. */

import { type AccessToken, SERVICE_ACCOUNT, verifyAccessToken } from './access-tokens.ts';
import { decodeJwt, isSignedBy, serviceAccountKey } from './jwt.ts';
import { credentialsInvalid, credentialsMissing, type Method, scopeInsufficient } from './refusals.ts';

const BEARER = /^Bearer +(\S+)$/i;

/** The caller, who has at least one of the scopes; throws the error that Google answers with. */
export function identify(
  authorization: string | undefined,
  called: Method,
  acceptedScopes: readonly string[],
  nowMs: number,
): AccessToken {
  if (authorization === undefined) throw credentialsMissing(called);
  const text = BEARER.exec(authorization)?.[1] ?? '';
  const token = verifyAccessToken(text, nowMs) ?? selfSigned(text, called, nowMs);
  if (token === undefined) {
    const expired = verifyAccessToken(text, Number.NEGATIVE_INFINITY) !== undefined;
    throw credentialsInvalid(called, expired ? 'ACCESS_TOKEN_EXPIRED' : 'ACCESS_TOKEN_TYPE_UNSUPPORTED');
  }
  // A self-signed token for an audience is good for all of that service.
  if (token.scopes.some((scope) => scope === called.service || acceptedScopes.includes(scope))) return token;
  throw scopeInsufficient(called);
}

/** Service accounts may sign their own tokens: https://google.aip.dev/auth/4111 */
function selfSigned(text: string, { service }: Method, nowMs: number): AccessToken | undefined {
  const { iss, sub, aud, scope, exp } = decodeJwt(text)?.claims ?? {};
  if (iss !== SERVICE_ACCOUNT || sub !== iss || !isSignedBy(text, serviceAccountKey)) return undefined;
  const expiresAt = Number(exp) * 1000;
  if (!(expiresAt > nowMs)) return undefined;
  const isForService = aud === `https://${service}/`;
  return {
    principal: SERVICE_ACCOUNT,
    scopes: isForService ? [service] : String(scope ?? '').split(' '),
    expiresAt,
  };
}
