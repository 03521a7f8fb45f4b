/** S3's settings of a bucket, by one signed GET. Answers that it does not understand are left to the SDK. */
import type { AwsClient } from '../../aws/client.ts';
import { element } from '../../aws/xml.ts';
import { MAX_ANSWER_BYTES } from '../../limits-and-defaults.ts';
import { readAnswerBody } from '../../net/answer-body.ts';
import { locateS3, type S3EndpointOptions } from './endpoint.ts';

/** What S3 says of a bucket where nothing is set. */
export const UNSET = new Set([
  'ServerSideEncryptionConfigurationNotFoundError',
  'NoSuchPublicAccessBlockConfiguration',
  'NoSuchBucketPolicy',
]);

/** A subresource of a bucket: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html */
export type BucketQuestion = 'versioning' | 'encryption' | 'publicAccessBlock' | 'policyStatus';

/** The key that the bucket seals with where none is named; S3 itself would take the account's own, `aws/s3`. */
export async function defaultKeyOf(
  bucket: string,
  plan: S3EndpointOptions,
  client: AwsClient,
): Promise<string | undefined> {
  const answer = (await askBucket(bucket, 'encryption', plan, client)) ?? '';
  return element(answer, 'SSEAlgorithm')?.startsWith('aws:kms')
    ? element(answer, 'KMSMasterKeyID')
    : undefined;
}

/** The answer's XML, `unset`, `denied`, or `undefined` for what the SDK is to be asked instead: a redirect, a fault. */
export async function askBucket(
  bucket: string,
  question: BucketQuestion,
  plan: S3EndpointOptions,
  client: AwsClient,
): Promise<string | undefined> {
  const location = locateS3({ bucket, key: '', versionId: undefined }, plan);
  if (location === undefined) return undefined;
  const url = new URL(location.url);
  url.search = `${question}=`;
  try {
    const response = await client.send({ method: 'GET', url, headers: {} }, 's3', location.region);
    const bytes = await readAnswerBody(response, MAX_ANSWER_BYTES, client.deadline.signal);
    const text = Buffer.from(bytes).toString('utf8');
    if (response.status === 200) return text;
    const code = element(text, 'Code') ?? '';
    if (UNSET.has(code)) return 'unset';
    return response.status === 403 && code === 'AccessDenied' ? 'denied' : undefined;
  } catch {
    // The SDK meets it too, and explains it.
    return undefined;
  }
}
