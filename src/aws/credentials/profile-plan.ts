/**
 * The way in which a profile gives credentials, decided from the files alone: the rules and their order are
 * those of `@aws-sdk/credential-provider-ini`, and a test compares the two. Pure.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html
 */
import { sdkFeatureOf } from '../needs-sdk.ts';
import type { Profile } from './profiles.ts';

export type ProfilePlan =
  | { readonly kind: 'keys' | 'web identity'; readonly profile: Profile }
  | { readonly kind: 'source'; readonly source: CredentialSource }
  | { readonly kind: 'role'; readonly profile: Profile; readonly from: ProfilePlan };

/** What cannot be carried out here. */
export type Obstacle =
  /** Only the official SDK knows how; `feature` says what. */
  | { readonly kind: 'sdk'; readonly feature: string }
  /** The profile is not there, or has no settings for credentials. */
  | { readonly kind: 'nothing' }
  /** It has some that do not add up; `hint` where there is a better one than the profile itself suggests. */
  | { readonly kind: 'broken'; readonly hint?: string };

const CREDENTIAL_SOURCES = ['Environment', 'EcsContainer', 'Ec2InstanceMetadata'] as const;
export type CredentialSource = (typeof CREDENTIAL_SOURCES)[number];

export interface ProfileFinder {
  find(name: string): Profile | undefined;
}

export function planProfile(name: string, profiles: ProfileFinder): ProfilePlan | Obstacle {
  return plan(name, profiles, new Set());
}

export function isObstacle(planned: ProfilePlan | Obstacle): planned is Obstacle {
  return planned.kind === 'sdk' || planned.kind === 'nothing' || planned.kind === 'broken';
}

/** `visited`: the source profiles that led here. */
function plan(name: string, profiles: ProfileFinder, visited: ReadonlySet<string>): ProfilePlan | Obstacle {
  const profile = profiles.find(name);
  if (profile === undefined) return { kind: 'nothing' };
  const isSource = visited.size > 0;
  // The keys of a source profile come before its role: a profile may be its own source.
  if (isSource && hasKeys(profile)) return { kind: 'keys', profile };
  if (isSource && !profile.role_arn && profile.credential_source)
    return planSource(profile, profiles, visited);
  if (assumesRole(profile)) return planRole(profile, profiles, visited);
  if (hasKeys(profile)) return { kind: 'keys', profile };
  if (profile.web_identity_token_file && profile.role_arn) return { kind: 'web identity', profile };
  const feature = sdkFeatureOf(profile);
  if (feature !== undefined) return { kind: 'sdk', feature };
  return { kind: mentionsCredentials(profile) ? 'broken' : 'nothing' };
}

function planRole(
  profile: Profile,
  profiles: ProfileFinder,
  visited: ReadonlySet<string>,
): ProfilePlan | Obstacle {
  if (profile.mfa_serial) {
    return { kind: 'broken', hint: 'a container cannot enter its MFA code: use a role without mfa_serial' };
  }
  const from = planSource(profile, profiles, visited);
  return isObstacle(from) ? from : { kind: 'role', profile, from };
}

/** Whose credentials assume the role. */
function planSource(
  { source_profile, credential_source }: Profile,
  profiles: ProfileFinder,
  visited: ReadonlySet<string>,
): ProfilePlan | Obstacle {
  if (source_profile === undefined) {
    const source = CREDENTIAL_SOURCES.find((known) => known === credential_source);
    if (source !== undefined) return { kind: 'source', source };
    return { kind: 'broken', hint: `use one of credential_source = ${CREDENTIAL_SOURCES.join(', ')}` };
  }
  if (visited.has(source_profile)) {
    return { kind: 'broken', hint: 'its source_profile leads back to itself: end the chain with keys' };
  }
  const from = plan(source_profile, profiles, new Set([...visited, source_profile]));
  return from.kind === 'nothing' ? { kind: 'broken' } : from;
}

function hasKeys(profile: Profile): boolean {
  return profile.aws_access_key_id !== undefined && profile.aws_secret_access_key !== undefined;
}

/** With both, the SDK takes neither. */
function assumesRole({ role_arn, source_profile, credential_source }: Profile): boolean {
  return role_arn !== undefined && (source_profile === undefined) !== (credential_source === undefined);
}

const CREDENTIAL_SETTINGS = [
  'aws_access_key_id',
  'aws_secret_access_key',
  'role_arn',
  'source_profile',
  'credential_source',
  'web_identity_token_file',
];

function mentionsCredentials(profile: Profile): boolean {
  return CREDENTIAL_SETTINGS.some((name) => profile[name] !== undefined);
}
