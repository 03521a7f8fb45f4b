/** What a bucket in S3 is like, as far as the credentials may look. */
import { retry } from '../net/retry.ts';
import type { BucketState } from './env-store.ts';
import { aboutBucket, type S3Access } from './s3-access.ts';
import { ask, codeOf, explain, type SendOptions } from './s3-sdk-client.ts';
import type { S3Source } from './source.ts';

export async function inspectBucket(source: S3Source, access: S3Access): Promise<BucketState> {
  const [{ isVersioned, isEncrypted }, isPublic] = await Promise.all([
    lookAfterContent(source, access),
    isReadByAnybody(source, access),
  ]);
  return { isVersioned, isEncrypted, isPublic };
}

/** Whether the bucket encrypts matters where it keeps no versions: one request less for the others. */
async function lookAfterContent(
  source: S3Source,
  access: S3Access,
): Promise<Pick<BucketState, 'isVersioned' | 'isEncrypted'>> {
  const isVersioned = await keepsVersions(source, access);
  return { isVersioned, isEncrypted: isVersioned ? undefined : await encrypts(source, access) };
}

async function keepsVersions(source: S3Source, access: S3Access): Promise<boolean | undefined> {
  const { GetBucketVersioningCommand } = await import('./s3-api.ts');
  const command = new GetBucketVersioningCommand({ Bucket: source.bucket });
  const answer = await look('s3:GetBucketVersioning', (o) => access.s3.send(command, o), source, access);
  return answer === undefined || answer === 'unset' ? undefined : answer.Status === 'Enabled';
}

/** With any algorithm. S3 itself has done so for every bucket since 2023; other stores need not. */
async function encrypts(source: S3Source, access: S3Access): Promise<boolean | undefined> {
  const { GetBucketEncryptionCommand } = await import('./s3-api.ts');
  const command = new GetBucketEncryptionCommand({ Bucket: source.bucket });
  const action = 's3:GetEncryptionConfiguration';
  const answer = await look(action, (o) => access.s3.send(command, o), source, access);
  if (answer === undefined || answer === 'unset') return answer && false;
  const rules = answer.ServerSideEncryptionConfiguration?.Rules ?? [];
  return rules.some((rule) => rule.ApplyServerSideEncryptionByDefault?.SSEAlgorithm !== undefined);
}

/**
 * Only a policy opens what will be stored: a bucket's access list does not reach its objects, and a new object's own
 * is private. A public policy has no effect where public buckets are restricted.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
 */
async function isReadByAnybody(source: S3Source, access: S3Access): Promise<boolean | undefined> {
  const { GetBucketPolicyStatusCommand, GetPublicAccessBlockCommand } = await import('./s3-api.ts');
  const bucket = { Bucket: source.bucket };
  const block = await look(
    's3:GetBucketPublicAccessBlock',
    (o) => access.s3.send(new GetPublicAccessBlockCommand(bucket), o),
    source,
    access,
  );
  const rules = typeof block === 'object' ? block.PublicAccessBlockConfiguration : undefined;
  if (rules?.RestrictPublicBuckets) return false;
  const status = await look(
    's3:GetBucketPolicyStatus',
    (o) => access.s3.send(new GetBucketPolicyStatusCommand(bucket), o),
    source,
    access,
  );
  return status === 'unset' ? false : status?.PolicyStatus?.IsPublic;
}

/** What S3 says of a bucket where nothing is set. */
const UNSET = new Set([
  'ServerSideEncryptionConfigurationNotFoundError',
  'NoSuchPublicAccessBlockConfiguration',
  'NoSuchBucketPolicy',
]);

/** Not allowed, or not known: access points and other stores lack some of it. */
const NO_ANSWER = [403, 405, 501];

async function look<T>(
  action: string,
  send: (options: SendOptions) => Promise<T>,
  { uri, bucket }: S3Source,
  access: S3Access,
): Promise<T | 'unset' | undefined> {
  const { client } = access;
  return await retry(async () => {
    try {
      return await ask(send, client);
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
