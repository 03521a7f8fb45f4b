/**
 * Our credentials for AWS. The order is that of the official chain: the environment's keys come first, and
 * need nothing else.
 */
import { EnvsealError } from '../../errors.ts';
import type { AwsClient } from '../client.ts';
import { type AwsCredentials, type CredentialProvider, toIdentity } from '../identity.ts';
import type { CredentialSources } from './sources.ts';

/** Asks once; later calls share the answer. */
export function credentialChain(client: AwsClient): CredentialProvider {
  const { variables, settings, http, deadline, system } = client;
  const sources = { variables, settings, client, http, deadline, system, caFile: settings.caFile };
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
