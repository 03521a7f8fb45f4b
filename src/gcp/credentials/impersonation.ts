/**
 * A token of a service account, for an identity that may impersonate it.
 * https://docs.cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken
 */
import { EnvsealError } from '../../errors.ts';
import { type GoogleVariables, universeOf } from '../endpoint.ts';
import { explainImpersonation, impersonatedIn, incomplete } from './errors.ts';
import { type CredentialFields, type CredentialFile, emailOf } from './file.ts';
import { askForToken } from './request.ts';
import { type FoundToken, isToken, SCOPE, type TokenSources } from './token.ts';

export interface Impersonation {
  readonly url: URL;
  readonly target: string;
  /** Accounts that each impersonate the next one, the last of them the target. */
  readonly delegates: readonly string[];
  /** The token's lifetime; an hour if left out. Google allows more where the organization's policy does. */
  readonly lifetimeSeconds?: string;
}

const DEFAULT_LIFETIME_SECONDS = '3600';
const ENDPOINT_VARIABLE = 'CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS';
const CHAIN_VARIABLE = 'CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT';

/**
 * With gcloud's property: accounts with commas between, the target last.
 * https://docs.cloud.google.com/sdk/gcloud/reference/config/set#impersonate_service_account
 */
export async function impersonateChain(
  chain: string,
  source: FoundToken,
  sources: TokenSources,
): Promise<FoundToken> {
  const accounts = chain.split(',').map((account) => emailOf(account.trim()));
  if (accounts.includes(undefined)) {
    throw new EnvsealError(
      'configuration',
      `${CHAIN_VARIABLE} is not the e-mail address of a service account`,
      {
        hint: `${CHAIN_VARIABLE}=NAME@PROJECT.iam.gserviceaccount.com`,
      },
    );
  }
  const target = accounts.at(-1) as string;
  const delegates = accounts.slice(0, -1) as string[];
  const url = new URL(
    `${endpoint(sources.variables)}/v1/projects/-/serviceAccounts/${encodeURIComponent(target)}:generateAccessToken`,
  );
  return await impersonate({ url, target, delegates }, source, sources);
}

/** With the fields of a credential file; `undefined` where it names no account. Throws `credentials`. */
export function impersonationIn(file: CredentialFile): Impersonation | undefined {
  const { service_account_impersonation_url: text, delegates, service_account_impersonation } = file.fields;
  if (text === undefined || text === null || text === '') return undefined;
  const target = impersonatedIn(file.fields);
  const isUrl = URL.canParse(text as string) && /^https?:/i.test(text as string);
  if (target === undefined || !isUrl) throw incomplete(file, 'service_account_impersonation_url');
  const chain = Array.isArray(delegates) ? delegates.map(emailOf) : [];
  if (chain.includes(undefined)) throw incomplete(file, 'delegates');
  const { token_lifetime_seconds } = (service_account_impersonation ?? {}) as CredentialFields;
  const lifetimeSeconds = String(token_lifetime_seconds || DEFAULT_LIFETIME_SECONDS);
  if (!/^\d{1,6}$/.test(lifetimeSeconds))
    throw incomplete(file, 'service_account_impersonation.token_lifetime_seconds');
  return { url: new URL(text as string), target, delegates: chain as string[], lifetimeSeconds };
}

/** Throws `denied` where the source may not, `credentials` where there is no such account. */
export async function impersonate(
  { url, target, delegates, lifetimeSeconds = DEFAULT_LIFETIME_SECONDS }: Impersonation,
  source: FoundToken,
  sources: TokenSources,
): Promise<FoundToken> {
  const headers = { authorization: `Bearer ${source.text}`, 'content-type': 'application/json' };
  const names = delegates.map((account) => `projects/-/serviceAccounts/${account}`);
  const body = JSON.stringify({
    ...(names.length > 0 ? { delegates: names } : {}),
    scope: [SCOPE],
    lifetime: `${lifetimeSeconds}s`,
  });
  const { json } = await askForToken({ method: 'POST', url, headers, body }, sources, (refused) =>
    explainImpersonation(refused, target),
  );
  const text = json?.accessToken;
  if (isToken(text)) return { text, principal: target };
  throw new EnvsealError('credentials', `${url.host} sent no access token for ${target}`, {
    hint: `check ${ENDPOINT_VARIABLE}, and the server there`,
  });
}

function endpoint(variables: GoogleVariables): string {
  const text = variables[ENDPOINT_VARIABLE] || `https://iamcredentials.${universeOf(variables)}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.username + url.password === '')
    return url.href.replace(/\/(v1\/?)?$/, '');
  throw new EnvsealError('configuration', `invalid endpoint in ${ENDPOINT_VARIABLE}`, {
    hint: `use ${ENDPOINT_VARIABLE}=https://HOST, without user and password`,
  });
}
