/** An object at S3 reaches the command, wherever the bucket is and whatever the key is called. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { kmsKeyArn, type S3Server, startS3 } from '../servers/start.ts';
import { BARE, KEYS, SEALED, store } from './aws.ts';
import { envsealWords, startWords } from './program.ts';
import { CANARY, type Env, opened, refused } from './transcript.ts';

let s3: S3Server;
let env: Env;

beforeAll(async () => {
  s3 = await startS3();
  env = { ...BARE, ...KEYS, AWS_ENDPOINT_URL_S3: s3.url };
});
afterAll(() => s3.stop());
beforeEach(() => s3.reset());

test('the command gets the variables of the object, after one request', async () => {
  await store(s3, 'snacks/dev/env', '# canary\nDB_URL="postgres://canary@db/1"\nEMPTY=\n');
  expect(await opened(['-s', 's3://snacks/dev/env'], env)).toEqual({
    DB_URL: 'postgres://canary@db/1',
    EMPTY: '',
  });
  const [request, ...more] = await s3.requests();
  expect(more).toEqual([]);
  expect(request).toMatchObject({ method: 'GET', target: '/snacks/dev/env', status: 200 });
  expect(request?.headers['user-agent']).toMatch(/^envseal\/\d+\.\d+\.\d+$/);
  expect(request?.headers['x-amz-checksum-mode']).toBe('ENABLED');
});

test('an exec-form entrypoint names the sources in ENVSEAL_SOURCE', async () => {
  await store(s3, 'snacks/a', 'A=canary-a\n');
  await store(s3, 'snacks/b', 'B=canary-b\n');
  const sources = { ENVSEAL_SOURCE: ' s3://snacks/a,\n\ts3://snacks/b ' };
  expect(await opened(['run'], { ...env, ...sources })).toEqual({ A: 'canary-a', B: 'canary-b' });
});

describe('every key can be named', () => {
  /** The key, and how a URI writes it. */
  const KEYS_AND_URIS: readonly (readonly [key: string, written: string])[] = [
    ['with space', 'with space'],
    ['with space', 'with%20space'],
    ['a+b', 'a+b'],
    ['ünï/çødé ☃', 'ünï/çødé ☃'],
    ['ünï/çødé ☃', '%C3%BCn%C3%AF/%C3%A7%C3%B8d%C3%A9%20%E2%98%83'],
    ['100%', '100%25'],
    ['%41', '%2541'],
    ['a;b=c&d', 'a;b=c&d'],
    ["it's(*)!~", "it's(*)!~"],
    ['"<>[]^`{|}\\', '"<>[]^`{|}\\'],
    ['a//b', 'a//b'],
    ['/leading', '/leading'],
    ['trailing/', 'trailing/'],
    ['what?x=1', 'what%3Fx=1'],
    ['c#', 'c%23'],
    ['a,b@c:d$e', 'a,b@c:d$e'],
    ['...', '...'],
    ['.env', '.env'],
  ];
  test.for(KEYS_AND_URIS)('%s as %s', async ([key, written]) => {
    await store(s3, `snacks/${key}`, 'A=canary\n');
    expect(await opened(['-s', `s3://snacks/${written}`], env)).toEqual({ A: CANARY });
    expect(await s3.requests()).toHaveLength(1);
  });

  test('the longest one', async () => {
    const key = 'k'.repeat(1024);
    await store(s3, `snacks/${key}`, 'A=canary\n');
    expect(await opened(['-s', `s3://snacks/${key}`], env)).toEqual({ A: CANARY });
  });

  test.for(['s3://snacks/a/../b', 's3://snacks/./b', 's3://snacks/a/%2e%2E'])(
    'but %s, which no URL can name',
    async (uri) => {
      expect(await refused(['-s', uri], env)).toEqual({
        status: 64,
        error: `the source ${uri} has . or .. as a part of its key`,
        hint: 'copy the object to a key without them',
      });
      expect(await s3.requests()).toEqual([]);
    },
  );
});

describe('versions', () => {
  test('the newest one is opened, or the one that versionId names', async () => {
    const { versionId } = await store(s3, 'snacks/env', 'A=canary-old\n');
    await store(s3, 'snacks/env', 'A=canary-new\n');
    expect(await opened(['-s', 's3://snacks/env'], env)).toEqual({ A: 'canary-new' });
    expect(await opened(['-s', `s3://snacks/env?versionId=${versionId}`], env)).toEqual({ A: 'canary-old' });
  });

  test('the version of a bucket without versioning is null', async () => {
    await s3.bucket('snacks', { versioning: 'Off' });
    await store(s3, 'snacks/env', 'A=canary\n');
    expect(await opened(['-s', 's3://snacks/env?versionId=null'], env)).toEqual({ A: CANARY });
  });
});

test.for(['aws:kms', 'aws:kms:dsse'] as const)('an object sealed with %s is opened', async (sse) => {
  await store(s3, 'snacks/env', 'A=canary\n', { sse, kmsKeyId: kmsKeyArn() });
  expect(await opened(['-s', 's3://snacks/env'], env)).toEqual({ A: CANARY });
});

test('an object under a bucket key is opened', async () => {
  await store(s3, 'snacks/env', 'A=canary\n', { ...SEALED, bucketKey: true });
  expect(await opened(['-s', 's3://snacks/env'], env)).toEqual({ A: CANARY });
});

test('an empty object sets nothing', async () => {
  await store(s3, 'snacks/env', '');
  expect(await opened(['-s', 's3://snacks/env'], env)).toEqual({});
});

test('an object that is sent in chunks, or until the connection closes, is opened', async () => {
  await store(s3, 'snacks/env', 'A=canary\n');
  for (const how of [{ chunked: true }, { wrongLength: 'none' as const }]) {
    await s3.fault(how);
    expect(await opened(['-s', 's3://snacks/env'], env)).toEqual({ A: CANARY });
  }
});

describe('several sources', () => {
  const SOURCES = ['-s', 's3://snacks/a', '-s', 's3://snacks/b', '-s', 's3://snacks/c'];

  beforeEach(async () => {
    await store(s3, 'snacks/a', 'FROM=canary-a\nA=canary\n');
    await store(s3, 'snacks/b', 'FROM=canary-b\nB=canary\n');
    await store(s3, 'snacks/c', 'C=canary\n');
  });

  test('are merged in their order, later ones win', async () => {
    const merged = { A: CANARY, B: CANARY, C: CANARY };
    expect(await opened(SOURCES, env)).toEqual({ FROM: 'canary-b', ...merged });
    const reversed = ['-s', 's3://snacks/b', '-s', 's3://snacks/c', '-s', 's3://snacks/a'];
    expect(await opened(reversed, env)).toEqual({ FROM: 'canary-a', ...merged });
  });

  test('are merged in their order even when the last one answers first', async () => {
    await s3.fault({ match: '/b$', delayMs: 200 });
    expect((await opened(['-s', 's3://snacks/b', '-s', 's3://snacks/a'], env)).FROM).toBe('canary-a');
  });

  test('take one request each', async () => {
    await opened(SOURCES, env);
    const asked = (await s3.requests()).map(({ subject }) => subject);
    expect(asked.sort()).toEqual(['snacks/a', 'snacks/b', 'snacks/c']);
  });

  test('are fetched at the same time', async () => {
    // None is ever answered, so the log has three only if none waits for another.
    await s3.fault({ hang: true, count: 'always' });
    const { child, outcome } = startWords([...envsealWords, ...SOURCES, '--', 'true'], { env });
    expect(await s3.seen('^snacks/', 3)).toHaveLength(3);
    child.kill();
    expect((await outcome).status).toBe(143);
  });

  test('the same one twice is the same variables', async () => {
    expect(await opened(['-s', 's3://snacks/c', '-s', 's3://snacks/c'], env)).toEqual({ C: CANARY });
  });
});

describe('optional=true', () => {
  beforeEach(() => store(s3, 'snacks/env', 'A=canary\n'));

  test('tolerates an object, a version and a bucket that are absent', async () => {
    const absent = [
      's3://snacks/absent?optional=true',
      's3://snacks/env?versionId=nosuchversionnosuchversionnosuch&optional=true',
      's3://nowhere/env?optional=true',
    ];
    const args = ['s3://snacks/env', ...absent].flatMap((uri) => ['-s', uri]);
    expect(await opened(args, env)).toEqual({ A: CANARY });
  });

  test('opens an object that is there', async () => {
    expect(await opened(['-s', 's3://snacks/env?optional=true'], env)).toEqual({ A: CANARY });
  });

  test('tolerates nothing else', async () => {
    const statusAfter = async (uri: string, more: Env = {}) =>
      (await refused(['-s', `${uri}?optional=true`], { ...env, ...more })).status;
    await store(s3, 'snacks/unsealed', 'A=canary\n', {});
    await store(s3, 'snacks/malformed', 'canary\n');
    expect(await statusAfter('s3://snacks/unsealed')).toBe(65);
    expect(await statusAfter('s3://snacks/malformed')).toBe(65);
    expect(await statusAfter('s3://snacks/env', { AWS_SECRET_ACCESS_KEY: 'wrong' })).toBe(77);
    await s3.fault({ status: 403, code: 'AccessDenied' });
    expect(await statusAfter('s3://snacks/absent')).toBe(77);
    await s3.fault({ status: 500, count: 'always' });
    expect(await statusAfter('s3://snacks/absent', { ENVSEAL_TIMEOUT: '1' })).toBe(69);
  });

  test('optional=false is the default', async () => {
    expect(await refused(['-s', 's3://snacks/absent?optional=false'], env)).toEqual({
      status: 66,
      error: 'no such object: s3://snacks/absent?optional=false',
      hint: 'check the key in the URI; optional=true tolerates a missing source',
    });
  });
});

describe('formats', () => {
  test('dialect=docker takes everything after the = as it is', async () => {
    await store(s3, 'snacks/env', 'A="canary" # no comment\n');
    expect(await opened(['-s', 's3://snacks/env'], env)).toEqual({ A: CANARY });
    expect(await opened(['-s', 's3://snacks/env?dialect=docker'], env)).toEqual({
      A: '"canary" # no comment',
    });
  });

  test('an object of JSON is detected, or pinned with format=json', async () => {
    await store(s3, 'snacks/env', '{"A":"canary","B":2,"C":true}');
    const variables = { A: CANARY, B: '2', C: 'true' };
    expect(await opened(['-s', 's3://snacks/env'], env)).toEqual(variables);
    expect(await opened(['-s', 's3://snacks/env?format=json'], env)).toEqual(variables);
  });

  test('format=json refuses what is none, without a word of it', async () => {
    await store(s3, 'snacks/env', 'A=canary\n');
    expect(await refused(['-s', 's3://snacks/env?format=json'], env)).toEqual({
      status: 65,
      error: 'cannot parse s3://snacks/env?format=json: line 1, column 1: expected a JSON object',
      hint: '',
    });
  });

  test('an object with a content encoding is refused', async () => {
    await store(s3, 'snacks/env', 'A=canary\n', { ...SEALED, headers: { 'content-encoding': 'gzip' } });
    expect(await refused(['-s', 's3://snacks/env'], env)).toEqual({
      status: 65,
      error: 's3://snacks/env: the object is stored with a content encoding',
      hint: 'store the env file without compression (no Content-Encoding)',
    });
  });

  test('aws-chunked is how it was uploaded and no encoding', async () => {
    const headers = { 'content-encoding': 'aws-chunked' };
    await store(s3, 'snacks/env', 'A=canary\n');
    await s3.fault({ setHeaders: headers });
    expect(await opened(['-s', 's3://snacks/env'], env)).toEqual({ A: CANARY });
  });
});
