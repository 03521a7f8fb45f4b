/** Who we are at AWS. The order is that of the official chain: the environment's keys come first, and need nothing else. */
import { EnvsealError } from '../../errors.ts';
import type { AwsClient } from '../client.ts';
import type { AwsSettings } from '../settings.ts';
import { type AwsIdentity, toIdentity } from '../identity.ts';
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

/** Asks once; later calls share the answer. */
export function credentialChain(sources: CredentialSources): CredentialProvider {
  let answer: Promise<AwsCredentials> | undefined;
  return () => {
    answer ??= findCredentials(sources).catch((error: unknown) => {
      // Each provider has tried again as often as makes sense.
      throw error instanceof EnvsealError ? error.final() : error;
    });
    return answer;
  };
}

async function findCredentials(sources: CredentialSources): Promise<AwsCredentials> {
  const { AWS_PROFILE, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = sources.variables;
  if (AWS_PROFILE || !AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY)
    return await (await import('./chain.ts')).askInTurn(sources);
  const identity = toIdentity({
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    sessionToken: AWS_SESSION_TOKEN,
  });
  return { ...identity, origin: 'environment' };
}
