/** AssumeRole with credentials at hand, for the key of a sealed file or for a profile. */
import type { AwsClient } from '../client.ts';
import type { AwsCredentials } from '../identity.ts';
import { callSts } from './sts.ts';

export interface RoleRequest {
  /** ARN. */
  readonly role: string;
  /** The region of STS's endpoint and of the signature. */
  readonly region: string;
  readonly sessionName?: string | undefined;
  readonly externalId?: string | undefined;
  /** The session's duration, in seconds; default: STS's, one hour. */
  readonly durationSeconds?: string | undefined;
}

/** Signs as `client`. Throws `denied` where the role's trust policy or IAM says no. */
export async function assumeRole(request: RoleRequest, client: AwsClient): Promise<AwsCredentials> {
  const { role, region, sessionName, externalId, durationSeconds } = request;
  const parameters = { ExternalId: externalId, DurationSeconds: durationSeconds };
  const call = { action: 'AssumeRole', role, region, sessionName, parameters } as const;
  return { ...(await callSts(call, client)), origin: 'assumed role' };
}
