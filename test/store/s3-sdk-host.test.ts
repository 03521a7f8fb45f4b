/** The container executable's answer for places in S3 that only the SDK knows. */

import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { NeedsFullProgram } from '../../src/needs-full-program.ts';
import { parseSource, type S3Source } from '../../src/source-uri.ts';
import { fetchS3 } from '../../src/store/s3/get.ts';
import { nodeSystem } from '../../src/system/node/system.ts';
import { awsClient } from '../aws/client.ts';

beforeAll(() => {
  vi.doMock('../../src/store/s3/sdk-get.ts', () => import('../../src/store/s3/sdk-get.host.ts'));
});
afterAll(() => {
  vi.doUnmock('../../src/store/s3/sdk-get.ts');
});

test.each([
  ['arn:aws:s3::111122223333:accesspoint/mfzwi23gnjvgw.mrap/env', 'S3 multi-region access points'],
  [
    'arn:aws:s3-outposts:us-east-1:111122223333:outpost/op-01/accesspoint/ap/env',
    'access points of S3 on Outposts',
  ],
  ['arn:aws:s3-object-lambda:us-east-1:111122223333:accesspoint/ap/env', 'access points of S3 Object Lambda'],
  ['s3://snacks--use1-az4--x-s3/env', 'S3 directory buckets'],
  ['s3://snacks/env?region=nowhere', 'this kind of S3 region, endpoint or key'],
])('%s', async (uri, what) => {
  const fetch = vi.fn();
  const system = { ...nodeSystem, fetch };
  const variables = { AWS_REGION: 'us-east-1', AWS_EC2_METADATA_DISABLED: 'true' };
  const client = awsClient(variables, { system });
  const options = { client, addressingStyle: 'auto', likelyRegion: undefined } as const;
  const failure = await fetchS3(parseSource(uri) as S3Source, options)
    .catch((error: unknown) => error)
    .finally(() => client.deadline.clear());
  expect(failure).toBeInstanceOf(NeedsFullProgram);
  expect(failure).toMatchObject({ what, code: 'configuration' });
  // The edge has to know it.
  expect((failure as NeedsFullProgram).about()).toBe(failure);
  expect((failure as NeedsFullProgram).final()).toBe(failure);
  expect(fetch).not.toHaveBeenCalled();
});
