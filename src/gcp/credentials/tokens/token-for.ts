/**
 * Access tokens for credential files. Ours, because Google's library is slow to load, has its own proxies and retries,
 * warns on stderr and quotes its input; each type is loaded when a file has it. Tests compare the requests with the library's.
 * https://google.aip.dev/auth/4110
 */

import { impersonatedIn, incomplete } from '../errors.ts';
import {
  type CredentialFields,
  type CredentialFile,
  type CredentialType,
  checkType,
  emailOf,
} from '../file.ts';
import { impersonate, impersonationIn } from '../impersonation.ts';
import type { FoundToken, TokenSources } from '../token.ts';
import { isFilled } from './fields.ts';

interface TypeRow {
  /** Fields that have to be text. */
  readonly required: readonly string[];
  principal(fields: CredentialFields): string | undefined;
  /** The access token. */
  ask(file: CredentialFile, sources: TokenSources): Promise<string>;
}

const TYPES: Readonly<Record<CredentialType, TypeRow>> = {
  service_account: {
    required: ['client_email', 'private_key'],
    principal: ({ client_email }) => emailOf(client_email),
    ask: async (...args) => await (await import('./service-account.ts')).fromServiceAccount(...args),
  },
  authorized_user: {
    required: ['client_id', 'client_secret', 'refresh_token'],
    principal: ({ account }) => emailOf(account),
    ask: async (...args) => await (await import('./refresh-token.ts')).fromUser(...args),
  },
  external_account: {
    required: ['audience', 'subject_token_type'],
    principal: impersonatedIn,
    ask: async (...args) => await (await import('./external-account.ts')).fromExternalAccount(...args),
  },
  external_account_authorized_user: {
    required: ['client_id', 'client_secret', 'refresh_token'],
    principal: () => undefined,
    ask: async (...args) => await (await import('./refresh-token.ts')).fromPoolUser(...args),
  },
  impersonated_service_account: {
    required: ['service_account_impersonation_url'],
    principal: impersonatedIn,
    ask: fromImpersonation,
  },
};

/**
 * Throws `credentials` for what the file lacks or its issuer refuses, `denied` where it may not impersonate, and what
 * `askForToken` throws.
 */
export async function tokenFor(file: CredentialFile, sources: TokenSources): Promise<FoundToken> {
  const { required, principal, ask } = TYPES[file.type];
  const missing = required.find((name) => !isFilled(file.fields[name]));
  if (missing !== undefined) throw incomplete(file, missing);
  return { text: await ask(file, sources), principal: principal(file.fields) };
}

async function fromImpersonation(file: CredentialFile, sources: TokenSources): Promise<string> {
  const impersonation = impersonationIn(file);
  if (impersonation === undefined) throw incomplete(file, 'service_account_impersonation_url');
  const source = checkType(file.fields.source_credentials, `source_credentials in ${file.name}`);
  const found = await tokenFor(source, sources);
  return (await impersonate(impersonation, found, sources)).text;
}
