/** What answers badly is tried again where that can help; who is reached, and through whom. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  CA_FILE,
  type FaultRule,
  OTHER_CA_FILE,
  type ProxyServer,
  type S3Server,
  startProxy,
  startS3,
} from '../servers/start.ts';
import { BARE, home, KEYS, store } from './aws.ts';
import { folder } from './folder.ts';
import { CANARY, type Env, opened, type Refusal, refused } from './transcript.ts';

const URI = 's3://snacks/env';
const OPEN = ['-s', URI];
/** Long enough for a few tries on loopback, far from the default of 30 s. */
const SHORT = ['--timeout', '1'];
/** Who waits for the end of this does not see the end of the test. */
const UNHURRIED = ['--timeout', '600'];

let s3: S3Server;
let secure: S3Server;
let proxy: ProxyServer;
let env: Env;

beforeAll(async () => {
  [s3, secure, proxy] = await Promise.all([startS3(), startS3({ tls: true }), startProxy()]);
  env = { ...BARE, ...KEYS, AWS_ENDPOINT_URL_S3: s3.url };
});
afterAll(() => Promise.all([s3, secure, proxy].map((server) => server.stop())));
beforeEach(async () => {
  await Promise.all([s3, secure, proxy].map((server) => server.reset()));
  await Promise.all([s3, secure].map((server) => store(server, 'snacks/env', 'A=canary\n')));
});

async function statuses(): Promise<(number | null)[]> {
  return (await s3.requests()).map(({ status }) => status);
}

describe('tried again', () => {
  test.for<[string, FaultRule, number | null]>([
    ['a reset before the answer', { resetBeforeHeaders: true }, null],
    ['500 InternalError', { status: 500, code: 'InternalError' }, 500],
    ['502 without a code', { status: 502, code: '' }, 502],
    ['503 SlowDown', { status: 503, code: 'SlowDown' }, 503],
    ['503 ServiceUnavailable', { status: 503, code: 'ServiceUnavailable' }, 503],
    ['429', { status: 429, code: 'TooManyRequests' }, 429],
    ['400 RequestTimeout', { status: 400, code: 'RequestTimeout' }, 400],
    ['400 KMS.ThrottlingException', { status: 400, code: 'KMS.ThrottlingException' }, 400],
  ])('%s, then it opens', async ([, fault, status]) => {
    await s3.fault({ ...fault, count: 2 });
    expect(await opened(OPEN, env)).toEqual({ A: CANARY });
    expect(await statuses()).toEqual([status, status, 200]);
  });

  test('one source of several, alone', async () => {
    await store(s3, 'snacks/more', 'B=canary\n');
    await s3.fault({ match: '/more$', status: 503, code: 'SlowDown', count: 2 });
    expect(await opened([...OPEN, '-s', 's3://snacks/more'], env)).toEqual({ A: CANARY, B: CANARY });
    const asked = (await s3.requests()).map(({ subject }) => subject);
    expect(asked.filter((subject) => subject === 'snacks/env')).toHaveLength(1);
    expect(asked.filter((subject) => subject === 'snacks/more')).toHaveLength(3);
  });

  test('after the time that Retry-After asks for', async () => {
    await s3.fault({ status: 503, code: 'SlowDown', setHeaders: { 'retry-after': '1' } });
    expect(await opened(OPEN, env)).toEqual({ A: CANARY });
    expect(await statuses()).toEqual([503, 200]);
  });
});

describe('not tried again', () => {
  test.for([400, 401, 403, 404, 405, 409, 410, 412, 416, 418])('%i', async (status) => {
    await s3.fault({ status, code: 'Whatever', count: 'always' });
    await refused(OPEN, env);
    expect(await statuses()).toEqual([status]);
  });

  test('a redirect to nowhere', async () => {
    await s3.fault({ status: 302, code: 'Found', setHeaders: { location: `${s3.url}/snacks/env` } });
    const { status, error } = await refused(OPEN, env);
    expect({ status, error }).toEqual({ status: 78, error: `${URI} is in another region` });
    expect(await statuses()).toEqual([302]);
  });

  test('what Retry-After puts off until after --timeout', async () => {
    await s3.fault({ status: 503, code: 'SlowDown', setHeaders: { 'retry-after': '3600' }, count: 'always' });
    const { status } = await refused([...OPEN, ...UNHURRIED], env);
    expect(status).toBe(75);
    expect(await statuses()).toEqual([503]);
  });
});

test('the first source that fails ends the others at once', async () => {
  await s3.fault({ match: '/hangs$', hang: true, count: 'always' });
  // The 404 is sent only once the other request is on its way.
  await s3.fault({ match: '/absent$', delayMs: 100 });
  const args = ['-s', 's3://snacks/hangs', '-s', 's3://snacks/absent', ...OPEN];
  expect(await refused([...args, ...UNHURRIED], env)).toEqual({
    status: 66,
    error: 'no such object: s3://snacks/absent',
    hint: 'check the key in the URI; optional=true tolerates a missing source',
  });
});

describe('TLS', () => {
  const OTHER = 's3.other.test';
  const tls = (more: Env = {}): Env => ({ ...env, AWS_ENDPOINT_URL_S3: secure.url, ...more });
  const unreachable = (host: string, code: string): Refusal => ({
    status: 69,
    error: `${URI}: cannot reach ${host}: ${code}`,
    hint: 'check the host name and the clock; for a private CA, set AWS_CA_BUNDLE or SSL_CERT_FILE',
  });
  const unknownCa = () => unreachable(secure.host, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');

  test.for<[string, () => Env]>([
    ['AWS_CA_BUNDLE', () => ({ AWS_CA_BUNDLE: CA_FILE })],
    ['AWS_CA_BUNDLE before SSL_CERT_FILE', () => ({ AWS_CA_BUNDLE: CA_FILE, SSL_CERT_FILE: OTHER_CA_FILE })],
    ['SSL_CERT_FILE', () => ({ SSL_CERT_FILE: CA_FILE })],
    ['ca_bundle of the profile', () => ({ HOME: home(`[default]\nca_bundle = ${CA_FILE}\n`) })],
  ])('is trusted by %s', async ([, settings]) => {
    expect(await opened(OPEN, tls(settings()))).toEqual({ A: CANARY });
  });

  test('of an unknown CA is refused, and not tried again', async () => {
    expect(await refused(OPEN, tls())).toEqual(unknownCa());
    await proxy.map({ [`${OTHER}:443`]: secure.host });
    const { status, error } = await refused(
      OPEN,
      tls({ AWS_ENDPOINT_URL_S3: `https://${OTHER}`, HTTPS_PROXY: proxy.url }),
    );
    expect({ status, error }).toEqual({
      status: 69,
      error: `${URI}: cannot reach ${OTHER} through the proxy ${proxy.host}: UNABLE_TO_VERIFY_LEAF_SIGNATURE`,
    });
    expect(await proxy.targets()).toHaveLength(1);
  });

  test('of another CA than the bundle’s is refused', async () => {
    expect(await refused(OPEN, tls({ AWS_CA_BUNDLE: OTHER_CA_FILE }))).toEqual(unknownCa());
  });

  test('of another host is refused', async () => {
    await proxy.map({ [`${OTHER}:443`]: secure.host });
    const settings = {
      AWS_ENDPOINT_URL_S3: `https://${OTHER}`,
      HTTPS_PROXY: proxy.url,
      AWS_CA_BUNDLE: CA_FILE,
    };
    const { status, error } = await refused(OPEN, tls(settings));
    expect({ status, error }).toEqual({
      status: 69,
      error: `${URI}: cannot reach ${OTHER} through the proxy ${proxy.host}: ERR_TLS_CERT_ALTNAME_INVALID`,
    });
    expect(await secure.requests()).toEqual([]);
  });

  test('spoken to a server of plain HTTP is refused', async () => {
    const AWS_ENDPOINT_URL_S3 = s3.url.replace('http:', 'https:');
    expect(await refused(OPEN, tls({ AWS_ENDPOINT_URL_S3 }))).toEqual(unreachable(s3.host, 'EPROTO'));
  });

  test.for<Env>([
    { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
    { NODE_TLS_REJECT_UNAUTHORIZED: '0', BUN_CONFIG_NO_VERIFY: '1', NODE_NO_WARNINGS: '0' },
  ])('is checked whatever the environment says: %o', async (settings) => {
    expect(await refused(OPEN, tls(settings))).toEqual(unknownCa());
    const container = { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${secure.url}/credentials` };
    const { HOME, AWS_REGION } = BARE;
    expect(
      await refused(OPEN, { HOME, AWS_REGION, ...container, ...settings, AWS_ENDPOINT_URL_S3: s3.url }),
    ).toEqual(unknownCa());
    expect(await secure.requests()).toEqual([]);
  });

  test('needs a bundle that is there', async () => {
    expect(await refused(OPEN, tls({ AWS_CA_BUNDLE: '/nowhere/ca.pem' }))).toEqual({
      status: 78,
      error: `${URI}: cannot read the certificates in /nowhere/ca.pem: ENOENT`,
      hint: 'check AWS_CA_BUNDLE and SSL_CERT_FILE',
    });
  });

  test('needs a bundle that is one', async () => {
    const file = join(folder(), 'ca.pem');
    writeFileSync(file, 'canary\n');
    expect(await refused(OPEN, tls({ SSL_CERT_FILE: file }))).toEqual({
      status: 78,
      error: `${URI}: cannot read the certificates in ${file}: no PEM certificate in it`,
      hint: 'check AWS_CA_BUNDLE and SSL_CERT_FILE',
    });
  });
});

describe('a proxy', () => {
  /** Has no address, so that nothing reaches it but through the proxy. */
  const HOST = 's3.behind-the-proxy.invalid';
  const ARGS = [...OPEN, '--allow-insecure-endpoint', ...SHORT];
  const plain = (more: Env): Env => ({ ...env, AWS_ENDPOINT_URL_S3: `http://${HOST}`, ...more });
  const tunnelled = (more: Env): Env => ({
    ...env,
    AWS_ENDPOINT_URL_S3: 'https://s3.us-east-1.amazonaws.com',
    AWS_CA_BUNDLE: CA_FILE,
    ...more,
  });
  const url = (credentials = '') => proxy.url.replace('//', `//${credentials}`);

  beforeEach(() => proxy.map({ [`${HOST}:80`]: s3.host, 's3.us-east-1.amazonaws.com:443': secure.host }));

  test.for<[string, (url: string) => Env]>([
    ['HTTPS_PROXY', (url) => ({ HTTPS_PROXY: url })],
    ['https_proxy', (url) => ({ https_proxy: url })],
    ['https_proxy before HTTPS_PROXY', (url) => ({ https_proxy: url, HTTPS_PROXY: 'http://127.0.0.1:9' })],
    ['ALL_PROXY', (url) => ({ ALL_PROXY: url })],
    ['HTTPS_PROXY before ALL_PROXY', (url) => ({ ALL_PROXY: 'http://127.0.0.1:9', HTTPS_PROXY: url })],
    ['a host and port alone', (url) => ({ HTTPS_PROXY: url.replace('http://', '') })],
  ])('is asked for a tunnel: %s', async ([, settings]) => {
    expect(await opened(ARGS, tunnelled(settings(proxy.url)))).toEqual({ A: CANARY });
    expect(await proxy.targets()).toEqual([
      { method: 'CONNECT', target: 's3.us-east-1.amazonaws.com:443', status: 200 },
    ]);
  });

  test.for(['HTTP_PROXY', 'http_proxy', 'all_proxy'])('is asked for a plain URL: %s', async (name) => {
    expect(await opened(ARGS, plain({ [name]: proxy.url }))).toEqual({ A: CANARY });
    expect(await proxy.targets()).toEqual([{ method: 'GET', target: `${HOST}:80`, status: 200 }]);
  });

  test.for([
    ['NO_PROXY', 'example.org, behind-the-proxy.invalid:80'],
    ['no_proxy', '.invalid'],
  ] as const)('is passed by with %s=%s', async ([name, value]) => {
    const settings = plain({ HTTP_PROXY: proxy.url, [name]: value });
    const { status, error } = await refused(ARGS, settings);
    expect(status).toBe(69);
    expect(error).toMatch(/cannot reach s3\.behind-the-proxy\.invalid: (ENOTFOUND|EAI_AGAIN)$/);
    expect(await proxy.targets()).toEqual([]);
  });

  test('is passed by for loopback', async () => {
    const proxies = { HTTP_PROXY: proxy.url, http_proxy: proxy.url, NODE_USE_ENV_PROXY: '1' };
    expect(await opened(OPEN, { ...env, ...proxies })).toEqual({ A: CANARY });
    expect(await proxy.targets()).toEqual([]);
  });

  describe('that wants a password', () => {
    beforeEach(() => proxy.requireCredentials('joe', 'p@ss:w/rd canary'));

    test('gets it', async () => {
      const credentials = 'joe:p%40ss%3Aw%2Frd%20canary@';
      expect(await opened(ARGS, tunnelled({ HTTPS_PROXY: url(credentials) }))).toEqual({ A: CANARY });
      expect(await opened(ARGS, plain({ HTTP_PROXY: url(credentials) }))).toEqual({ A: CANARY });
    });

    test.for(['', 'joe:canary@'])('and does not get it refuses: %j', async (credentials) => {
      expect(await refused(ARGS, tunnelled({ HTTPS_PROXY: url(credentials) }))).toEqual({
        status: 69,
        error: `${URI}: the proxy ${proxy.host} refused s3.us-east-1.amazonaws.com with 407`,
        hint: 'it requires a user and a password: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT',
      });
      expect(await refused(ARGS, plain({ HTTP_PROXY: url(credentials) }))).toEqual({
        status: 69,
        error: `${URI}: the proxy ${proxy.host} refused ${HOST} with 407`,
        hint: 'it requires a user and a password: HTTP_PROXY=http://USER:PASSWORD@HOST:PORT',
      });
      expect(await proxy.targets()).toHaveLength(2);
    });
  });

  test('that does not let the host through refuses', async () => {
    await proxy.reset();
    expect(await refused(ARGS, tunnelled({ HTTPS_PROXY: proxy.url }))).toEqual({
      status: 69,
      error: `${URI}: the proxy ${proxy.host} refused s3.us-east-1.amazonaws.com with 403`,
      hint: 'allow this host in the proxy, or bypass it with NO_PROXY',
    });
    expect(await proxy.targets()).toHaveLength(1);
  });

  test.for(['socks5://joe:canary@127.0.0.1:9', 'http://%%%canary', 'http://'])(
    'that is none is a wrong setting: %s',
    async (HTTPS_PROXY) => {
      expect(await refused(OPEN, tunnelled({ HTTPS_PROXY }))).toEqual({
        status: 78,
        error: `${URI}: the proxy for https: is not an http: or https: URL`,
        hint: 'check https_proxy, HTTPS_PROXY and ALL_PROXY: http://USER:PASSWORD@HOST:PORT',
      });
    },
  );
});
