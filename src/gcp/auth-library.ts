/**
 * Tokens for credential files, by Google's library. Its clients are made one by one, because its `fromJSON` warns on
 * stderr, asks for project ids, and loses the transport on the way.
 */
import { EnvsealError } from '../errors.ts';
import { withDeadline } from '../net/deadline.ts';
import { type FoundToken, isToken, SCOPE, type TokenSources } from './access-token.ts';
import { AuthTransport } from './auth-transport.ts';
import {
  type CredentialFields,
  type CredentialFile,
  type CredentialType,
  checkType,
  emailOf,
} from './credential-file.ts';
import { impersonate } from './impersonation.ts';
import { explainLibrary, impersonatedIn, incomplete } from './token-failure.ts';

type Library = typeof import('google-auth-library');

/** What all of the library's clients have. */
interface LibraryClient {
  getRequestHeaders(): Promise<Headers>;
}

/** How a client takes what all of them need. */
interface CommonOptions {
  readonly transporter: never;
  readonly universe_domain: string;
  /** Without the library's headers, and its log of requests. */
  readonly useAuthRequestParameters: false;
}

interface ClientRow {
  /** Fields that have to be text. */
  readonly required: readonly string[];
  principal(fields: CredentialFields): string | undefined;
  make(library: Library, fields: CredentialFields, common: CommonOptions): LibraryClient;
}

const CLIENTS: Readonly<Record<Exclude<CredentialType, 'impersonated_service_account'>, ClientRow>> = {
  service_account: {
    required: ['client_email', 'private_key'],
    principal: ({ client_email }) => emailOf(client_email),
    make: ({ JWT }, { client_email, private_key, private_key_id }, common) =>
      new JWT({
        ...common,
        email: client_email as string,
        key: private_key as string,
        keyId: private_key_id as string,
        scopes: [SCOPE],
      }),
  },
  authorized_user: {
    required: ['client_id', 'client_secret', 'refresh_token'],
    principal: ({ account }) => emailOf(account),
    make: ({ UserRefreshClient }, { client_id, client_secret, refresh_token }, common) =>
      new UserRefreshClient({
        ...common,
        clientId: client_id as string,
        clientSecret: client_secret as string,
        refreshToken: refresh_token as string,
      }),
  },
  external_account: {
    required: ['audience', 'subject_token_type'],
    principal: impersonatedIn,
    make({ AwsClient, IdentityPoolClient, PluggableAuthClient }, fields, common) {
      const source = (fields.credential_source ?? {}) as CredentialFields;
      const Client = source.environment_id
        ? AwsClient
        : source.executable
          ? PluggableAuthClient
          : IdentityPoolClient;
      const client = new Client({ ...fields, ...common, scopes: [SCOPE] } as never);
      // It makes a transport of its own for this one service.
      (client as unknown as { stsCredential: { transporter: unknown } }).stsCredential.transporter =
        common.transporter;
      return client;
    },
  },
  external_account_authorized_user: {
    required: ['client_id', 'client_secret', 'refresh_token'],
    principal: () => undefined,
    make: ({ ExternalAccountAuthorizedUserClient }, fields, common) =>
      new ExternalAccountAuthorizedUserClient({ ...fields, ...common } as never),
  },
};

/** Throws `credentials` for what the file lacks or its issuer refuses, `denied` where it may not impersonate. */
export async function tokenFor(file: CredentialFile, sources: TokenSources): Promise<FoundToken> {
  if (file.type === 'impersonated_service_account') return await impersonateFrom(file, sources);
  const row = CLIENTS[file.type];
  const { fields } = file;
  const missing = row.required.find((name) => typeof fields[name] !== 'string' || fields[name] === '');
  if (missing !== undefined) throw incomplete(file, missing);
  checkSource(file, sources);
  // A CommonJS module in a bundle has nothing but its default export.
  const { default: library } = await import('google-auth-library');
  const common: CommonOptions = {
    transporter: new AuthTransport(sources, file) as never,
    universe_domain: typeof fields.universe_domain === 'string' ? fields.universe_domain : 'googleapis.com',
    useAuthRequestParameters: false,
  };
  try {
    // In a universe of its own a service account has no other token than the one in the headers. Neither a program nor a
    // file of a credential source knows our signal.
    const headers = await withDeadline(
      row.make(library, fields, common).getRequestHeaders(),
      sources.deadline,
    );
    const text = /^Bearer (.*)$/.exec(headers.get('authorization') ?? '')?.[1];
    if (!isToken(text)) throw new TypeError('no token');
    return { text, principal: row.principal(fields) };
  } catch (error) {
    throw explainLibrary(error, file);
  }
}

/** By ourselves: the library's client has a transport of its own, and hides why it was refused. */
async function impersonateFrom(file: CredentialFile, sources: TokenSources): Promise<FoundToken> {
  const { service_account_impersonation_url: text, source_credentials, delegates } = file.fields;
  const target = impersonatedIn(file.fields);
  if (target === undefined || !URL.canParse(text as string))
    throw incomplete(file, 'service_account_impersonation_url');
  const chain = Array.isArray(delegates) ? delegates.map(emailOf) : [];
  if (chain.includes(undefined)) throw incomplete(file, 'delegates');
  const source = checkType(source_credentials, `source_credentials in ${file.name}`);
  const found = await tokenFor(source, sources);
  const url = new URL(text as string);
  return await impersonate({ url, target, delegates: chain as string[] }, found, sources);
}

/** What the library does not do over our HTTP, or not without being told. */
function checkSource({ type, fields, name }: CredentialFile, { variables }: TokenSources): void {
  if (type !== 'external_account') return;
  const source = (fields.credential_source ?? {}) as CredentialFields;
  if (source.certificate) {
    throw new EnvsealError('credentials', `${name} wants a client certificate, which envseal does not send`, {
      hint: 'use a provider with a token from a file, a URL or AWS',
    });
  }
  if (source.executable && variables.GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES !== '1') {
    throw new EnvsealError('credentials', `${name} wants to run a program, which is not allowed`, {
      hint: 'allow it with GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1',
    });
  }
}
