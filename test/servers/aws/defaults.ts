/** The initial state of every server, and its state after a reset. */

import type { AccessKey } from './access-keys.ts';

export const ACCOUNT_ID = '111122223333';
export const ACCESS_KEY_ID = 'AKIDTESTTESTTEST';
export const SECRET_ACCESS_KEY = 'test/secrets+access/key+of+forty+letters';
export const CALLER_ARN = `arn:aws:iam::${ACCOUNT_ID}:user/tester`;
export const REGIONS: readonly string[] = ['us-east-1', 'eu-west-1'];

/** May do everything. */
export const ADMINISTRATOR: AccessKey = {
  accessKeyId: ACCESS_KEY_ID,
  secretAccessKey: SECRET_ACCESS_KEY,
  arn: CALLER_ARN,
};

export const KMS_ALIAS = 'alias/envseal';

/** A customer managed key that exists in every region, with `KMS_ALIAS`. */
export function kmsKeyArn(region = 'us-east-1'): string {
  return `arn:aws:kms:${region}:${ACCOUNT_ID}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
}

/** The key AWS makes for S3 in every region, `alias/aws/s3`. */
export function managedKeyArn(region: string): string {
  return `arn:aws:kms:${region}:${ACCOUNT_ID}:key/0987dcba-09fe-87dc-65ba-ab0987654321`;
}
