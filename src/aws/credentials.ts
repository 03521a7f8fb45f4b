/**
 * Who we are at AWS. The order is that of the official chain; each provider is loaded when it is its turn, and the
 * environment's keys need none.
 */
import { EnvsealError } from '../errors.ts';
import type { AwsClient } from './aws-client.ts';
import type { AwsSettings } from './aws-settings.ts';
import { type AwsIdentity, toIdentity } from './identity.ts';
import type { MetadataContext } from './metadata.ts';

export interface AwsCredentials extends AwsIdentity {
  /** Which provider they are from, for people. */
  readonly origin: string;
}

/**
 * Credentials that are usable now. Throws `credentials` where nothing gives any or what should give them refuses;
 * `unreachable` where it does not answer.
 */
export type CredentialProvider = () => Promise<AwsCredentials>;

export interface CredentialSources extends MetadataContext {
  readonly settings: AwsSettings;
  /** Asks STS. Its own credentials are those that are looked for. */
  readonly client: AwsClient;
}

interface ProviderRow {
  readonly origin: string;
  applies(sources: CredentialSources): boolean;
  /** `undefined`: has none, ask the next one. Throws EnvsealError. */
  load(sources: CredentialSources): Promise<AwsIdentity | undefined>;
}

const PROVIDERS: readonly ProviderRow[] = [
  {
    origin: 'environment',
    applies: ({ variables }) =>
      !variables.AWS_PROFILE && !!variables.AWS_ACCESS_KEY_ID && !!variables.AWS_SECRET_ACCESS_KEY,
    load: async ({ variables }) =>
      toIdentity({
        accessKeyId: variables.AWS_ACCESS_KEY_ID as string,
        secretAccessKey: variables.AWS_SECRET_ACCESS_KEY as string,
        sessionToken: variables.AWS_SESSION_TOKEN,
      }),
  },
  {
    origin: 'profile',
    applies: ({ variables, settings }) => settings.profiles.exist || !!variables.AWS_PROFILE,
    async load(sources) {
      const { fromProfile } = await import('./profile-credentials.ts');
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
      const { fromContainer } = await import('./container-credentials.ts');
      return toIdentity(await fromContainer(sources));
    },
  },
  {
    origin: 'instance metadata',
    applies: ({ variables }) => variables.AWS_EC2_METADATA_DISABLED?.toLowerCase() !== 'true',
    async load(sources) {
      const { fromInstance } = await import('./instance-credentials.ts');
      const endpoint = sources.settings.profile.settings?.ec2_metadata_service_endpoint;
      return toIdentity(await fromInstance(sources, endpoint));
    },
  },
];

/** Asks once; later calls share the answer. */
export function credentialChain(sources: CredentialSources): CredentialProvider {
  let answer: Promise<AwsCredentials> | undefined;
  return () => {
    answer ??= askInTurn(sources).catch((error: unknown) => {
      // Each provider has tried again as often as makes sense.
      throw error instanceof EnvsealError ? error.final() : error;
    });
    return answer;
  };
}

async function askInTurn(sources: CredentialSources): Promise<AwsCredentials> {
  for (const { origin, applies, load } of PROVIDERS) {
    const identity = applies(sources) ? await load(sources) : undefined;
    if (identity !== undefined) return { ...identity, origin };
  }
  throw (await import('./instance-credentials.ts')).noCredentials('no AWS credentials found');
}
