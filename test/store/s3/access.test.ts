import { expect, test } from 'vitest';
import { isAmazonS3, type S3Access } from '../../../src/store/s3/access.ts';

const access = (endpoint: string | undefined, region = 'eu-west-1') => ({ endpoint, region }) as S3Access;

test.for([
  [undefined, 'eu-west-1', true],
  ['https://s3.eu-west-1.amazonaws.com', 'eu-west-1', true],
  ['https://bucket.vpce-1a2b-3c.s3.eu-west-1.vpce.amazonaws.com', 'eu-west-1', true],
  ['https://s3.cn-north-1.amazonaws.com.cn', 'cn-north-1', true],
  ['https://s3.amazonaws.com.example.com', 'eu-west-1', false],
  ['https://notamazonaws.com', 'eu-west-1', false],
  ['https://acc.r2.cloudflarestorage.com', 'auto', false],
  ['http://127.0.0.1:9000', 'us-east-1', false],
] as const)('the endpoint %s in %s is Amazon: %s', ([endpoint, region, isAmazon]) => {
  expect(isAmazonS3('snacks', access(endpoint, region))).toBe(isAmazon);
});

test('what runs on an Outpost is not taken for S3', () => {
  const bucket = 'arn:aws:s3-outposts:eu-west-1:111122223333:outpost/op-1/accesspoint/env';
  expect(isAmazonS3(bucket, access(undefined))).toBe(false);
});
