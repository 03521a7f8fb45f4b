/** The state of a bucket in S3, as far as the credentials may look. */

import type { S3Client } from '@aws-sdk/client-s3';
import { element } from '../../aws/xml.ts';
import { retry } from '../../net/retry.ts';
import type { S3Source } from '../../source-uri.ts';
import type { BucketState } from '../contract.ts';
import { aboutBucket, type S3Place } from './access.ts';
import { askBucket, UNSET } from './bucket.ts';
import { ask, codeOf, explain, type SendOptions } from './sdk-client.ts';

export async function inspectBucket(source: S3Source, place: S3Place): Promise<BucketState> {
  const [{ isVersioned, isEncrypted }, isPublic] = await Promise.all([
    inspectContent(source, place),
    isPubliclyReadable(source, place),
  ]);
  return { isVersioned, isEncrypted, isPublic };
}

/** Whether the bucket encrypts matters where it keeps no versions: one request less for the others. */
async function inspectContent(
  source: S3Source,
  place: S3Place,
): Promise<Pick<BucketState, 'isVersioned' | 'isEncrypted'>> {
  const isVersioned = await keepsVersions(source, place);
  return { isVersioned, isEncrypted: isVersioned ? undefined : await encrypts(source, place) };
}

async function keepsVersions(source: S3Source, place: S3Place): Promise<boolean | undefined> {
  const answer = await askBucket(source.bucket, 'versioning', place.plan, place.client);
  if (answer !== undefined) return answer === 'denied' ? undefined : element(answer, 'Status') === 'Enabled';
  const { GetBucketVersioningCommand } = await import('./sdk-commands.ts');
  const command = new GetBucketVersioningCommand({ Bucket: source.bucket });
  const found = await look('s3:GetBucketVersioning', (s3, o) => s3.send(command, o), source, place);
  return found === undefined || found === 'unset' ? undefined : found.Status === 'Enabled';
}

/** With any algorithm. S3 itself has done so for every bucket since 2023; other stores need not. */
async function encrypts(source: S3Source, place: S3Place): Promise<boolean | undefined> {
  const answer = await askBucket(source.bucket, 'encryption', place.plan, place.client);
  if (answer !== undefined)
    return answer === 'denied' ? undefined : element(answer, 'SSEAlgorithm') !== undefined;
  const { GetBucketEncryptionCommand } = await import('./sdk-commands.ts');
  const command = new GetBucketEncryptionCommand({ Bucket: source.bucket });
  const action = 's3:GetEncryptionConfiguration';
  const found = await look(action, (s3, o) => s3.send(command, o), source, place);
  if (found === undefined || found === 'unset') return found && false;
  const rules = found.ServerSideEncryptionConfiguration?.Rules ?? [];
  return rules.some((rule) => rule.ApplyServerSideEncryptionByDefault?.SSEAlgorithm !== undefined);
}

/**
 * Only a policy opens what will be stored: a bucket's access list does not reach its objects, and a new object's own
 * is private. A public policy has no effect where public buckets are restricted.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
 */
async function isPubliclyReadable(source: S3Source, place: S3Place): Promise<boolean | undefined> {
  if (await isBlocked(source, place)) return false;
  const answer = await askBucket(source.bucket, 'policyStatus', place.plan, place.client);
  if (answer === 'denied') return undefined;
  if (answer !== undefined) return element(answer, 'IsPublic')?.toLowerCase() === 'true';
  const { GetBucketPolicyStatusCommand } = await import('./sdk-commands.ts');
  const command = new GetBucketPolicyStatusCommand({ Bucket: source.bucket });
  const status = await look('s3:GetBucketPolicyStatus', (s3, o) => s3.send(command, o), source, place);
  return status === 'unset' ? false : status?.PolicyStatus?.IsPublic;
}

async function isBlocked(source: S3Source, place: S3Place): Promise<boolean> {
  const answer = await askBucket(source.bucket, 'publicAccessBlock', place.plan, place.client);
  if (answer !== undefined) return element(answer, 'RestrictPublicBuckets')?.toLowerCase() === 'true';
  const { GetPublicAccessBlockCommand } = await import('./sdk-commands.ts');
  const command = new GetPublicAccessBlockCommand({ Bucket: source.bucket });
  const action = 's3:GetBucketPublicAccessBlock';
  const block = await look(action, (s3, o) => s3.send(command, o), source, place);
  const rules = typeof block === 'object' ? block.PublicAccessBlockConfiguration : undefined;
  return rules?.RestrictPublicBuckets === true;
}

/** Not allowed, or not known: access points and other stores lack some of it. */
const NO_ANSWER = [403, 405, 501];

async function look<T>(
  action: string,
  send: (s3: S3Client, options: SendOptions) => Promise<T>,
  { uri, bucket }: S3Source,
  { client, reach }: S3Place,
): Promise<T | 'unset' | undefined> {
  const access = await reach();
  return await retry(async () => {
    try {
      return await ask((options) => send(access.s3, options), client);
    } catch (error) {
      const { status, code } = codeOf(error);
      if (UNSET.has(code)) return 'unset';
      const explained = explain(error, aboutBucket(uri, bucket, access, action), client);
      if (NO_ANSWER.includes(status) && (explained as { code?: string }).code !== 'credentials')
        return undefined;
      throw explained;
    }
  }, client.deadline);
}
