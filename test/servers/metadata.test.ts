import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromHttp } from '@aws-sdk/credential-provider-http';
import { fromInstanceMetadata } from '@smithy/credential-provider-imds';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type RawRequest, send } from './raw-client.ts';
import { ACCESS_KEY_ID, type MetadataServer, SECRET_ACCESS_KEY, startMetadata } from './start.ts';

const CREDENTIALS = {
  accessKeyId: ACCESS_KEY_ID,
  secretAccessKey: SECRET_ACCESS_KEY,
  sessionToken: expect.any(String),
};
const TTL = { 'x-aws-ec2-metadata-token-ttl-seconds': '60' };
const ROLE_PATH = '/latest/meta-data/iam/security-credentials/';

let metadata: MetadataServer;

beforeAll(async () => {
  metadata = await startMetadata();
});
afterAll(() => metadata.stop());
beforeEach(() => metadata.reset());

function get(path: string, request: Partial<RawRequest> = {}) {
  return send({ url: metadata.url + path, ...request });
}

async function token(): Promise<Record<string, string>> {
  const { body } = await get('/latest/api/token', { method: 'PUT', headers: TTL });
  return { 'x-aws-ec2-metadata-token': body.toString() };
}

describe('the AWS SDK finds credentials', () => {
  test('of an instance', async () => {
    vi.stubEnv('AWS_EC2_METADATA_SERVICE_ENDPOINT', metadata.url);
    expect(await fromInstanceMetadata({ maxRetries: 0 })()).toMatchObject(CREDENTIALS);
    vi.unstubAllEnvs();
    expect((await metadata.requests()).map(({ method, subject }) => [method, subject])).toEqual([
      ['PUT', '/latest/api/token'],
      ['GET', ROLE_PATH],
      ['GET', `${ROLE_PATH}envseal-test-role`],
    ]);
  });

  test('of an ECS task', async () => {
    const provider = fromHttp({ awsContainerCredentialsFullUri: `${metadata.url}/v2/credentials/task-1` });
    expect(await provider()).toMatchObject(CREDENTIALS);
  });

  test('of an EKS pod, with the token from its file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pod-identity-'));
    const awsContainerAuthorizationTokenFile = join(folder, 'token');
    writeFileSync(awsContainerAuthorizationTokenFile, 'pod-token');
    await metadata.configure({ authorizationToken: 'pod-token' });
    const awsContainerCredentialsFullUri = `${metadata.url}/v1/credentials`;
    const provider = fromHttp({ awsContainerCredentialsFullUri, awsContainerAuthorizationTokenFile });
    expect(await provider()).toMatchObject(CREDENTIALS);
    rmSync(folder, { recursive: true });
  });
});

describe('an instance gives nothing', () => {
  test.each([
    ['without a token', ROLE_PATH, {}, 401],
    ['for an unknown token', ROLE_PATH, { headers: { 'x-aws-ec2-metadata-token': 'x' } }, 401],
    ['for a token asked with GET', '/latest/api/token', { headers: TTL }, 405],
    ['for a token without its time', '/latest/api/token', { method: 'PUT' }, 400],
    [
      'for a token of more than six hours',
      '/latest/api/token',
      { method: 'PUT', headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '21601' } },
      400,
    ],
    [
      'through a proxy',
      '/latest/api/token',
      { method: 'PUT', headers: { ...TTL, 'x-forwarded-for': '10.0.0.1' } },
      403,
    ],
  ])('%s', async (_, path, request, status) => {
    expect((await get(path, request)).status).toBe(status);
  });

  test('for a token whose time is over', async () => {
    const headers = await token();
    expect((await get(ROLE_PATH, { headers })).status).toBe(200);
    await metadata.clock(61_000);
    expect((await get(ROLE_PATH, { headers })).status).toBe(401);
  });

  test('when it has no role', async () => {
    await metadata.configure({ roleName: null });
    expect((await get(ROLE_PATH, { headers: await token() })).status).toBe(404);
  });
});

test('an instance knows its region', async () => {
  const { body } = await get('/latest/meta-data/placement/region', { headers: await token() });
  expect(body.toString()).toBe('us-east-1');
});

test.each([undefined, 'wrong'])('a container with the authorization %s gets 401', async (authorization) => {
  await metadata.configure({ authorizationToken: 'right' });
  expect((await get('/v1/credentials', authorization ? { headers: { authorization } } : {})).status).toBe(
    401,
  );
});

test('credentials end when the test says', async () => {
  await metadata.configure({ expiresInSeconds: 120 });
  const { Expiration } = JSON.parse((await get('/v2/credentials/x')).body.toString());
  expect(Math.abs(Date.parse(Expiration) - Date.now() - 120_000)).toBeLessThan(10_000);
});

test('faults strike here too', async () => {
  await metadata.fault({ match: 'token$', status: 500 });
  expect((await get('/latest/api/token', { method: 'PUT', headers: TTL })).status).toBe(500);
});
