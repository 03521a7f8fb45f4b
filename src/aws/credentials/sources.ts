/** The inputs of the search for AWS credentials. */
import type { AwsClient } from '../client.ts';
import type { AwsSettings } from '../settings.ts';
import type { MetadataContext } from './metadata.ts';

export interface CredentialSources extends MetadataContext {
  readonly settings: AwsSettings;
  /** Asks STS. Its own credentials are the ones being looked for. */
  readonly client: AwsClient;
}
