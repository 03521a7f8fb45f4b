/**
 * Errors for tokens that cannot be had. Messages of services and of libraries can quote a file, a program or
 * a token, so none is used; what a service says is branched on by code, and by its description only where one
 * code means several things.
 */
import { EnvsealError, type ErrorCode } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import { retryAfterMs } from '../../net/retry-after.ts';
import { explainGoogleRefusal } from '../service-errors.ts';
import { type CredentialFields, type CredentialFile, emailOf, showPath, sourceIn } from './file.ts';
import type { TokenAnswer } from './request.ts';

interface Refusal {
  readonly file: CredentialFile;
  /** https://www.rfc-editor.org/rfc/rfc6749#section-5.2 */
  readonly error: string;
  readonly description: string;
}

interface Meaning {
  /** Matched against the error and its description. */
  readonly when: RegExp;
  readonly says: (refusal: Refusal) => string;
  readonly hint: string;
}

const LOGIN_HINT = 'gcloud auth application-default login';

const SERVICE_ACCOUNT: readonly Meaning[] = [
  {
    when: /^invalid_grant: Invalid JWT Signature/,
    says: ({ file }) => `the key in ${file.name} was deleted or disabled, or belongs to another account`,
    hint: 'check gcloud iam service-accounts keys list, and create a new one',
  },
  {
    when: /^invalid_grant: Invalid JWT: Token must be a short-lived token/,
    says: () => 'the clock of this machine is wrong',
    hint: 'set the clock (NTP): Google refuses signatures that are 5 minutes off',
  },
  {
    when: /^invalid_grant: Invalid grant: account not found/,
    says: ({ file }) => `the service account of ${file.name} does not exist`,
    hint: 'check gcloud iam service-accounts list, and use the key of one that exists',
  },
];

const USER: readonly Meaning[] = [
  {
    // https://support.google.com/a/answer/9368756
    when: /^invalid_grant.*(invalid_rapt|rapt_required)/,
    says: ({ file }) => `the session of the user in ${file.name} has expired`,
    hint: `${LOGIN_HINT}; if your organization limits sessions, use a service account for unattended programs`,
  },
  {
    when: /^invalid_grant/,
    says: ({ file }) => `the login in ${file.name} has expired or was revoked`,
    hint: LOGIN_HINT,
  },
  {
    when: /^(invalid|deleted|disabled|unauthorized)_client/,
    says: ({ file }) => `the OAuth client in ${file.name} does not exist, or its secret is wrong`,
    hint: LOGIN_HINT,
  },
];

/** https://docs.cloud.google.com/iam/docs/troubleshooting-workload-identity-federation */
const WORKLOAD: readonly Meaning[] = [
  {
    when: /^invalid_grant: .*(is stale to sign-in|expired)/,
    says: ({ file }) => `the workload identity token of ${sourceOf(file)} has expired`,
    hint: 'renew it; the kubelet does this for a projected service account token',
  },
  {
    when: /^invalid_grant: .*audience.* does not match/,
    says: ({ file }) => `the workload identity token of ${sourceOf(file)} is for another audience`,
    hint: 'use an audience that the provider allows; without a list it is the https: name of the provider',
  },
  {
    when: /^invalid_grant: .*(issuer|signature)/,
    says: ({ file }) => `Google cannot verify the issuer of the workload identity token of ${sourceOf(file)}`,
    hint: 'check the issuer URI and the keys (JWKS) of the provider: gcloud iam workload-identity-pools providers describe',
  },
  {
    when: /^invalid_grant: Received invalid AWS response/,
    says: ({ file }) => `AWS rejected the credentials used with ${file.name}`,
    hint: 'check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and the clock, or the role of the instance',
  },
  {
    when: /^invalid_grant/,
    says: ({ file }) => `Google rejected the workload identity token of ${sourceOf(file)}`,
    hint: 'check the issuer, the audience and the lifetime of the token against the provider',
  },
  {
    when: /^invalid_target/,
    says: ({ file }) => `the workload identity provider of ${file.name} does not exist or is disabled`,
    hint: 'check the audience in the file, and gcloud iam workload-identity-pools providers list',
  },
  {
    when: /^unauthorized_client/,
    says: ({ file }) => `the attribute condition of the provider rejects the token of ${sourceOf(file)}`,
    hint: 'check the condition: gcloud iam workload-identity-pools providers describe',
  },
];

const MEANINGS: Readonly<Record<CredentialFile['type'], readonly Meaning[]>> = {
  service_account: SERVICE_ACCOUNT,
  authorized_user: USER,
  external_account: WORKLOAD,
  external_account_authorized_user: [
    {
      when: /^invalid_grant/,
      says: ({ file }) => `the login in ${file.name} has expired or was revoked`,
      hint: 'gcloud auth application-default login --login-config FILE',
    },
  ],
  impersonated_service_account: [],
};

/** For an unsuccessful answer to any request on the way to a token, impersonation aside. */
export function explainRefusedToken(refused: TokenAnswer, file: CredentialFile): EnvsealError {
  const { url, status } = refused;
  const passing = ofTheServer(refused);
  if (passing !== undefined) return passing;
  const refusal = { file, ...oauthError(refused.json) };
  const summary = `${refusal.error}: ${refusal.description}`;
  const meaning = MEANINGS[file.type].find(({ when }) => when.test(summary));
  if (meaning !== undefined) return because(meaning.says(refusal), meaning.hint);
  if (isSource(url, file))
    return because(
      `${url.host} refused the workload identity token of ${file.name} with ${status}`,
      SOURCE_HINT,
    );
  const word = refusal.error === '' ? '' : ` ${refusal.error}`;
  return because(`${url.host} refused ${file.name} with ${status}${word}`, 'check how the file was created');
}

/** For an unsuccessful answer of generateAccessToken. */
export function explainImpersonation(refused: TokenAnswer, target: string): EnvsealError {
  const { status, headers, json } = refused;
  if (status === 404)
    return because(`there is no service account ${target}`, 'check gcloud iam service-accounts list');
  const refusal = explainGoogleRefusal({
    status,
    headers,
    body: json ?? {},
    permission: 'iam.serviceAccounts.getAccessToken',
    resource: target,
    subject: `the service account ${target}`,
  });
  if (refusal.code !== 'denied' || !refusal.message.includes('iam.serviceAccounts.')) return refusal;
  return new EnvsealError('denied', refusal.message, {
    hint: `grant roles/iam.serviceAccountTokenCreator on ${target} to the identity that impersonates it (a workload identity needs roles/iam.workloadIdentityUser)`,
    cause: refusal,
  });
}

/** For a file that lacks a field, or has another kind of value in it. */
export function incomplete(file: CredentialFile, field: string): EnvsealError {
  return because(`${file.name} has no valid ${field}`, 'use the file as Google created it');
}

/** The account that external or impersonated credentials are exchanged for: an address, or a number. */
export function impersonatedIn(fields: CredentialFields): string | undefined {
  const url = fields.service_account_impersonation_url;
  if (typeof url !== 'string') return undefined;
  const account = /\/serviceAccounts\/([^/:]+):generateAccessToken$/.exec(url)?.[1] ?? '';
  return /^\d{1,30}$/.test(account) ? account : emailOf(account.replace('%40', '@'));
}

export const SOURCE_HINT = 'check credential_source in the file, and the server there';

function ofTheServer({ url, status, headers }: TokenAnswer): EnvsealError | undefined {
  if (status !== 429 && status !== 408 && status < 500) return undefined;
  const [code, message]: [ErrorCode, string] =
    status === 429
      ? ['throttled', `throttled by ${url.host}`]
      : ['unreachable', `${url.host} failed with ${status}`];
  return new EnvsealError(code, message, {
    hint: 'retried with backoff; see https://status.cloud.google.com',
    retryable: true,
    retryAfterMs: retryAfterMs(headers),
  });
}

function oauthError(body: JsonObject | undefined): Pick<Refusal, 'error' | 'description'> {
  const { error, error_description, error_subtype } = body ?? {};
  const word = typeof error === 'string' && /^[a-z_]{1,40}$/.test(error) ? error : '';
  return { error: word, description: [error_description, error_subtype].filter(isText).join(' ') };
}

/** Whether the subject token, or what it is made of, is from there. */
function isSource({ href }: URL, { fields }: CredentialFile): boolean {
  const source = sourceIn(fields);
  return [source.url, source.region_url, source.imdsv2_session_token_url].some(
    (url) => isText(url) && URL.canParse(url) && href.startsWith(new URL(url).href),
  );
}

/** The origin of a workload's token, for people. */
function sourceOf({ name, fields }: CredentialFile): string {
  const source = sourceIn(fields);
  return isText(source.file) ? showPath(source.file) : name;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

export function because(message: string, hint: string, cause?: unknown): EnvsealError {
  return new EnvsealError('credentials', message, { hint, cause });
}
