import * as gcpMetadata from 'gcp-metadata';
import { Compute } from 'google-auth-library';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { CLOUD_PLATFORM_SCOPE, SERVICE_ACCOUNT, verifyAccessToken } from './google/access-tokens.ts';
import { type RawRequest, send } from './raw-client.ts';
import { type GcpMetadataServer, startGcpMetadata } from './start.ts';

const ROOT = '/computeMetadata/v1/';
const ACCOUNT = `${ROOT}instance/service-accounts/default/`;
const FLAVOR = { 'metadata-flavor': 'Google' };
const READ_ONLY = 'https://www.googleapis.com/auth/devstorage.read_only';

let metadata: GcpMetadataServer;

beforeAll(async () => {
  metadata = await startGcpMetadata();
});
afterAll(() => metadata.stop());
beforeEach(() => metadata.reset());

function get(path: string, request: Partial<RawRequest> = {}) {
  return send({ url: metadata.url + path, headers: FLAVOR, ...request });
}

async function token(query = '') {
  const { access_token, ...rest } = JSON.parse((await get(`${ACCOUNT}token${query}`)).body.toString());
  return { ...rest, ...verifyAccessToken(access_token, Date.now()) };
}

describe("Google's own client", () => {
  beforeEach(() => {
    vi.stubEnv('GCE_METADATA_HOST', metadata.host);
    vi.stubEnv('METADATA_SERVER_DETECTION', 'ping-only');
    gcpMetadata.resetIsAvailableCache();
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test('finds the server', async () => {
    expect(await gcpMetadata.isAvailable()).toBe(true);
  });

  test('finds the project, the universe and the account', async () => {
    expect(await gcpMetadata.project('project-id')).toBe('envseal-test');
    expect(await gcpMetadata.universe('universe-domain')).toBe('googleapis.com');
    expect(await gcpMetadata.instance('service-accounts/default/email')).toBe(SERVICE_ACCOUNT);
  });

  test('gets a token', async () => {
    const { token: text } = await new Compute().getAccessToken();
    expect(verifyAccessToken(text ?? '', Date.now())).toEqual({
      principal: SERVICE_ACCOUNT,
      scopes: [CLOUD_PLATFORM_SCOPE],
      expiresAt: expect.any(Number),
    });
  });

  test('gets one with the scopes that it asks for', async () => {
    const { token: text } = await new Compute({ scopes: READ_ONLY }).getAccessToken();
    expect(verifyAccessToken(text ?? '', Date.now())?.scopes).toEqual([READ_ONLY]);
  });
});

describe('a token', () => {
  test('is a bearer token with an end', async () => {
    expect(await token()).toMatchObject({
      expires_in: 3599,
      token_type: 'Bearer',
      principal: SERVICE_ACCOUNT,
    });
  });

  test('is of whom the test says, and ends when it says', async () => {
    await metadata.configure({ principal: 'other@example.com', scopes: [READ_ONLY], expiresInSeconds: 120 });
    const { expiresAt, ...rest } = await token();
    expect(rest).toMatchObject({ expires_in: 120, principal: 'other@example.com', scopes: [READ_ONLY] });
    expect(Math.abs(expiresAt - Date.now() - 120_000)).toBeLessThan(10_000);
  });

  test('has the scopes that were asked for, on Cloud Run', async () => {
    expect((await token(`?scopes=${READ_ONLY}`)).scopes).toEqual([READ_ONLY]);
  });

  test("has the instance's scopes, on Compute Engine", async () => {
    await metadata.configure({ honoursScopes: false });
    expect((await token(`?scopes=${READ_ONLY}`)).scopes).toEqual([CLOUD_PLATFORM_SCOPE]);
  });
});

describe('the server', () => {
  test.each([
    ['a request without Metadata-Flavor', `${ACCOUNT}token`, { headers: {} }, 403],
    ['a request with another one', `${ACCOUNT}token`, { headers: { 'metadata-flavor': 'Amazon' } }, 403],
    ['a proxy', `${ACCOUNT}token`, { headers: { ...FLAVOR, 'x-forwarded-for': '10.0.0.1' } }, 403],
    ['a POST', `${ACCOUNT}token`, { method: 'POST' }, 405],
    ['an unknown key', `${ROOT}instance/nothing`, {}, 404],
    ['an unknown account', `${ROOT}instance/service-accounts/nobody/token`, {}, 404],
    ['an older version', '/computeMetadata/v1beta1/instance/', {}, 404],
  ])('refuses %s', async (_, path, request, status) => {
    const reply = await get(path, request);
    expect([reply.status, reply.headers['metadata-flavor']]).toEqual([status, 'Google']);
  });

  test('answers a ping', async () => {
    const { status, headers } = await get('/', { headers: {} });
    expect([status, headers['metadata-flavor']]).toEqual([200, 'Google']);
  });

  test.each(['token', 'email'])('has no %s without a service account', async (what) => {
    await metadata.configure({ hasServiceAccount: false });
    expect((await get(ACCOUNT + what)).status).toBe(404);
    expect((await get(`${ROOT}project/project-id`)).status).toBe(200);
  });

  test('knows the account by its name, too', async () => {
    const { status } = await get(`${ROOT}instance/service-accounts/${SERVICE_ACCOUNT}/token`);
    expect(status).toBe(200);
  });

  test('is late, as in a new Pod', async () => {
    await metadata.late(2);
    await metadata.late(1, { status: 404 });
    const statuses = [];
    for (let n = 0; n < 4; n++) statuses.push((await get(`${ACCOUNT}token`)).status);
    expect(statuses).toEqual([0, 0, 404, 200]);
  });

  test('fails as the test says', async () => {
    await metadata.fault({ match: 'token$', status: 503 });
    expect((await get(`${ACCOUNT}email`)).status).toBe(200);
    expect((await get(`${ACCOUNT}token`)).status).toBe(503);
    expect((await get(`${ACCOUNT}token`)).status).toBe(200);
  });
});
