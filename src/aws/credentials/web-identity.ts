/**
 * A role that is assumed with the token of another identity provider, as IRSA does on EKS.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html
 */
import { EnvsealError } from '../../errors.ts';
import { MAX_WEB_IDENTITY_TOKEN_BYTES } from '../../limits-and-defaults.ts';
import { toByteString } from '../../system/bytes.ts';
import { ErrnoError, type System } from '../../system/system.ts';
import type { AwsClient } from '../client.ts';
import type { AwsIdentity } from '../identity.ts';
import { callSts } from './sts.ts';

export interface WebIdentityRequest {
  /** ARN. */
  readonly role: string;
  /** Path of the token. */
  readonly file: string;
  readonly sessionName?: string | undefined;
  /** The name of the setting that has the path. */
  readonly setting: string;
}

/** Throws `credentials` for a token that cannot be read or is not accepted, `denied` for one that the role does not trust. */
export async function assumeRoleWithWebIdentity(
  request: WebIdentityRequest,
  client: AwsClient,
): Promise<AwsIdentity> {
  const { role, file, sessionName } = request;
  return await callSts(
    {
      action: 'AssumeRoleWithWebIdentity',
      role,
      region: client.settings.region ?? 'us-east-1',
      sessionName,
      parameters: { WebIdentityToken: readToken(request, client.system) },
      explain: (code) => explain(code, file),
    },
    client,
  );
}

function readToken({ file, setting }: WebIdentityRequest, system: System): string {
  const bytes = readTokenFile(file, setting, system);
  if (bytes.length > MAX_WEB_IDENTITY_TOKEN_BYTES) {
    throw refused(`${file} is over ${MAX_WEB_IDENTITY_TOKEN_BYTES} bytes`, `check ${setting}`);
  }
  const token = toByteString(bytes).trim();
  if (token !== '') return token;
  throw refused(`the web identity token in ${file} is empty`, `check ${setting}`);
}

function readTokenFile(file: string, setting: string, system: System): Uint8Array {
  try {
    return system.readFile(toByteString(file), MAX_WEB_IDENTITY_TOKEN_BYTES + 1);
  } catch (error) {
    const reason = error instanceof ErrnoError ? error.errno : 'EIO';
    throw refused(`cannot read the web identity token in ${file}: ${reason}`, `check ${setting}`, error);
  }
}

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html#API_AssumeRoleWithWebIdentity_Errors */
function explain(code: string, file: string): EnvsealError | undefined {
  switch (code) {
    case 'ExpiredTokenException':
      return refused(
        `the web identity token in ${file} has expired`,
        'mount a projected service account token: the kubelet renews it',
      );
    case 'InvalidIdentityToken':
    case 'InvalidIdentityTokenException':
      return refused(
        `AWS rejected the web identity token in ${file}`,
        "check that IAM has the cluster's OIDC provider, and that the token's audience is sts.amazonaws.com",
      );
    case 'IDPCommunicationError':
      return new EnvsealError('unreachable', 'AWS cannot reach the provider of the web identity token', {
        hint: "retried with backoff; check that the cluster's OIDC provider is public",
        retryable: true,
      });
    default:
      return undefined;
  }
}

function refused(message: string, hint: string, cause?: unknown): EnvsealError {
  return new EnvsealError('credentials', message, { hint, cause });
}
