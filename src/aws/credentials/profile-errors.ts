/**
 * Errors for profiles without credentials. The SDK's messages can quote a process or a file, so none is used.
 */
import { EnvsealError } from '../../errors.ts';
import { explainRefusal } from '../service-errors.ts';
import type { AwsSettings } from '../settings.ts';

type NamedProfile = AwsSettings['profile'];

/** `hint`: instead of what the profile's own settings suggest. */
export function noProfileCredentials(profile: NamedProfile, hint?: string, cause?: unknown): EnvsealError {
  const { name, settings } = profile;
  const message =
    settings === undefined ? `no AWS profile ${name}` : `no credentials from the AWS profile ${name}`;
  return new EnvsealError('credentials', message, { hint: hint ?? profileHint(profile), cause });
}

function profileHint({ name, settings: profile }: NamedProfile): string {
  if (profile === undefined) return 'check AWS_PROFILE, and that the container has the files of ~/.aws';
  if (profile.sso_session ?? profile.sso_start_url)
    return `renew its SSO session: aws sso login --profile ${name}`;
  if (profile.login_session) return `renew its session: aws login --profile ${name}`;
  if (profile.credential_process) return 'run its credential_process by hand to see why it fails';
  if (profile.web_identity_token_file) return 'check its role_arn and web_identity_token_file';
  if (profile.role_arn) return 'check its role_arn and source_profile or credential_source';
  return 'set aws_access_key_id and aws_secret_access_key, role_arn, sso_session or credential_process in it';
}

/** What the SDK's exceptions have in common: a service's have a status. */
interface ProviderError {
  readonly name?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** The error for what the SDK's provider throws. */
export function explainProfile(error: unknown, profile: NamedProfile): EnvsealError {
  if (error instanceof EnvsealError) return error;
  const { $metadata, name = '', message = '' } = error as ProviderError;
  const status = $metadata?.httpStatusCode;
  if (status === undefined) return noProfileCredentials(profile, undefined, error);
  // Throttled, denied and failed mean the same at every service; a role is opened by its trust policy, too.
  const role = profile.settings?.role_arn ?? 'the role';
  const explained = explainRefusal({
    status,
    code: name,
    message,
    headers: new Headers(),
    action: 'sts:AssumeRole',
    resource: role,
    subject: role,
  });
  if (explained.code !== 'denied') return explained;
  return new EnvsealError('denied', explained.message, {
    hint: "allow it in the role's trust policy and in IAM",
    cause: error,
  });
}
