/** Credentials of one identity at AWS, wherever they come from. */
import { Secret } from '../secret.ts';

export interface AwsIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly sessionToken: Secret | undefined;
  /** ARN of the role, where it is known without a call; as it was set or sent, so it may be anything. */
  readonly principal?: string | undefined;
}

export interface AwsCredentials extends AwsIdentity {
  /** Which provider they are from, for people. */
  readonly origin: string;
}

/**
 * Credentials that are usable now. Throws `credentials` where nothing gives any or what should give them refuses;
 * `unreachable` where it does not answer.
 */
export type CredentialProvider = () => Promise<AwsCredentials>;

/** As files, variables, metadata services and the SDK have it. */
export interface PlainIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly principal?: string | undefined;
}

export function toIdentity({
  accessKeyId,
  secretAccessKey,
  sessionToken,
  principal,
}: PlainIdentity): AwsIdentity {
  return {
    accessKeyId,
    secretAccessKey: new Secret(secretAccessKey),
    sessionToken: sessionToken ? new Secret(sessionToken) : undefined,
    principal,
  };
}
