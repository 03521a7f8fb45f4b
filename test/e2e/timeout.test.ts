/**
 * What never answers, or never well, ends within its time, and says what it was. These tests wait for that time, so they
 * run side by side: each has an object or a path of its own, and none resets a server.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type FaultRule,
  KMS_ALIAS,
  type KmsServer,
  type MetadataServer,
  type S3Server,
  type StsServer,
  startKms,
  startMetadata,
  startS3,
  startSts,
} from '../servers/start.ts';
import { BARE, KEYS, store } from './aws.ts';
import { type Env, type Refusal, refused } from './transcript.ts';

/** Long enough for a few tries on loopback, also where much else runs; far from the default of 30 s. */
const TIMEOUT = '4';

/** What went on until then would outlast the test. */
const UNHURRIED = ['--timeout', '600'];

let s3: S3Server;
let kms: KmsServer;
let sts: StsServer;
let metadata: MetadataServer;
let env: Env;

beforeAll(async () => {
  [s3, kms, sts, metadata] = await Promise.all([startS3(), startKms(), startSts(), startMetadata()]);
  const endpoints = {
    AWS_ENDPOINT_URL_S3: s3.url,
    AWS_ENDPOINT_URL_KMS: kms.url,
    AWS_ENDPOINT_URL_STS: sts.url,
  };
  env = { ...BARE, ...KEYS, ...endpoints };
});
afterAll(() => Promise.all([s3, kms, sts, metadata].map((server) => server.stop())));

/** Opens `snacks/NAME` under a fault. */
async function end(
  name: string,
  fault: FaultRule,
  more: Env = {},
  args: readonly string[] = [],
): Promise<Refusal> {
  await store(s3, `snacks/${name}`, 'A=canary\n');
  await s3.fault({ ...fault, match: `/${name}$`, count: 'always' });
  return await refused(['-s', `s3://snacks/${name}`, '--timeout', TIMEOUT, ...args], { ...env, ...more });
}

async function tries(name: string): Promise<number> {
  return (await s3.requests()).filter(({ subject }) => subject === `snacks/${name}`).length;
}

function outOfTime(name: string, seconds = TIMEOUT): Refusal {
  return {
    status: 75,
    error: `s3://snacks/${name}: timed out after ${seconds} s`,
    hint: 'find out what does not answer, or raise --timeout',
  };
}

describe.concurrent('out of time', () => {
  test.for<[string, FaultRule]>([
    ['no-answer', { hang: true }],
    ['slow-body', { dripBytesPerSecond: 1 }],
    ['slow-error', { status: 403, code: 'AccessDenied', dripBytesPerSecond: 20 }],
    ['slow-headers', { delayMs: 60_000 }],
  ])('%s', async ([name, fault]) => {
    expect(await end(name, fault)).toEqual(outOfTime(name));
    expect(await tries(name)).toBe(1);
  });

  test('by ENVSEAL_TIMEOUT', async () => {
    await store(s3, 'snacks/variable', 'A=canary\n');
    await s3.fault({ match: '/variable$', hang: true, count: 'always' });
    const refusal = await refused(['-s', 's3://snacks/variable'], { ...env, ENVSEAL_TIMEOUT: TIMEOUT });
    expect(refusal).toEqual(outOfTime('variable'));
  });

  test('while STS does not answer', async () => {
    await sts.fault({ hang: true, count: 'always' });
    const { AWS_ACCESS_KEY_ID: _, ...bare } = env;
    const identity = {
      AWS_ROLE_ARN: 'arn:aws:iam::111122223333:role/app',
      AWS_WEB_IDENTITY_TOKEN_FILE: '/etc/hostname',
    };
    const args = ['-s', 's3://snacks/sts', '--timeout', TIMEOUT];
    expect(await refused(args, { ...bare, ...identity })).toEqual(outOfTime('sts'));
  });

  test('while KMS does not answer', async () => {
    await kms.fault({ hang: true, count: 'always' });
    await store(s3, 'snacks/kms', 'A=canary\n');
    const args = ['-s', 's3://snacks/kms', '--kms-key', KMS_ALIAS, '--timeout', TIMEOUT];
    expect(await refused(args, env)).toEqual(outOfTime('kms'));
  });
});

describe.concurrent('every try fails', () => {
  const through = 'check the endpoint, the network policy and HTTPS_PROXY, NO_PROXY';

  test.for<[string, FaultRule, Omit<Refusal, 'error'> & { error: (uri: string) => string }]>([
    [
      'fails',
      { status: 500, code: 'InternalError' },
      {
        status: 69,
        error: (uri) => `the service failed with 500 on ${uri}`,
        hint: 'retried with backoff; check the status of the service',
      },
    ],
    [
      'throttles',
      { status: 503, code: 'SlowDown' },
      {
        status: 75,
        error: (uri) => `throttled on ${uri}`,
        hint: 'start fewer containers at once, ask for a higher quota, or raise --timeout',
      },
    ],
    [
      'resets',
      { resetBeforeHeaders: true },
      { status: 69, error: (uri) => `${uri}: cannot reach ${s3.host}: ECONNRESET`, hint: through },
    ],
  ])('S3 %s', async ([name, fault, { error, ...refusal }]) => {
    expect(await end(name, fault)).toEqual({ ...refusal, error: error(`s3://snacks/${name}`) });
    expect(await tries(name)).toBeGreaterThan(1);
  });

  test('no listener', async () => {
    const refusal = await end('nobody', {}, { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9' });
    expect(refusal).toEqual({
      status: 69,
      error: 's3://snacks/nobody: cannot reach 127.0.0.1:9: ECONNREFUSED',
      hint: through,
    });
  });

  test('the host has no address', async () => {
    const endpoint = { AWS_ENDPOINT_URL_S3: 'https://s3.nowhere.invalid' };
    const { status, error, hint } = await end('no-address', {}, endpoint);
    expect(status).toBe(69);
    expect(error).toMatch(/ cannot reach s3\.nowhere\.invalid: (ENOTFOUND|EAI_AGAIN)$/);
    expect(hint).toBe('check the region and the endpoint, and that DNS works in this container');
  });

  test('the proxy is down', async () => {
    const { AWS_ENDPOINT_URL_S3: _, ...amazon } = env;
    const settings = { ...amazon, HTTPS_PROXY: 'http://joe:canary@127.0.0.1:9' };
    expect(await refused(['-s', 's3://snacks/proxy', '--timeout', TIMEOUT], settings)).toEqual({
      status: 69,
      error:
        's3://snacks/proxy: cannot reach snacks.s3.us-east-1.amazonaws.com through the proxy 127.0.0.1:9: ECONNREFUSED',
      hint: through,
    });
  });
});

describe.concurrent('a metadata service that never answers', () => {
  const { HOME, AWS_REGION } = BARE;
  const asked = async (path: string) =>
    (await metadata.requests()).filter(({ target }) => target === path).length;

  test('of the instance is given up after three tries of a second, because most hosts have none', async () => {
    await metadata.fault({ match: '^/latest', hang: true, count: 'always' });
    const instance = { HOME, AWS_REGION, AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.url };
    const refusal = await refused([...UNHURRIED, '-s', 's3://snacks/env'], instance);
    expect(refusal).toEqual({
      status: 77,
      error: 's3://snacks/env: no AWS credentials found, and no instance metadata',
      hint: 'give the container a role: IRSA or Pod Identity on EKS, a task role on ECS, an instance profile on EC2 (with a metadata hop limit of 2), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    });
    expect(await asked('/latest/api/token')).toBe(3);
  });

  test('of the container is given up after three tries of a second', async () => {
    await metadata.fault({ match: '^/v1', hang: true, count: 'always' });
    const container = {
      HOME,
      AWS_REGION,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${metadata.url}/v1/credentials`,
    };
    const refusal = await refused([...UNHURRIED, '-s', 's3://snacks/env'], container);
    expect(refusal).toEqual({
      status: 69,
      error: `s3://snacks/env: ${metadata.host} did not answer within 1000 ms`,
      hint: 'retried; check the network policy, and what runs at that address',
    });
    expect(await asked('/v1/credentials')).toBe(3);
  });

  test('is given up at --timeout', async () => {
    const container = { HOME, AWS_REGION, AWS_CONTAINER_CREDENTIALS_FULL_URI: `${s3.url}/credentials` };
    await s3.fault({ match: '^credentials', hang: true, count: 'always' });
    // Less than the three tries.
    const seconds = '1.5';
    const args = ['-s', 's3://snacks/metadata', '--timeout', seconds];
    expect(await refused(args, container)).toEqual(outOfTime('metadata', seconds));
  });
});
