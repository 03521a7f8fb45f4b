/** Why a provider of the official SDK gave no credentials. Its messages can quote a process or a file, so none is used. */
import { EnvsealError } from '../errors.ts';
import type { AwsSettings, AwsVariables } from './aws-settings.ts';
import { explainRefusal } from './refusal.ts';

export interface ProviderContext {
  readonly settings: AwsSettings;
  readonly variables: AwsVariables;
}

/** What the SDK's exceptions have in common: a service's have a status, those of files a code. */
interface ProviderError {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

export function explainProfile(error: unknown, context: ProviderContext): EnvsealError {
  const { name, settings: profile } = context.settings.profile;
  if (error instanceof EnvsealError) return error;
  if (isRefusal(error)) return explainSts(error, 'sts:AssumeRole', profile?.role_arn);
  const message =
    profile === undefined ? `no AWS profile ${name}` : `no credentials from the AWS profile ${name}`;
  return new EnvsealError('credentials', message, { hint: profileHint(name, profile), cause: error });
}

function profileHint(name: string, profile: AwsSettings['profile']['settings']): string {
  if (profile === undefined) return 'check AWS_PROFILE, and that the container has the files of ~/.aws';
  if (profile.sso_session ?? profile.sso_start_url)
    return `renew its SSO session: aws sso login --profile ${name}`;
  if (profile.login_session) return `renew its session: aws login --profile ${name}`;
  if (profile.credential_process) return 'run its credential_process by hand to see why it fails';
  if (profile.mfa_serial) return 'no container can type its MFA code: use a role without mfa_serial';
  if (profile.web_identity_token_file) return 'check its role_arn and web_identity_token_file';
  if (profile.role_arn) return 'check its role_arn and source_profile or credential_source';
  return 'give it aws_access_key_id and aws_secret_access_key, role_arn, sso_session or credential_process';
}

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html#API_AssumeRoleWithWebIdentity_Errors */
export function explainWebIdentity(error: unknown, { variables }: ProviderContext): EnvsealError {
  if (error instanceof EnvsealError) return error;
  const { name, code } = error as ProviderError;
  const role = variables.AWS_ROLE_ARN;
  const file = variables.AWS_WEB_IDENTITY_TOKEN_FILE ?? '';
  const because = (message: string, hint: string) =>
    new EnvsealError('credentials', message, { hint, cause: error });
  if (code !== undefined)
    return because(
      `cannot read the web identity token in ${file}: ${code}`,
      'check AWS_WEB_IDENTITY_TOKEN_FILE',
    );
  if (!role)
    return because('AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is not', 'set both, as IRSA does');
  if (name === 'ExpiredTokenException')
    return because(
      `the web identity token in ${file} is expired`,
      'mount a projected service account token: the kubelet renews it',
    );
  if (name === 'InvalidIdentityTokenException' || name === 'InvalidIdentityToken')
    return because(
      `AWS does not accept the web identity token in ${file}`,
      "check that IAM has the cluster's OIDC provider, and that the token's audience is sts.amazonaws.com",
    );
  if (isRefusal(error)) return explainSts(error, 'sts:AssumeRoleWithWebIdentity', role);
  return because(
    'no AWS credentials from the web identity',
    'check AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE',
  );
}

function isRefusal(error: unknown): error is ProviderError {
  return (error as ProviderError).$metadata?.httpStatusCode !== undefined;
}

/** Throttled, denied and failed mean the same at every service; a role is opened by its trust policy, too. */
function explainSts(error: ProviderError, action: string, role = 'the role'): EnvsealError {
  const explained = explainRefusal({
    status: error.$metadata?.httpStatusCode ?? 0,
    code: error.name ?? '',
    message: error.message ?? '',
    headers: new Headers(),
    action,
    resource: role,
    subject: role,
  });
  if (explained.code !== 'denied') return explained;
  return new EnvsealError('denied', explained.message, {
    hint: `allow it in the trust policy of the role${action === 'sts:AssumeRole' ? ' and by IAM' : ''}`,
    cause: error,
  });
}
