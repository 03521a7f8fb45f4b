/**
 * Who we are at AWS. The order is that of the official chain; each provider is loaded when it is its turn, and the
 * environment's keys need none.
 */
import { EnvsealError } from '../errors.ts';
import { Secret } from '../secret.ts';
import type { AwsSettings } from './aws-settings.ts';
import type { MetadataContext } from './metadata.ts';
import { type SdkTransport, SILENT } from './sdk-transport.ts';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly sessionToken: Secret | undefined;
  /** Which provider they are from, for people. */
  readonly origin: string;
  /** ARN of the role, where it is known without a call; as it was set or sent, so it may be anything. */
  readonly principal?: string | undefined;
}

/**
 * Credentials that are usable now. Throws `credentials` where nothing gives any or what should give them refuses;
 * `unreachable` where it does not answer.
 */
export type CredentialProvider = () => Promise<AwsCredentials>;

export interface CredentialSources extends MetadataContext {
  readonly settings: AwsSettings;
  readonly transport: SdkTransport;
}

/** What every provider of the SDK resolves to. */
interface SdkIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly principal?: string | undefined;
}

interface ProviderRow {
  readonly origin: string;
  applies(sources: CredentialSources): boolean;
  /** `undefined`: has none, ask the next one. Throws EnvsealError. */
  load(sources: CredentialSources): Promise<SdkIdentity | undefined>;
}

const PROVIDERS: readonly ProviderRow[] = [
  {
    origin: 'environment',
    applies: ({ variables }) =>
      !variables.AWS_PROFILE && !!variables.AWS_ACCESS_KEY_ID && !!variables.AWS_SECRET_ACCESS_KEY,
    load: async ({ variables }) => ({
      accessKeyId: variables.AWS_ACCESS_KEY_ID as string,
      secretAccessKey: variables.AWS_SECRET_ACCESS_KEY as string,
      ...(variables.AWS_SESSION_TOKEN ? { sessionToken: variables.AWS_SESSION_TOKEN } : {}),
    }),
  },
  {
    origin: 'profile',
    applies: ({ variables, settings }) => settings.hasProfiles || !!variables.AWS_PROFILE,
    async load(sources) {
      const { variables, settings, transport } = sources;
      const { fromIni } = await import('@aws-sdk/credential-provider-ini');
      const region = settings.region === undefined ? {} : { region: settings.region };
      const provider = fromIni({
        profile: settings.profile.name,
        logger: SILENT,
        clientConfig: { requestHandler: transport },
        parentClientConfig: { requestHandler: transport, ...region },
      } as Parameters<typeof fromIni>[0]);
      const principal = settings.profile.settings?.role_arn;
      const identity = provider().then((found) => ({ ...found, principal }));
      return await identity.catch(async (error: unknown) => {
        // Files without a word on credentials are no error, unless a profile was asked for.
        if (!variables.AWS_PROFILE && (error as { tryNextLink?: boolean }).tryNextLink) return undefined;
        throw (await import('./provider-failure.ts')).explainProfile(error, sources);
      });
    },
  },
  {
    origin: 'web identity',
    applies: ({ variables }) => !!variables.AWS_WEB_IDENTITY_TOKEN_FILE,
    async load(sources) {
      const { fromTokenFile } = await import('@aws-sdk/credential-provider-web-identity');
      const provider = fromTokenFile({
        logger: SILENT,
        clientConfig: {
          requestHandler: sources.transport,
          region: sources.settings.region ?? 'us-east-1',
        },
      } as Parameters<typeof fromTokenFile>[0]);
      const principal = sources.variables.AWS_ROLE_ARN;
      const identity = provider().then((found) => ({ ...found, principal }));
      return await identity.catch(async (error: unknown) => {
        throw (await import('./provider-failure.ts')).explainWebIdentity(error, sources);
      });
    },
  },
  {
    origin: 'container',
    applies: ({ variables }) =>
      !!(variables.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI || variables.AWS_CONTAINER_CREDENTIALS_FULL_URI),
    async load(sources) {
      const { fromContainer } = await import('./container-credentials.ts');
      return await fromContainer(sources);
    },
  },
  {
    origin: 'instance metadata',
    applies: ({ variables }) => variables.AWS_EC2_METADATA_DISABLED?.toLowerCase() !== 'true',
    async load(sources) {
      const { fromInstance } = await import('./instance-credentials.ts');
      return await fromInstance(sources, sources.settings.profile.settings?.ec2_metadata_service_endpoint);
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
  for (const row of PROVIDERS) {
    if (!row.applies(sources)) continue;
    const identity = await row.load(sources);
    if (identity !== undefined) return toCredentials(identity, row.origin);
  }
  throw (await import('./instance-credentials.ts')).noCredentials('no AWS credentials found');
}

function toCredentials(identity: SdkIdentity, origin: string): AwsCredentials {
  return {
    accessKeyId: identity.accessKeyId,
    secretAccessKey: new Secret(identity.secretAccessKey),
    sessionToken: identity.sessionToken === undefined ? undefined : new Secret(identity.sessionToken),
    origin,
    principal: identity.principal,
  };
}
