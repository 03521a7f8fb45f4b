/** The small client and the official SDK fulfil one contract: the same object, or the same error, for each request. */

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { EnvsealError } from '../../src/errors.ts';
import { MAX_SOURCE_BYTES } from '../../src/limits-and-defaults.ts';
import { parseSource, type S3Source } from '../../src/source-uri.ts';
import type { FetchedObject } from '../../src/store/object.ts';
import { locateS3 } from '../../src/store/s3/endpoint.ts';
import { fetchDirectly, planS3 } from '../../src/store/s3/get.ts';
import { fetchThroughSdk } from '../../src/store/s3/sdk-get.ts';
import { awsClient } from '../aws/client.ts';
import {
  ACCESS_KEY_ID,
  type AccessKey,
  type FaultRule,
  kmsKeyArn,
  type PutOptions,
  type S3Server,
  SECRET_ACCESS_KEY,
  startS3,
} from '../servers/start.ts';

const URI = 's3://snacks/env';
const SEALED: PutOptions = { sse: 'aws:kms', kmsKeyId: kmsKeyArn() };
const MINUTE_MS = 60_000;

let s3: S3Server;

beforeAll(async () => {
  s3 = await startS3();
  // Loaded here, so that no short deadline below is spent on it.
  await import('@aws-sdk/client-s3');
});
afterAll(() => s3.stop());
beforeEach(async () => {
  await s3.reset();
  await s3.put('snacks', 'env', 'A=canary\n', SEALED);
});

type Variables = Readonly<Record<string, string>>;
type Way = 'directly' | 'through the SDK';

async function fetch(way: Way, uri: string, more: Variables, seconds: number): Promise<FetchedObject> {
  const variables = {
    AWS_ACCESS_KEY_ID: ACCESS_KEY_ID,
    AWS_SECRET_ACCESS_KEY: SECRET_ACCESS_KEY,
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL_S3: s3.url,
    HOME: '/nonexistent',
    ...more,
  };
  const client = awsClient(variables, { seconds });
  const source = parseSource(uri) as S3Source;
  const plan = planS3(source, { client, addressingStyle: 'auto', likelyRegion: undefined });
  const location = locateS3(source, plan);
  if (location === undefined) throw new Error('the small client does not know this');
  const answer =
    way === 'directly'
      ? fetchDirectly(source, plan, location, client)
      : fetchThroughSdk(source, plan, client);
  return await answer.finally(() => client.deadline.clear());
}

/** Object or error, as something to compare. */
async function outcome(way: Way, uri: string, more: Variables, seconds: number): Promise<unknown> {
  try {
    const { bytes, requestIds, ...rest } = await fetch(way, uri, more, seconds);
    return { ...rest, text: Buffer.from(bytes).toString(), ids: requestIds.map((id) => id.length) };
  } catch (error) {
    if (!(error instanceof EnvsealError)) return error;
    const { code, message, hint, retryable } = error;
    // The SDK does not distinguish a checksum that does not match from a body that was cut short.
    return code === 'corrupt' ? { code, retryable } : { code, message, hint, retryable };
  }
}

interface Case {
  readonly uri?: string;
  readonly variables?: Variables;
  readonly fault?: FaultRule;
  readonly seconds?: number;
  readonly prepare?: () => Promise<unknown>;
}

/** Fetches both ways and returns what came of it. */
async function both({ uri = URI, variables = {}, fault, seconds = 30, prepare }: Case): Promise<unknown> {
  await prepare?.();
  if (fault !== undefined) await s3.fault({ ...fault, count: 'always' });
  const directly = await outcome('directly', uri, variables, seconds);
  expect(await outcome('through the SDK', uri, variables, seconds)).toEqual(directly);
  return directly;
}

describe('the same object', () => {
  test.for<[string, Case, object]>([
    ['sealed', {}, { text: 'A=canary\n', sealing: { kind: 'sse-kms', key: kmsKeyArn(), isDual: false } }],
    [
      'sealed twice',
      { prepare: () => s3.put('snacks', 'env', 'A=canary\n', { ...SEALED, sse: 'aws:kms:dsse' }) },
      { sealing: { kind: 'sse-kms', key: kmsKeyArn(), isDual: true } },
    ],
    [
      'sealed by S3 alone',
      { prepare: () => s3.put('snacks', 'env', 'A=canary\n', { sse: 'AES256' }) },
      { sealing: { kind: 'none' } },
    ],
    ['without a word on encryption', { fault: { stripSse: true } }, { sealing: { kind: 'none' } }],
    [
      'without its key',
      { fault: { setHeaders: { 'x-amz-server-side-encryption-aws-kms-key-id': null } } },
      { sealing: { kind: 'sse-kms', key: undefined, isDual: false } },
    ],
    ['empty', { prepare: () => s3.put('snacks', 'env', '', SEALED) }, { text: '' }],
    ['in chunks', { fault: { chunked: true } }, { text: 'A=canary\n' }],
    ['of another key', { uri: 's3://snacks/ä b+c;=&//%25', prepare: odd }, { text: 'A=odd\n' }],
    [
      'of the null version',
      { uri: `${URI}?versionId=null`, prepare: unversioned },
      { text: 'A=null\n', version: undefined },
    ],
    ['with a clock that is wrong', { prepare: () => s3.clock(60 * MINUTE_MS) }, { text: 'A=canary\n' }],
    [
      'with a checksum of checksums',
      {
        fault: {
          setHeaders: { 'x-amz-checksum-crc64nvme': 'AAAAAAAAAAA=-2', 'x-amz-checksum-type': 'COMPOSITE' },
        },
      },
      { text: 'A=canary\n' },
    ],
  ])('%s', async ([, given, expected]) => {
    expect(await both(given)).toMatchObject(expected);
  });

  function odd(): Promise<unknown> {
    return s3.put('snacks', 'ä b+c;=&//%', 'A=odd\n', SEALED);
  }

  async function unversioned(): Promise<void> {
    await s3.bucket('snacks', { versioning: 'Off' });
    await s3.put('snacks', 'env', 'A=null\n', SEALED);
  }

  test.for([1, 65_537, MAX_SOURCE_BYTES])('of %i bytes', async (size) => {
    await s3.put('snacks', 'env', Buffer.alloc(size, 'A=1\n'), SEALED);
    const { text } = (await both({})) as { text: string };
    expect(text).toHaveLength(size);
  });

  test('in an older version', async () => {
    const { versionId } = await s3.put('snacks', 'env', 'A=old\n', SEALED);
    await s3.put('snacks', 'env', 'A=new\n', SEALED);
    const older = await both({ uri: `${URI}?versionId=${versionId}` });
    expect(older).toMatchObject({ text: 'A=old\n', version: versionId });
  });
});

describe('the same error', () => {
  const key = (rights: Partial<AccessKey>) => () =>
    s3.accessKey({
      accessKeyId: 'READER',
      secretAccessKey: SECRET_ACCESS_KEY,
      arn: 'arn:aws:iam::1:user/r',
      ...rights,
    });
  const reader = { AWS_ACCESS_KEY_ID: 'READER' };

  test.for<[string, Case, string]>([
    ['no such object', { uri: 's3://snacks/absent' }, 'not_found'],
    ['no such bucket', { uri: 's3://nowhere/env' }, 'not_found'],
    ['no such version', { uri: `${URI}?versionId=nosuchversionnosuchversionnosuch` }, 'not_found'],
    ['no version of this form', { uri: `${URI}?versionId=x` }, 'not_found'],
    ['a delete marker', { fault: { status: 405, code: 'MethodNotAllowed' } }, 'not_found'],
    ['denied', { variables: reader, prepare: key({ allow: [] }) }, 'denied'],
    ['denied without details', { fault: { status: 403, code: 'AccessDenied' } }, 'denied'],
    [
      'denied the key',
      { prepare: () => s3.kmsKey({ arn: kmsKeyArn(), allow: { 'kms:Decrypt': [] } }) },
      'denied',
    ],
    ['archived', { fault: { status: 403, code: 'InvalidObjectState' } }, 'denied'],
    [
      'a disabled key',
      { prepare: () => s3.kmsKey({ arn: kmsKeyArn(), state: 'Disabled' }) },
      'key_unavailable',
    ],
    [
      'a key that is gone',
      { prepare: () => s3.kmsKey({ arn: kmsKeyArn(), state: 'NotFound' }) },
      'key_unavailable',
    ],
    ['an unknown access key', { variables: { AWS_ACCESS_KEY_ID: 'NOBODY' } }, 'credentials'],
    ['a wrong secret', { variables: { AWS_SECRET_ACCESS_KEY: 'wrong' } }, 'credentials'],
    [
      'an expired session',
      {
        variables: { ...reader, AWS_SESSION_TOKEN: 'token' },
        prepare: key({ sessionToken: 'token', expired: true }),
      },
      'credentials',
    ],
    ['a clock that stays wrong', { fault: { status: 403, code: 'RequestTimeTooSkewed' } }, 'credentials'],
    ['a wrong checksum', { fault: { wrongChecksum: true } }, 'corrupt'],
    ['a flipped bit', { fault: { wrongBody: true } }, 'corrupt'],
    ['a body cut short', { fault: { truncateTo: 4 } }, 'corrupt'],
    ['a body reset', { fault: { resetAfterBytes: 4 } }, 'corrupt'],
    ['a body shorter than announced', { fault: { wrongLength: 20 } }, 'corrupt'],
    ['a body announced too large', { fault: { hugeDeclared: true } }, 'too_large'],
    ['a body without an end', { fault: { hugeChunked: true } }, 'too_large'],
    ['a content encoding', { fault: { setHeaders: { 'content-encoding': 'gzip' } } }, 'malformed'],
    ['another region', { fault: { status: 301, code: 'PermanentRedirect' } }, 'configuration'],
    ['an unknown code', { fault: { status: 418, code: 'Teapot' } }, 'configuration'],
    ['a server that fails', { fault: { status: 500, code: 'InternalError' }, seconds: 2 }, 'unreachable'],
    ['a server that throttles', { fault: { status: 503, code: 'SlowDown' }, seconds: 2 }, 'throttled'],
    ['a server that resets', { fault: { resetBeforeHeaders: true }, seconds: 2 }, 'unreachable'],
    ['a server that hangs', { fault: { hang: true }, seconds: 0.5 }, 'timeout'],
    ['a body that drips', { fault: { dripBytesPerSecond: 1 }, seconds: 0.5 }, 'timeout'],
    [
      'no credentials',
      { variables: { AWS_ACCESS_KEY_ID: '', AWS_EC2_METADATA_DISABLED: 'true' } },
      'credentials',
    ],
  ])('%s', async ([, given, code]) => {
    expect(await both(given)).toMatchObject({ code });
  });
});

test('one request each, tried again as often', async () => {
  await both({});
  expect(await s3.requests()).toHaveLength(2);
  await s3.reset();
  await s3.put('snacks', 'env', 'A=canary\n', SEALED);
  for (const way of ['directly', 'through the SDK'] as const) {
    await s3.fault({ status: 503, code: 'SlowDown', count: 2 });
    await outcome(way, URI, {}, 30);
  }
  expect((await s3.requests()).map(({ status }) => status)).toEqual([503, 503, 200, 503, 503, 200]);
});
