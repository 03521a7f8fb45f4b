/** Access to a place in S3 by the SDK's client, and its description for messages. */
import type { S3Client } from '@aws-sdk/client-s3';
import type { AwsClient } from '../../aws/client.ts';
import { dnsSuffixOf, partitionOf } from '../../aws/partitions.ts';
import type { S3Source } from '../../source-uri.ts';
import type { S3EndpointOptions } from './endpoint.ts';
import type { Subject } from './sdk-client.ts';
import { describe } from './service-errors.ts';

export interface S3Access {
  readonly s3: S3Client;
  readonly client: AwsClient;
  readonly region: string;
  /** A custom one. */
  readonly endpoint: string | undefined;
}

/** The same before the SDK is loaded, which the small client does without. */
export interface S3Place {
  readonly client: AwsClient;
  readonly plan: S3EndpointOptions;
  reach(): Promise<S3Access>;
}

export function aboutObject(source: S3Source, { region }: S3Access, action: string): Subject {
  return { ...describe(source, region), action };
}

export function aboutBucket(uri: string, bucket: string, { region }: S3Access, action: string): Subject {
  const resource = bucket.startsWith('arn:') ? bucket : `arn:${partitionOf(region)}:s3:::${bucket}`;
  return { subject: uri, action, resource };
}

/** Also by an endpoint that is named, such as a VPC's. What runs on an Outpost is another S3. */
export function isAmazonS3(
  bucket: string,
  { endpoint, region }: Pick<S3Access, 'endpoint' | 'region'>,
): boolean {
  if (bucket.includes(':s3-outposts:')) return false;
  if (endpoint === undefined) return true;
  return new URL(endpoint).hostname.endsWith(`.${dnsSuffixOf(region) ?? 'amazonaws.com'}`);
}
