/**
 * Credential providers in the order of the official chain, for when the environment has none. Each is loaded
 * in turn.
 */
import { EnvsealError } from '../../errors.ts';
import type { AwsCredentials } from '../identity.ts';
import { type AwsIdentity, toIdentity } from '../identity.ts';
import type { CredentialSources } from './sources.ts';

interface ProviderRow {
  readonly origin: string;
  applies(sources: CredentialSources): boolean;
  /** `undefined`: has none, ask the next one. Throws EnvsealError. */
  load(sources: CredentialSources): Promise<AwsIdentity | undefined>;
}

const PROVIDERS: readonly ProviderRow[] = [
  {
    origin: 'profile',
    applies: ({ variables, settings }) => settings.profiles.exist || !!variables.AWS_PROFILE,
    async load(sources) {
      const { fromProfile } = await import('./profile.ts');
      return await fromProfile(sources);
    },
  },
  {
    origin: 'web identity',
    applies: ({ variables }) => !!variables.AWS_WEB_IDENTITY_TOKEN_FILE,
    async load({ variables, client }) {
      const { assumeRoleWithWebIdentity } = await import('./web-identity.ts');
      const { AWS_ROLE_ARN: role, AWS_WEB_IDENTITY_TOKEN_FILE: file = '' } = variables;
      if (role) {
        return await assumeRoleWithWebIdentity(
          { role, file, setting: 'AWS_WEB_IDENTITY_TOKEN_FILE' },
          client,
        );
      }
      throw new EnvsealError('credentials', 'AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is not', {
        hint: 'set both, as IRSA does',
      });
    },
  },
  {
    origin: 'container',
    applies: ({ variables }) =>
      !!(variables.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI || variables.AWS_CONTAINER_CREDENTIALS_FULL_URI),
    async load(sources) {
      const { fromContainer } = await import('./container.ts');
      return toIdentity(await fromContainer(sources));
    },
  },
  {
    origin: 'instance metadata',
    applies: ({ variables }) => variables.AWS_EC2_METADATA_DISABLED?.toLowerCase() !== 'true',
    async load(sources) {
      const { fromInstance } = await import('./instance.ts');
      const endpoint = sources.settings.profile.settings?.ec2_metadata_service_endpoint;
      return toIdentity(await fromInstance(sources, endpoint));
    },
  },
];

export async function askInTurn(sources: CredentialSources): Promise<AwsCredentials> {
  for (const { origin, applies, load } of PROVIDERS) {
    const identity = applies(sources) ? await load(sources) : undefined;
    if (identity !== undefined) return { ...identity, origin };
  }
  throw (await import('./instance.ts')).noCredentials('no AWS credentials found');
}
