/** Cloud Storage directly and through the official SDK: the same object, or the same error, for each request. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { EnvsealError } from '../../src/errors.ts';
import { GoogleClient } from '../../src/gcp/client.ts';
import { MAX_SOURCE_BYTES } from '../../src/limits-and-defaults.ts';
import { Deadline } from '../../src/net/deadline.ts';
import { Http } from '../../src/net/http.ts';
import { type GcsSource, parseSource } from '../../src/source-uri.ts';
import { fetchDirectly, fetchGcs } from '../../src/store/gcs/get.ts';
import { fetchThroughSdk } from '../../src/store/gcs/sdk-get.ts';
import { nodeSystem as system } from '../../src/system/node/system.ts';
import { accessToken } from '../servers/google/access-tokens.ts';
import {
  CLOUD_KMS_KEY,
  cloudKmsKeyVersion,
  type FaultRule,
  type GcsPutOptions,
  type GcsServer,
  startGcs,
} from '../servers/start.ts';

const URI = 'gs://snacks/env';
const SEALED: GcsPutOptions = { kmsKeyName: CLOUD_KMS_KEY };
const READER = 'reader@envseal-test.iam.gserviceaccount.com';

let gcs: GcsServer;

beforeAll(async () => {
  gcs = await startGcs();
  // Loaded here, so that no short deadline below is spent on it.
  await import('@google-cloud/storage');
});
afterAll(() => gcs.stop());
beforeEach(async () => {
  await gcs.reset();
  await gcs.bucket('snacks', { versioning: true });
  await gcs.put('snacks', 'env', 'A=canary\n', SEALED);
});

const WAYS = { directly: fetchDirectly, 'through the SDK': fetchThroughSdk } as const;

interface Case {
  readonly uri?: string;
  readonly token?: string;
  readonly fault?: FaultRule;
  readonly seconds?: number;
  readonly prepare?: () => Promise<unknown>;
}

function client(seconds: number, token: string, more: Record<string, string> = {}): GoogleClient {
  const variables = {
    GOOGLE_OAUTH_ACCESS_TOKEN: token,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: gcs.url,
    ...more,
  };
  const http = new Http({ system, variables, allowInsecureEndpoint: false });
  return new GoogleClient({
    variables,
    http,
    deadline: new Deadline(seconds),
    system,
    userAgent: 'envseal/test',
  });
}

/** Object or error, as something to compare. */
async function outcome(way: keyof typeof WAYS, { uri = URI, token = accessToken(), seconds = 30 }: Case) {
  const google = client(seconds, token);
  try {
    const { bytes, requestIds: _, ...rest } = await WAYS[way](parseSource(uri) as GcsSource, google);
    return { ...rest, text: Buffer.from(bytes).toString() };
  } catch (error) {
    if (!(error instanceof EnvsealError)) return error;
    const { code, message, retryable } = error;
    const hint = error.hint?.replace(/identifier is \S+/, 'identifier is …');
    // The wording differs for why a connection broke or a body is not whole.
    return code === 'corrupt' || code === 'unreachable' ? { code } : { code, message, hint, retryable };
  } finally {
    google.deadline.clear();
  }
}

/** Fetches both ways and returns what came of it. */
async function both(given: Case): Promise<unknown> {
  await given.prepare?.();
  if (given.fault !== undefined) await gcs.fault({ ...given.fault, count: 'always' });
  const directly = await outcome('directly', given);
  expect(await outcome('through the SDK', given)).toEqual(directly);
  return directly;
}

describe('the same object', () => {
  test.for<[string, Case, object]>([
    ['sealed', {}, { text: 'A=canary\n', sealing: { kind: 'cmek', key: cloudKmsKeyVersion(1) } }],
    [
      'sealed by Google alone',
      { prepare: () => gcs.put('snacks', 'env', 'A=canary\n') },
      { sealing: { kind: 'none' } },
    ],
    [
      'with a key in its metadata',
      { prepare: () => gcs.put('snacks', 'env', 'A=canary\n', { metadata: { 'kms-key': CLOUD_KMS_KEY } }) },
      { sealing: { kind: 'none' }, namedKey: CLOUD_KMS_KEY },
    ],
    ['empty', { prepare: () => gcs.put('snacks', 'env', '', SEALED) }, { text: '' }],
    ['in chunks', { fault: { chunked: true } }, { text: 'A=canary\n' }],
    [
      'of another name',
      {
        uri: 'gs://snacks/ä b+c;=&%2f%25/../x',
        prepare: () => gcs.put('snacks', 'ä b+c;=&/%/../x', 'A=odd\n', SEALED),
      },
      { text: 'A=odd\n' },
    ],
  ])('%s', async ([, given, expected]) => {
    expect(await both(given)).toMatchObject(expected);
  });

  test.for([1, 65_537, MAX_SOURCE_BYTES])('of %i bytes', async (size) => {
    await gcs.put('snacks', 'env', Buffer.alloc(size, 'A=1\n'), SEALED);
    expect(((await both({})) as { text: string }).text).toHaveLength(size);
  });

  test('in an older generation', async () => {
    const { generation } = await gcs.put('snacks', 'env', 'A=old\n', SEALED);
    await gcs.put('snacks', 'env', 'A=new\n', SEALED);
    const older = await both({ uri: `${URI}#${generation}` });
    expect(older).toMatchObject({ text: 'A=old\n', version: generation });
  });
});

describe('the same error', () => {
  const reader = accessToken({ principal: READER });
  const narrow = accessToken({ scopes: ['https://www.googleapis.com/auth/compute'] });

  test.for<[string, Case, string]>([
    ['no such object', { uri: 'gs://snacks/absent' }, 'not_found'],
    ['no such bucket', { uri: 'gs://nowhere/env' }, 'not_found'],
    ['no such generation', { uri: `${URI}#1` }, 'not_found'],
    ['denied', { token: reader, prepare: () => gcs.allow(READER, []) }, 'denied'],
    ['denied without details', { fault: { status: 403, code: 'AccessDenied' } }, 'denied'],
    ['a perimeter', { prepare: () => gcs.perimeter(true) }, 'denied'],
    ['a precondition', { fault: { status: 412, code: 'PreconditionFailed' } }, 'denied'],
    [
      'a disabled key',
      { prepare: () => gcs.kmsKey({ name: CLOUD_KMS_KEY, state: 'disabled' }) },
      'key_unavailable',
    ],
    [
      'a destroyed key',
      { prepare: () => gcs.kmsKey({ name: CLOUD_KMS_KEY, state: 'destroyed' }) },
      'key_unavailable',
    ],
    [
      'a key that is gone',
      { prepare: () => gcs.kmsKey({ name: CLOUD_KMS_KEY, state: 'missing' }) },
      'key_unavailable',
    ],
    [
      'a key that Cloud Storage may not use',
      { prepare: () => gcs.kmsKey({ name: CLOUD_KMS_KEY, state: 'denied' }) },
      'denied',
    ],
    ['a token without the scope', { token: narrow }, 'denied'],
    ['a forged token', { token: 'forged' }, 'credentials'],
    ['an expired token', { token: accessToken({ expiresAt: 1 }) }, 'credentials'],
    ['a flipped bit', { fault: { match: '^snacks/', wrongBody: true } }, 'corrupt'],
    [
      'a content encoding',
      { prepare: () => gcs.put('snacks', 'env', 'A=1\n', { contentEncoding: 'gzip' }) },
      'malformed',
    ],
    [
      'over the limit',
      { prepare: () => gcs.put('snacks', 'env', Buffer.alloc(MAX_SOURCE_BYTES + 1, 'A'), SEALED) },
      'too_large',
    ],
    ['an unknown code', { fault: { status: 418, code: 'teapot' } }, 'configuration'],
    ['a server that fails', { fault: { status: 500, code: 'InternalError' }, seconds: 2 }, 'unreachable'],
    ['a server that throttles', { fault: { status: 429, code: 'SlowDown' }, seconds: 2 }, 'throttled'],
    ['a server that resets', { fault: { resetBeforeHeaders: true }, seconds: 2 }, 'unreachable'],
    ['a server that hangs', { fault: { hang: true }, seconds: 0.5 }, 'timeout'],
  ])('%s', async ([, given, code]) => {
    expect(await both(given)).toMatchObject({ code });
  });
});

test('two requests at the same time, and no other', async () => {
  await outcome('directly', {});
  const seen = (await gcs.requests()).map(({ subject }) => subject);
  expect(seen.sort()).toEqual(['metadata:snacks/env', 'snacks/env']);
});

describe('an object that is replaced between the two requests', () => {
  /** The bytes are still the sealed ones, and the description is of what came after. */
  async function replace(versioning: boolean, count: number | 'always'): Promise<string> {
    await gcs.bucket('snacks', { versioning });
    const { generation } = await gcs.put('snacks', 'env', 'A=canary\n', SEALED);
    await gcs.put('snacks', 'env', 'A=canary\n');
    await gcs.fault({ match: '^snacks/', setHeaders: { 'x-goog-generation': generation }, count });
    return generation;
  }

  test('is described again', async () => {
    const generation = await replace(true, 1);
    expect(await outcome('directly', {})).toMatchObject({
      version: generation,
      sealing: { kind: 'cmek', key: cloudKmsKeyVersion(1) },
    });
    expect((await gcs.requests()).map(({ subject }) => subject).sort()).toEqual([
      'metadata:snacks/env',
      'metadata:snacks/env',
      'snacks/env',
    ]);
  });

  test('is fetched again where what it was is gone', async () => {
    await replace(false, 1);
    expect(await outcome('directly', {})).toMatchObject({ text: 'A=canary\n', sealing: { kind: 'none' } });
  });

  test('is never taken for absent', async () => {
    await replace(false, 'always');
    expect(await outcome('directly', {})).toMatchObject({ code: 'unreachable' });
  });
});

test('bytes without a generation are those of the description, or refused', async () => {
  await gcs.fault({ match: '^snacks/', setHeaders: { 'x-goog-generation': null }, count: 'always' });
  expect(await outcome('directly', {})).toMatchObject({ text: 'A=canary\n' });
  await gcs.put('other', 'env', 'A=other\n');
  const { crc32c } = (await gcs.stored('other', 'env')) as { crc32c: string };
  await gcs.clearFaults();
  const setHeaders = { 'x-goog-generation': null, 'x-goog-hash': `crc32c=${crc32c}` };
  await gcs.fault({ match: '^snacks/', setHeaders, count: 'always' });
  expect(await outcome('directly', {})).toMatchObject({ code: 'corrupt' });
});

test('an emulator is asked through the SDK, without a token', async () => {
  const google = client(10, 'any', { STORAGE_EMULATOR_HOST: gcs.host });
  const asked = fetchGcs(parseSource(URI) as GcsSource, google).finally(() => google.deadline.clear());
  await expect(asked).rejects.toMatchObject({ code: 'credentials' });
  expect((await gcs.requests()).every(({ headers }) => headers.authorization === undefined)).toBe(true);
});
