/**
 * Workload identity federation: a token of another identity provider for one of Google's Security Token Service, and that
 * for one of a service account where the file says so.
 * https://google.aip.dev/auth/4117, https://docs.cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token
 */

import { incomplete } from '../errors.ts';
import type { CredentialFile } from '../file.ts';
import { impersonate, impersonationIn } from '../impersonation.ts';
import { SCOPE, type TokenSources } from '../token.ts';
import { isFilled, universeIn, urlIn } from './fields.ts';
import { subjectTokenOf } from './subject-token.ts';
import { askForAccessToken, basicAuthorization, type Grant } from './token-grant.ts';

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const WORKFORCE = /\/\/iam\.googleapis\.com\/locations\/[^/]+\/workforcePools\/[^/]+\/providers\/./;

/** The whole file is checked before the first request. */
export async function fromExternalAccount(file: CredentialFile, sources: TokenSources): Promise<string> {
  const exchange = exchangeOf(file);
  const impersonation = impersonationIn(file);
  const subject_token = await subjectTokenOf(file, sources);
  const grant = { ...exchange, form: { ...exchange.form, subject_token } };
  const text = await askForAccessToken(grant, file, sources);
  if (impersonation === undefined) return text;
  return (await impersonate(impersonation, { text, principal: undefined }, sources)).text;
}

/** All but the subject token. */
function exchangeOf(file: CredentialFile): Grant {
  const { fields } = file;
  const options = optionsOf(file);
  return {
    url: urlIn(file, 'token_url', fields.token_url ?? `https://sts.${universeIn(fields)}/v1/token`),
    form: {
      grant_type: TOKEN_EXCHANGE,
      audience: fields.audience as string,
      scope: SCOPE,
      requested_token_type: ACCESS_TOKEN,
      subject_token_type: fields.subject_token_type as string,
      ...(options === undefined ? {} : { options }),
    },
    ...(fields.client_id ? { headers: { authorization: basicAuthorization(fields) } } : {}),
  };
}

/** The project billed for a user of a workforce pool; an OAuth client has one already. */
function optionsOf(file: CredentialFile): string | undefined {
  const { workforce_pool_user_project: userProject, audience, client_id } = file.fields;
  if (!userProject) return undefined;
  if (!isFilled(userProject) || !WORKFORCE.test(audience as string))
    throw incomplete(file, 'workforce_pool_user_project');
  return client_id ? undefined : JSON.stringify({ userProject });
}
