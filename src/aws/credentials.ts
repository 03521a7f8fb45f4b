/**
 * Who we are at AWS. The order is that of the official chain; each provider is loaded when it is its turn, and the
 * environment's keys need none.
 */
import { EnvsealError } from '../errors.ts';
import { Secret } from '../secret.ts';
import type { System } from '../system/system.ts';
import type { SdkTransport } from './sdk-transport.ts';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly sessionToken: Secret | undefined;
  /** Which provider they are from, for people. */
  readonly origin: string;
}

/**
 * Credentials that are usable now. Throws `credentials` where nothing gives any or what should give them refuses;
 * `unreachable` where it does not answer.
 */
export type CredentialProvider = () => Promise<AwsCredentials>;

export interface CredentialSources {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Whether `~/.aws/config` or `~/.aws/credentials` (or what stands in their place) exists. */
  readonly hasProfiles: boolean;
  readonly region: string | undefined;
  readonly transport: SdkTransport;
  readonly system: System;
}

/** What every provider of the SDK resolves to. */
interface SdkIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

interface ProviderRow {
  readonly origin: string;
  readonly hint: string;
  applies(sources: CredentialSources): boolean;
  /** `undefined`: has none, ask the next one. */
  load(sources: CredentialSources): Promise<SdkIdentity | undefined>;
}

/** A metadata service on the same host answers within milliseconds, or not at all. */
const METADATA_TIMEOUT_MS = 1000;

/** The SDK's warnings would go to stderr. */
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

const PROVIDERS: readonly ProviderRow[] = [
  {
    origin: 'environment',
    hint: 'check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
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
    hint: 'check AWS_PROFILE and ~/.aws; an SSO session is renewed with: aws sso login',
    applies: ({ variables, hasProfiles }) => hasProfiles || !!variables.AWS_PROFILE,
    async load({ variables, region, transport }) {
      const { fromIni } = await import('@aws-sdk/credential-provider-ini');
      const parentClientConfig = { requestHandler: transport, ...(region === undefined ? {} : { region }) };
      const provider = fromIni({
        logger: SILENT,
        clientConfig: { requestHandler: transport },
        parentClientConfig,
      } as Parameters<typeof fromIni>[0]);
      return await provider().catch((error: unknown) => {
        // Files without a word on credentials are no error, unless a profile was asked for.
        if (!variables.AWS_PROFILE && (error as { tryNextLink?: boolean }).tryNextLink) return undefined;
        throw error;
      });
    },
  },
  {
    origin: 'web identity',
    hint: 'check AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and the trust policy of the role (sts:AssumeRoleWithWebIdentity)',
    applies: ({ variables }) => !!variables.AWS_WEB_IDENTITY_TOKEN_FILE,
    async load({ region, transport }) {
      const { fromTokenFile } = await import('@aws-sdk/credential-provider-web-identity');
      return await fromTokenFile({
        logger: SILENT,
        clientConfig: { requestHandler: transport, region: region ?? 'us-east-1' },
      } as Parameters<typeof fromTokenFile>[0])();
    },
  },
  {
    origin: 'container',
    hint: "check the task's role (ECS) or the pod identity association (EKS)",
    applies: ({ variables }) =>
      !!(variables.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI || variables.AWS_CONTAINER_CREDENTIALS_FULL_URI),
    async load() {
      const { fromHttp } = await import('@aws-sdk/credential-provider-http');
      return await fromHttp({ logger: SILENT, timeout: METADATA_TIMEOUT_MS, maxRetries: 3 })();
    },
  },
  {
    origin: 'instance metadata',
    hint: 'give the container a role: IRSA or Pod Identity on EKS, a task role on ECS, an instance profile on EC2 (with a metadata hop limit of 2), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    applies: ({ variables }) => variables.AWS_EC2_METADATA_DISABLED?.toLowerCase() !== 'true',
    async load() {
      const { fromInstanceMetadata } = await import('@smithy/credential-provider-imds');
      return await fromInstanceMetadata({
        logger: SILENT,
        timeout: METADATA_TIMEOUT_MS,
        maxRetries: 2,
        // Version 1 answers anyone who can make us send a request, and asking for it doubles the wait.
        ec2MetadataV1Disabled: true,
      } as Parameters<typeof fromInstanceMetadata>[0])();
    },
  },
];

/** Asks once; later calls share the answer. */
export function credentialChain(sources: CredentialSources): CredentialProvider {
  let answer: Promise<AwsCredentials> | undefined;
  return () => {
    answer ??= askInTurn(sources);
    return answer;
  };
}

async function askInTurn(sources: CredentialSources): Promise<AwsCredentials> {
  for (const row of PROVIDERS) {
    if (!row.applies(sources)) continue;
    const identity = await row.load(sources).catch((error: unknown) => {
      throw explain(row, error);
    });
    if (identity !== undefined) return toCredentials(identity, row.origin);
  }
  throw new EnvsealError('credentials', 'no AWS credentials found', {
    hint: (PROVIDERS.at(-1) as ProviderRow).hint,
  });
}

function toCredentials(identity: SdkIdentity, origin: string): AwsCredentials {
  return {
    accessKeyId: identity.accessKeyId,
    secretAccessKey: new Secret(identity.secretAccessKey),
    sessionToken: identity.sessionToken === undefined ? undefined : new Secret(identity.sessionToken),
    origin,
  };
}

/** The SDK's messages can quote what a process or a file said, so only the error's name is passed on. */
function explain(row: ProviderRow, error: unknown): EnvsealError {
  if (error instanceof EnvsealError) return error;
  const { name, code } = error as { name?: string; code?: string };
  const reason = code ?? (name === undefined || name === 'Error' ? 'no answer' : name);
  return new EnvsealError('credentials', `no AWS credentials from the ${row.origin} (${reason})`, {
    hint: row.hint,
    cause: error,
  });
}
