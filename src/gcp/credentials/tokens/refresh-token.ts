/** Access tokens of people, for the refresh token that gcloud stored at their login. */

import type { CredentialFile } from '../file.ts';
import type { TokenSources } from '../token.ts';
import { universeIn, urlIn } from './fields.ts';
import { askForAccessToken, basicAuthorization, GOOGLE_TOKEN_URL } from './token-grant.ts';

/** Those that are required have been checked. */
type Fields = Readonly<Record<string, string>>;

/** https://developers.google.com/identity/protocols/oauth2/web-server#offline */
export async function fromUser(file: CredentialFile, sources: TokenSources): Promise<string> {
  const { refresh_token = '', client_id = '', client_secret = '' } = file.fields as Fields;
  const form = { refresh_token, client_id, client_secret, grant_type: 'refresh_token' };
  return await askForAccessToken({ url: new URL(GOOGLE_TOKEN_URL), form }, file, sources);
}

/** A user of a workforce pool, after gcloud auth application-default login --login-config. */
export async function fromPoolUser(file: CredentialFile, sources: TokenSources): Promise<string> {
  const { fields } = file;
  const usual = `https://sts.${universeIn(fields)}/v1/oauthtoken`;
  const grant = {
    url: urlIn(file, 'token_url', fields.token_url ?? usual),
    form: { grant_type: 'refresh_token', refresh_token: fields.refresh_token as string },
    headers: { authorization: basicAuthorization(fields) },
  };
  return await askForAccessToken(grant, file, sources);
}
