/**
 * What `GOOGLE_APPLICATION_CREDENTIALS` names, in each of its formats, with the URLs of the running servers where the
 * format has URLs. `url` is that of `startGoogleTokens`.
 * https://google.aip.dev/auth/4110
 */

import { CLOUD_PLATFORM_SCOPE, SERVICE_ACCOUNT } from './access-tokens.ts';
import { PROJECT } from './defaults.ts';
import { serviceAccountKey } from './jwt.ts';
import { AWS_AUDIENCE, OIDC_AUDIENCE } from './subject-tokens.ts';

export type CredentialFile = Readonly<Record<string, unknown>>;

export interface ExternalAccountOptions {
  /** Ask for a token of this service account with the federated one. */
  readonly impersonate?: string;
  readonly lifetimeSeconds?: number;
}

export const USER = 'tester@example.org';
export const CLIENT_ID = '764086051850-test.apps.googleusercontent.com';
export const CLIENT_SECRET = 'test-client-secret';
export const REFRESH_TOKEN = '1//test-refresh-token';

/** The URL subject-token provider wants it, as Azure's metadata service does. */
export const SUBJECT_TOKEN_HEADERS: Readonly<Record<string, string>> = { Metadata: 'True' };

const JWT_TYPE = 'urn:ietf:params:oauth:token-type:jwt';
/** https://docs.cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token */
const AWS_TYPE = 'urn:ietf:params:aws:token-type:aws4_request';

/** google-auth-library asks Google's own host whatever `token_uri` says: reach it through the test proxy. */
export function serviceAccountFile(url: string): CredentialFile {
  return {
    type: 'service_account',
    project_id: PROJECT,
    private_key_id: 'test-key-id',
    private_key: serviceAccountKey.export({ type: 'pkcs8', format: 'pem' }),
    client_email: SERVICE_ACCOUNT,
    client_id: '100000000000000000001',
    auth_uri: 'https://accounts.google.com/o/oauth2/auth',
    token_uri: `${url}/token`,
    universe_domain: 'googleapis.com',
  };
}

/** As `gcloud auth application-default login` writes it. It has no URL. */
export function authorizedUserFile(): CredentialFile {
  return {
    type: 'authorized_user',
    account: '',
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    refresh_token: REFRESH_TOKEN,
    quota_project_id: PROJECT,
    universe_domain: 'googleapis.com',
  };
}

/** `file` holds the token alone, or as `field` of an object. */
export function fileExternalAccount(
  url: string,
  file: string,
  { field, ...options }: ExternalAccountOptions & { readonly field?: string } = {},
): CredentialFile {
  const source = { file, format: formatOf(field) };
  return externalAccount(url, OIDC_AUDIENCE, JWT_TYPE, source, options);
}

export function urlExternalAccount(
  url: string,
  { field, ...options }: ExternalAccountOptions & { readonly field?: string } = {},
): CredentialFile {
  const source = {
    url: `${url}/subject-token${field === undefined ? '' : `?field=${field}`}`,
    headers: SUBJECT_TOKEN_HEADERS,
    format: formatOf(field),
  };
  return externalAccount(url, OIDC_AUDIENCE, JWT_TYPE, source, options);
}

/** `metadataUrl` is that of `startMetadata`; without it the access key comes from the environment alone. */
export function awsExternalAccount(
  url: string,
  { metadataUrl, ...options }: ExternalAccountOptions & { readonly metadataUrl?: string } = {},
): CredentialFile {
  const source = {
    environment_id: 'aws1',
    regional_cred_verification_url:
      'https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15',
    ...(metadataUrl && {
      region_url: `${metadataUrl}/latest/meta-data/placement/availability-zone`,
      url: `${metadataUrl}/latest/meta-data/iam/security-credentials`,
      imdsv2_session_token_url: `${metadataUrl}/latest/api/token`,
    }),
  };
  return externalAccount(url, AWS_AUDIENCE, AWS_TYPE, source, options);
}

/** As `gcloud auth application-default login --impersonate-service-account` writes it. */
export function impersonatedFile(
  url: string,
  source: CredentialFile = authorizedUserFile(),
  email = SERVICE_ACCOUNT,
): CredentialFile {
  return {
    type: 'impersonated_service_account',
    delegates: [],
    service_account_impersonation_url: impersonationUrl(url, email),
    source_credentials: source,
    scopes: [CLOUD_PLATFORM_SCOPE],
  };
}

function externalAccount(
  url: string,
  audience: string,
  subjectTokenType: string,
  source: object,
  { impersonate, lifetimeSeconds }: ExternalAccountOptions,
): CredentialFile {
  return {
    universe_domain: 'googleapis.com',
    type: 'external_account',
    audience,
    subject_token_type: subjectTokenType,
    token_url: `${url}/v1/token`,
    credential_source: source,
    ...(impersonate && { service_account_impersonation_url: impersonationUrl(url, impersonate) }),
    ...(lifetimeSeconds && { service_account_impersonation: { token_lifetime_seconds: lifetimeSeconds } }),
  };
}

function impersonationUrl(url: string, email: string): string {
  return `${url}/v1/projects/-/serviceAccounts/${email}:generateAccessToken`;
}

function formatOf(field: string | undefined) {
  return field === undefined ? { type: 'text' } : { type: 'json', subject_token_field_name: field };
}
