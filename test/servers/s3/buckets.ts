/** Operations on a bucket as a whole. */

import { document, element, elements } from '../aws/xml.ts';
import type { Answer } from '../http/exchange.ts';
import { bucketArn, demand } from './access.ts';
import type { Call } from './call.ts';
import { S3Error } from './errors.ts';

const NAMESPACE = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';
const EMPTY = Buffer.alloc(0);

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html */
export function refuseExisting({ bucket, caller }: Call): Answer {
  demand(caller, 's3:CreateBucket', bucketArn(bucket.name));
  throw new S3Error('BucketAlreadyOwnedByYou', { BucketName: bucket.name });
}

/** The region that a CreateBucket asks for. */
export function parseLocationConstraint(body: Buffer): string | undefined {
  return /<LocationConstraint>([a-z0-9-]+)<\/LocationConstraint>/.exec(body.toString())?.[1];
}

export function headBucket({ bucket, caller }: Call): Answer {
  demand(caller, 's3:ListBucket', bucketArn(bucket.name));
  const headers = { 'x-amz-bucket-region': bucket.region, 'content-type': 'application/xml' };
  return { status: 200, headers, body: EMPTY };
}

/** us-east-1 is written as nothing: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html */
export function getBucketLocation({ bucket, caller }: Call): Answer {
  demand(caller, 's3:GetBucketLocation', bucketArn(bucket.name));
  return xml('LocationConstraint', bucket.region === 'us-east-1' ? [] : bucket.region);
}

export function getBucketVersioning({ bucket, caller }: Call): Answer {
  demand(caller, 's3:GetBucketVersioning', bucketArn(bucket.name));
  return xml(
    'VersioningConfiguration',
    elements({ Status: bucket.versioning === 'Off' ? undefined : bucket.versioning }),
  );
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketEncryption.html */
export function getBucketEncryption({ bucket, caller }: Call): Answer {
  demand(caller, 's3:GetEncryptionConfiguration', bucketArn(bucket.name));
  const { algorithm, keyId, bucketKey = false } = bucket.encryption;
  const byDefault = element(
    'ApplyServerSideEncryptionByDefault',
    elements({ SSEAlgorithm: algorithm, KMSMasterKeyID: keyId }),
  );
  const rule = element('Rule', [byDefault, element('BucketKeyEnabled', String(bucketKey))]);
  return xml('ServerSideEncryptionConfiguration', [rule]);
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetPublicAccessBlock.html */
export function getPublicAccessBlock({ bucket, caller }: Call): Answer {
  demand(caller, 's3:GetBucketPublicAccessBlock', bucketArn(bucket.name));
  if (bucket.publicAccess === undefined) throw new S3Error('NoSuchPublicAccessBlockConfiguration');
  const isBlocked = bucket.publicAccess === 'blocked';
  return xml(
    'PublicAccessBlockConfiguration',
    elements({
      BlockPublicAcls: isBlocked,
      IgnorePublicAcls: isBlocked,
      BlockPublicPolicy: isBlocked,
      RestrictPublicBuckets: isBlocked,
    }),
  );
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicyStatus.html */
export function getBucketPolicyStatus({ bucket, caller }: Call): Answer {
  demand(caller, 's3:GetBucketPolicyStatus', bucketArn(bucket.name));
  if (bucket.policy === undefined) throw new S3Error('NoSuchBucketPolicy');
  return xml('PolicyStatus', elements({ IsPublic: bucket.policy === 'public' }));
}

function xml(name: string, content: string | string[]): Answer {
  const body = document(element(name, content, NAMESPACE));
  return { status: 200, headers: { 'content-type': 'application/xml' }, body };
}
