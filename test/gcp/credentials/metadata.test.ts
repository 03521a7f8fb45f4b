import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CLOUD_PLATFORM_SCOPE, SERVICE_ACCOUNT } from '../../servers/google/access-tokens.ts';
import { type GcpMetadataServer, startGcpMetadata, startProxy } from '../../servers/start.ts';
import { ask, CANARY, CLOSED, failure } from '../ask.ts';

let metadata: GcpMetadataServer;

beforeAll(async () => {
  metadata = await startGcpMetadata();
});
afterAll(() => metadata.stop());
beforeEach(() => metadata.reset());

const here = () => ({ GCE_METADATA_HOST: metadata.host });
/** Nothing says that there is a metadata server. */
const unexpected = () => ({ ...here(), METADATA_SERVER_DETECTION: 'ping-only' });
const NONE = 'no Google credentials found, and no metadata server';

async function count(): Promise<number> {
  return (await metadata.requests()).length;
}

describe('a token', () => {
  test('is of the default service account, by one request', async () => {
    expect(await ask(here())).toEqual({
      origin: 'metadata server',
      principal: undefined,
      of: SERVICE_ACCOUNT,
      scopes: [CLOUD_PLATFORM_SCOPE],
    });
    expect(await metadata.requests()).toMatchObject([
      { target: '/computeMetadata/v1/instance/service-accounts/default/token' },
    ]);
  });

  test.each([
    ['GCE_METADATA_IP', () => ({ GCE_METADATA_IP: metadata.host })],
    ['a URL', () => ({ GCE_METADATA_HOST: metadata.url })],
    ['assume-present', () => ({ ...here(), METADATA_SERVER_DETECTION: ' Assume-Present ' })],
    ['bios-only on Cloud Run', () => ({ ...here(), METADATA_SERVER_DETECTION: 'bios-only', K_SERVICE: 'x' })],
    ['ping-only', unexpected],
  ])('is found with %s', async (_, variables) => {
    expect(await ask(variables())).toMatchObject({ of: SERVICE_ACCOUNT });
  });

  test('is never asked for through a proxy', async () => {
    await using proxy = await startProxy();
    await ask({ ...here(), HTTP_PROXY: proxy.url, http_proxy: proxy.url });
    expect(await proxy.targets()).toEqual([]);
  });
});

describe('a server that is late', () => {
  test.each<[string, Parameters<GcpMetadataServer['late']>[1]]>([
    ['resets the connection', { resetBeforeHeaders: true }],
    ['fails', { status: 503 }],
    ['throttles', { status: 429 }],
    ['breaks off', { truncateTo: 3 }],
    ['fails behind a proxy of the Pod', { status: 503, setHeaders: { 'metadata-flavor': null } }],
  ])('%s, and is asked until it is there', async (_, fault) => {
    await metadata.late(4, fault);
    expect(await ask(here())).toMatchObject({ of: SERVICE_ACCOUNT });
    expect(await count()).toBe(5);
  });

  test.each(['KUBERNETES_SERVICE_HOST', 'K_SERVICE', 'CLOUD_RUN_JOB'])(
    'is expected with %s',
    async (name) => {
      await metadata.late(4);
      const variables = {
        GCE_METADATA_IP: metadata.host,
        METADATA_SERVER_DETECTION: 'bios-only',
        [name]: 'x',
      };
      expect(await ask(variables)).toMatchObject({ of: SERVICE_ACCOUNT });
    },
  );

  test('has no account yet, on Kubernetes', async () => {
    await metadata.late(2, { status: 404 });
    expect(await ask({ ...here(), KUBERNETES_SERVICE_HOST: '10.0.0.1' })).toMatchObject({
      of: SERVICE_ACCOUNT,
    });
  });

  test("is expected on Google's machines", async () => {
    await metadata.late(4);
    const variables = { GCE_METADATA_IP: metadata.host, METADATA_SERVER_DETECTION: 'bios-only' };
    expect(await ask(variables, { product: 'Google Compute Engine' })).toMatchObject({ of: SERVICE_ACCOUNT });
  });

  test('is asked until the deadline', async () => {
    await metadata.late(1000);
    const { code, message, hint } = await failure(here(), { seconds: 2 });
    expect({ code, message }).toEqual({ code: 'credentials', message: NONE });
    expect(hint).toContain('network policy');
    expect(await count()).toBeGreaterThan(1);
  });

  test('is asked three times where nothing says that there is one', async () => {
    await metadata.late(2);
    expect(await ask(unexpected())).toMatchObject({ of: SERVICE_ACCOUNT });
    await metadata.late(3);
    expect(await failure(unexpected())).toMatchObject({ code: 'credentials', message: NONE });
  });
});

describe.concurrent('patience', () => {
  test('longer than the first try, where a server is expected', async ({ expect }) => {
    await using slow = await startGcpMetadata();
    await slow.fault({ delayMs: 1200, count: 'always' });
    expect(await ask({ GCE_METADATA_HOST: slow.host })).toMatchObject({ of: SERVICE_ACCOUNT });
    expect(await slow.requests()).toHaveLength(2);
  });

  test('three tries of a second, where none is', async ({ expect }) => {
    await using silent = await startGcpMetadata();
    await silent.fault({ hang: true, count: 'always' });
    const variables = { GCE_METADATA_HOST: silent.host, METADATA_SERVER_DETECTION: 'ping-only' };
    expect(await failure(variables)).toMatchObject({ code: 'credentials', message: NONE });
    expect(await silent.requests()).toHaveLength(3);
  });
});

describe('no token', () => {
  test('where nothing listens', async () => {
    const variables = { GCE_METADATA_HOST: CLOSED, METADATA_SERVER_DETECTION: 'ping-only' };
    const { code, message, hint } = await failure(variables);
    expect({ code, message }).toEqual({ code: 'credentials', message: NONE });
    expect(hint).toContain('Workload Identity');
  });

  test.each(['none', 'bios-only'])('where METADATA_SERVER_DETECTION is %s', async (detection) => {
    const variables = { GCE_METADATA_IP: metadata.host, METADATA_SERVER_DETECTION: detection };
    const { code, message, hint } = await failure(variables);
    expect({ code, message }).toEqual({
      code: 'credentials',
      message: 'no Google credentials found, and the metadata server is disabled',
    });
    expect(hint).toContain(`METADATA_SERVER_DETECTION=${detection}`);
    expect(await count()).toBe(0);
  });

  test('without a service account', async () => {
    await metadata.configure({ hasServiceAccount: false });
    expect(await failure(here())).toMatchObject({
      code: 'credentials',
      message: 'the metadata server has no service account for this workload',
    });
    expect(await count()).toBe(1);
    await failure({ ...here(), KUBERNETES_SERVICE_HOST: '10.0.0.1' });
    expect(await count()).toBe(4);
  });

  test('of another cloud', async () => {
    await metadata.fault({ setHeaders: { 'metadata-flavor': null } });
    expect(await failure(here())).toMatchObject({
      code: 'credentials',
      message: `no Google credentials found, and the server at ${metadata.host} is not a Google metadata server`,
    });
  });

  test('that is refused', async () => {
    await metadata.fault({ status: 403 });
    expect(await failure(here())).toMatchObject({
      code: 'credentials',
      message: 'the metadata server refused a token with 403',
    });
    expect(await count()).toBe(1);
  });

  test('for a Pod that may not be the account of its annotation', async () => {
    // The text is GKE's: https://github.com/camunda/camunda/issues/31106
    const code =
      "Unable to generate access token; IAM returned 403 Forbidden: Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).";
    await metadata.fault({ status: 403, code });
    const { hint, ...rest } = await failure(here());
    expect(rest).toEqual({
      code: 'denied',
      message: 'this workload lacks iam.serviceAccounts.getAccessToken on its service account',
    });
    expect(hint).toContain('roles/iam.workloadIdentityUser');
  });

  test.each([
    ['throttles', 429, 'throttled', 'throttled by the metadata server'],
    ['fails', 500, 'unreachable', 'the metadata server failed with 500'],
  ])('while the server %s', async (_, status, code, message) => {
    await metadata.fault({ status, count: 'always' });
    expect(await failure(unexpected())).toMatchObject({ code, message });
    expect(await count()).toBe(3);
  });

  test.each(['', CANARY, 'null', '[]', '{"access_token":""}', `{"access_token":"${CANARY}\\n"}`])(
    'in an answer that has none: %s',
    async (body) => {
      const server = createServer((_, response) =>
        response.writeHead(200, { 'metadata-flavor': 'Google' }).end(body),
      );
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      expect(await failure({ GCE_METADATA_HOST: `127.0.0.1:${port}` })).toMatchObject({
        code: 'credentials',
        message: 'the metadata server sent no access token',
      });
      server.close();
    },
  );

  test.each([
    ['a detection that is none', { METADATA_SERVER_DETECTION: CANARY }, /^invalid METADATA_SERVER_DETECTION/],
    ['an address that is none', { GCE_METADATA_HOST: `a b ${CANARY}` }, /^invalid metadata server address/],
    ['plain http: to another host', { GCE_METADATA_HOST: 'metadata.example.com' }, /is not https:$/],
  ])('with %s', async (_, variables, message) => {
    expect(await failure(variables)).toMatchObject({
      code: 'configuration',
      message: expect.stringMatching(message),
    });
  });
});
