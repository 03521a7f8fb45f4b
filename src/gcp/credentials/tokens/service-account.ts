/**
 * Access tokens of a service account, for an assertion that its key signs.
 * https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests
 */

import { DEFAULT_UNIVERSE } from '../../endpoint.ts';
import { because } from '../errors.ts';
import type { CredentialFile } from '../file.ts';
import { SCOPE, type TokenSources } from '../token.ts';
import { universeIn } from './fields.ts';
import { signJwt } from './jwt.ts';
import { askForAccessToken, GOOGLE_TOKEN_URL } from './token-grant.ts';

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
/** The most that Google accepts. */
const LIFETIME_SECONDS = 3600;

/** Google's own host is asked, and is the audience, whatever `token_uri` says: nothing else may get an assertion. */
export async function fromServiceAccount(file: CredentialFile, sources: TokenSources): Promise<string> {
  if (universeIn(file.fields) !== DEFAULT_UNIVERSE) return await signOwnToken(file);
  const { exp, iat } = lifetime();
  const claims = { iss: file.fields.client_email, scope: SCOPE, aud: GOOGLE_TOKEN_URL, exp, iat };
  const assertion = await sign({ alg: 'RS256' }, claims, file);
  const form = { grant_type: JWT_BEARER, assertion };
  return await askForAccessToken({ url: new URL(GOOGLE_TOKEN_URL), form }, file, sources);
}

/** Other universes hand out no tokens: what the key signs is the token. https://google.aip.dev/auth/4111 */
async function signOwnToken(file: CredentialFile): Promise<string> {
  const { client_email: email, private_key_id: kid } = file.fields;
  const claims = { iss: email, sub: email, scope: SCOPE, ...lifetime() };
  return await sign({ alg: 'RS256', typ: 'JWT', ...(kid ? { kid } : {}) }, claims, file);
}

function lifetime() {
  const iat = Math.floor(Date.now() / 1000);
  return { exp: iat + LIFETIME_SECONDS, iat };
}

async function sign(header: object, claims: object, file: CredentialFile): Promise<string> {
  const token = await signJwt(header, claims, file.fields.private_key as string);
  if (token !== undefined) return token;
  throw because(
    `the private_key in ${file.name} is not a valid RSA key for signing`,
    'use the file as Google created it, with the line breaks of the key as \\n',
  );
}
