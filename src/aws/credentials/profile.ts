/** Credentials from an AWS profile: keys, assumed roles, web identity; the rest goes to the official SDK. */
import { EnvsealError } from '../../errors.ts';
import type { AwsClient } from '../client.ts';
import { type AwsIdentity, toIdentity } from '../identity.ts';
import { assumeRole } from './assume-role.ts';
import { fromContainer } from './container.ts';
import { fromInstance } from './instance.ts';
import { noProfileCredentials } from './profile-errors.ts';
import {
  type CredentialSource,
  isObstacle,
  type Obstacle,
  type ProfilePlan,
  planProfile,
} from './profile-plan.ts';
import type { Profile } from './profiles.ts';
import type { CredentialSources } from './sources.ts';
import { assumeRoleWithWebIdentity } from './web-identity.ts';

/** `undefined` if no profile was requested and the default one has no settings for credentials. */
export async function fromProfile(sources: CredentialSources): Promise<AwsIdentity | undefined> {
  const { settings } = sources;
  const planned = planProfile(settings.profile.name, settings.profiles);
  if (isObstacle(planned)) return await giveWay(planned, sources);
  return await carryOut(planned, sources);
}

async function giveWay(obstacle: Obstacle, sources: CredentialSources): Promise<AwsIdentity | undefined> {
  const { variables, settings } = sources;
  if (obstacle.kind === 'sdk') {
    const { fromSdkProfile } = await import('./sdk.ts');
    return await fromSdkProfile(sources, obstacle.feature);
  }
  if (obstacle.kind === 'nothing' && !variables.AWS_PROFILE) return undefined;
  throw noProfileCredentials(settings.profile, obstacle.kind === 'broken' ? obstacle.hint : undefined);
}

async function carryOut(planned: ProfilePlan, sources: CredentialSources): Promise<AwsIdentity> {
  const { client } = sources;
  switch (planned.kind) {
    case 'keys':
      return keysOf(planned.profile);
    case 'web identity':
      return await withToken(planned.profile, client);
    case 'source':
      return await fromSource(planned.source, sources);
    case 'role': {
      const request = roleRequest(planned.profile, sources);
      const from = { ...(await carryOut(planned.from, sources)), origin: 'profile' };
      return await assumeRole(request, client.as({ credentials: async () => from }));
    }
  }
}

function keysOf(profile: Profile): AwsIdentity {
  return toIdentity({
    accessKeyId: profile.aws_access_key_id as string,
    secretAccessKey: profile.aws_secret_access_key as string,
    sessionToken: profile.aws_session_token,
  });
}

async function withToken(profile: Profile, client: AwsClient): Promise<AwsIdentity> {
  const request = {
    role: profile.role_arn as string,
    file: profile.web_identity_token_file as string,
    sessionName: profile.role_session_name,
    setting: 'web_identity_token_file in the AWS profile',
  };
  return await assumeRoleWithWebIdentity(request, client);
}

/** All roles of a chain are asked for in the region of the profile that starts it, as the SDK does. */
function roleRequest(profile: Profile, { settings }: CredentialSources) {
  const { duration_seconds: durationSeconds } = profile;
  if (durationSeconds !== undefined && !/^\d{1,6}$/.test(durationSeconds)) {
    throw new EnvsealError(
      'configuration',
      `invalid duration_seconds in the AWS profile ${settings.profile.name}`,
      {
        hint: 'use a number of seconds from 900 to 43200',
      },
    );
  }
  return {
    role: profile.role_arn as string,
    region: settings.profile.settings?.region ?? settings.region ?? 'us-east-1',
    sessionName: profile.role_session_name,
    externalId: profile.external_id,
    durationSeconds,
  };
}

async function fromSource(source: CredentialSource, sources: CredentialSources): Promise<AwsIdentity> {
  const { variables, settings } = sources;
  const { profile } = settings;
  const missing = (what: string) =>
    noProfileCredentials(profile, `credential_source = ${source} needs ${what}`);
  switch (source) {
    case 'Environment': {
      const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = variables;
      if (!accessKeyId || !secretAccessKey) throw missing('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY');
      return toIdentity({ accessKeyId, secretAccessKey, sessionToken: variables.AWS_SESSION_TOKEN });
    }
    case 'EcsContainer':
      if (
        !variables.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI &&
        !variables.AWS_CONTAINER_CREDENTIALS_FULL_URI
      ) {
        throw missing('AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI, which ECS and EKS set');
      }
      return toIdentity(await fromContainer(sources));
    case 'Ec2InstanceMetadata':
      if (variables.AWS_EC2_METADATA_DISABLED?.toLowerCase() === 'true')
        throw missing('the instance metadata: remove AWS_EC2_METADATA_DISABLED');
      return toIdentity(await fromInstance(sources, profile.settings?.ec2_metadata_service_endpoint));
  }
}
