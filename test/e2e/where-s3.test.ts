/**
 * Which host, path and region are asked. Names of Amazon's are tunnelled by a proxy to a TLS server here, so the hosts
 * in the log are those that the program believes to talk to.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  CA_FILE,
  KMS_ALIAS,
  type KmsServer,
  kmsKeyArn,
  type ProxyServer,
  type S3Server,
  startKms,
  startProxy,
  startS3,
} from '../servers/start.ts';
import { BARE, home, KEYS, store } from './aws.ts';
import { PATH_WITH_NODE } from './program.ts';
import { CANARY, type Env, opened, refused } from './transcript.ts';

const NOWHERE = 'http://127.0.0.1:9';

let s3: S3Server;
let amazon: S3Server;
let kms: KmsServer;
let proxy: ProxyServer;
let map: Record<string, string>;
/** Through the proxy, without a region. */
let env: Env;

beforeAll(async () => {
  const starts = [startS3(), startS3({ tls: true }), startKms({ tls: true }), startProxy()] as const;
  [s3, amazon, kms, proxy] = await Promise.all(starts);
  const hostOf = (region: string) => new URL(amazon.endpoints[region] ?? '').host;
  map = {
    'kms*.us-east-1.amazonaws.com:443': kms.host,
    '*.us-east-1.amazonaws.com:443': hostOf('us-east-1'),
    '*.eu-west-1.amazonaws.com:443': hostOf('eu-west-1'),
  };
  const { AWS_REGION: _, ...bare } = BARE;
  env = { ...bare, ...KEYS, HTTPS_PROXY: proxy.url, AWS_CA_BUNDLE: CA_FILE };
});
afterAll(() => Promise.all([s3, amazon, kms, proxy].map((server) => server.stop())));
beforeEach(async () => {
  await Promise.all([s3, amazon, kms, proxy].map((server) => server.reset()));
  await proxy.map(map);
});

/** `HOST/PATH` of every request; the proxy has to have seen these hosts and no other. */
async function asked(): Promise<string[]> {
  const requests = await amazon.requests();
  const tunnels = new Set((await proxy.targets()).map(({ target }) => target));
  expect(tunnels).toEqual(new Set(requests.map(({ host }) => `${host}:443`)));
  return requests.map(({ host, target }) => host + target);
}

/** The one request that opening this takes. */
async function askedFor(uri: string, more: Env = {}, flags: readonly string[] = []): Promise<string> {
  expect(await opened([...flags, '-s', uri], { ...env, ...more })).toEqual({ A: CANARY });
  const requests = await asked();
  expect(requests).toHaveLength(1);
  return requests[0] as string;
}

describe('a bucket of us-east-1', () => {
  beforeEach(async () => {
    await store(amazon, 'snacks/dev/env', 'A=canary\n');
    await store(amazon, 'snacks.and.drinks/env', 'A=canary\n');
    await amazon.accessPoint('reader', '111122223333', 'snacks');
  });

  test('is part of the host name', async () => {
    expect(await askedFor('s3://snacks/dev/env')).toBe('snacks.s3.us-east-1.amazonaws.com/dev/env');
  });

  test('is part of the path when its name has dots, which no certificate covers', async () => {
    expect(await askedFor('s3://snacks.and.drinks/env')).toBe(
      's3.us-east-1.amazonaws.com/snacks.and.drinks/env',
    );
  });

  test('is part of the path with --s3-addressing-style path', async () => {
    expect(await askedFor('s3://snacks/dev/env', {}, ['--s3-addressing-style', 'path'])).toBe(
      's3.us-east-1.amazonaws.com/snacks/dev/env',
    );
  });

  test('--s3-addressing-style virtual puts it before an endpoint of one’s own', async () => {
    const endpoint = { AWS_ENDPOINT_URL_S3: 'https://s3.us-east-1.amazonaws.com' };
    const flags = ['--s3-addressing-style', 'virtual'];
    expect(await askedFor('s3://snacks/dev/env', endpoint, flags)).toBe(
      'snacks.s3.us-east-1.amazonaws.com/dev/env',
    );
  });

  test('a key of any characters goes into the path', async () => {
    await store(amazon, 'snacks/ä b+c;=&//%', 'A=canary\n');
    expect(await askedFor('s3://snacks/ä b+c;=&//%25')).toBe(
      'snacks.s3.us-east-1.amazonaws.com/%C3%A4%20b%2Bc%3B%3D%26//%25',
    );
  });

  const HOSTS: readonly (readonly [what: string, settings: Env, profile: string, host: string])[] = [
    [
      'dual-stack',
      { AWS_USE_DUALSTACK_ENDPOINT: 'true' },
      'use_dualstack_endpoint = true',
      'snacks.s3.dualstack.us-east-1.amazonaws.com/dev/env',
    ],
    [
      'FIPS',
      { AWS_USE_FIPS_ENDPOINT: 'true' },
      'use_fips_endpoint = true',
      'snacks.s3-fips.us-east-1.amazonaws.com/dev/env',
    ],
    [
      'the path style',
      { ENVSEAL_S3_ADDRESSING_STYLE: 'path' },
      's3 =\n  addressing_style = path',
      's3.us-east-1.amazonaws.com/snacks/dev/env',
    ],
  ];
  test.for(HOSTS)('%s is chosen by a variable', async ([, settings, , asked]) => {
    expect(await askedFor('s3://snacks/dev/env', settings)).toBe(asked);
  });
  test.for(HOSTS)('%s is chosen by the profile', async ([, , profile, asked]) => {
    expect(await askedFor('s3://snacks/dev/env', { HOME: home(`[default]\n${profile}\n`) })).toBe(asked);
  });

  test.for([
    'arn:aws:s3:us-east-1:111122223333:accesspoint/reader/dev/env',
    'arn:aws:s3:us-east-1:111122223333:accesspoint/reader/object/dev/env',
  ])('%s, whatever AWS_REGION says', async (arn) => {
    expect(await askedFor(arn, { AWS_REGION: 'eu-west-1' })).toBe(
      'reader-111122223333.s3-accesspoint.us-east-1.amazonaws.com/dev/env',
    );
  });

  test('arn:aws:s3:::BUCKET/KEY', async () => {
    expect(await askedFor('arn:aws:s3:::snacks/dev/env')).toBe('snacks.s3.us-east-1.amazonaws.com/dev/env');
  });

  test('what only the SDK knows is asked through the same proxy', async () => {
    const uri = 'arn:aws:s3::111122223333:accesspoint/mfzwi23gnjvgw.mrap/dev/env';
    expect(await refused(['-s', uri], { ...env, PATH: PATH_WITH_NODE })).toEqual({
      status: 69,
      error: `${uri}: the proxy ${proxy.host} refused mfzwi23gnjvgw.mrap.accesspoint.s3-global.amazonaws.com with 403`,
      hint: 'allow this host in the proxy, or bypass it with NO_PROXY',
    });
    expect(await amazon.requests()).toEqual([]);
  });
});

describe('the region', () => {
  const EU = 'snacks.s3.eu-west-1.amazonaws.com/env';
  const US = 'snacks.s3.us-east-1.amazonaws.com/env';
  const kmsKey = (region: string) => ['--kms-key', kmsKeyArn(region)];

  async function bucketIn(region: string): Promise<void> {
    await amazon.bucket('snacks', { region });
    await store(amazon, 'snacks/env', 'A=canary\n', { sse: 'aws:kms', kmsKeyId: kmsKeyArn(region) });
  }

  test('is that of the URI, before AWS_REGION', async () => {
    await bucketIn('eu-west-1');
    expect(await askedFor('s3://snacks/env?region=eu-west-1', { AWS_REGION: 'us-east-1' })).toBe(EU);
  });

  test('is AWS_REGION, before AWS_DEFAULT_REGION', async () => {
    await bucketIn('eu-west-1');
    const regions = { AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'us-east-1' };
    expect(await askedFor('s3://snacks/env', regions)).toBe(EU);
  });

  test('is AWS_DEFAULT_REGION, before the profile’s', async () => {
    await bucketIn('eu-west-1');
    const HOME = home('[default]\nregion = us-east-1\n');
    expect(await askedFor('s3://snacks/env', { AWS_DEFAULT_REGION: 'eu-west-1', HOME })).toBe(EU);
  });

  test('is the profile’s, before that of the pinned key', async () => {
    await bucketIn('us-east-1');
    const HOME = home('[default]\nregion = us-east-1\n');
    const keys = [...kmsKey('eu-west-1'), ...kmsKey('us-east-1')];
    expect(await askedFor('s3://snacks/env', { HOME }, keys)).toBe(US);
  });

  test('is that of the pinned key, before us-east-1', async () => {
    await bucketIn('eu-west-1');
    expect(await askedFor('s3://snacks/env', {}, kmsKey('eu-west-1'))).toBe(EU);
  });

  test('is us-east-1 when nothing names one', async () => {
    await bucketIn('us-east-1');
    expect(await askedFor('s3://snacks/env')).toBe(US);
  });

  test('has to look like one', async () => {
    expect(await refused(['-s', 's3://snacks/env'], { ...env, AWS_REGION: 'Mars 1' })).toEqual({
      status: 78,
      error: 's3://snacks/env: invalid AWS region',
      hint: 'set AWS_REGION or region= in the URI, such as eu-central-1',
    });
  });

  describe('of the bucket is taken from S3’s answer when another was asked', () => {
    test.for(['PermanentRedirect', 'TemporaryRedirect', 'AuthorizationHeaderMalformed'] as const)(
      '%s',
      async (answer) => {
        await bucketIn('eu-west-1');
        await amazon.wrongRegion(answer);
        expect(await opened(['-s', 's3://snacks/env'], env)).toEqual({ A: CANARY });
        expect(await asked()).toEqual([US, EU]);
      },
    );

    test('once: a second redirect is an error', async () => {
      const setHeaders = { 'x-amz-bucket-region': 'eu-west-1' };
      await amazon.fault({ status: 301, code: 'PermanentRedirect', setHeaders, count: 'always' });
      expect(await refused(['-s', 's3://snacks/env'], env)).toEqual({
        status: 78,
        error: 's3://snacks/env is in eu-west-1',
        hint: "set AWS_REGION or ?region= to eu-west-1, and a custom endpoint to that region's",
      });
      expect(await asked()).toEqual([US, EU]);
    });

    test.for(['https://evil.test/env', 'http://169.254.169.254/latest/meta-data/'])(
      'but no host: Location %s is not followed',
      async (location) => {
        const setHeaders = { location, 'x-amz-bucket-region': 'us-east-1.evil.test' };
        await amazon.fault({ status: 307, code: 'TemporaryRedirect', setHeaders, count: 'always' });
        expect((await refused(['-s', 's3://snacks/env'], env)).status).toBe(78);
        expect(await asked()).toEqual([US]);
      },
    );

    test('at an endpoint of one’s own only the signature changes', async () => {
      await s3.bucket('snacks', { region: 'eu-west-1' });
      const sealed = { sse: 'aws:kms', kmsKeyId: kmsKeyArn('eu-west-1') } as const;
      await store(s3, 'snacks/env', 'A=canary\n', sealed);
      const endpoint = { AWS_ENDPOINT_URL_S3: s3.endpoints['eu-west-1'] ?? '' };
      expect(await opened(['-s', 's3://snacks/env'], { ...env, ...endpoint })).toEqual({ A: CANARY });
      const scopes = (await s3.requests()).map(({ headers }) =>
        /\d{8}\/([^/]+)/.exec(headers.authorization ?? ''),
      );
      expect(scopes.map((scope) => scope?.[1])).toEqual(['us-east-1', 'eu-west-1']);
    });

    test('at an endpoint of another region there is nothing to try again', async () => {
      await s3.bucket('snacks', { region: 'eu-west-1' });
      expect(await refused(['-s', 's3://snacks/env'], { ...env, AWS_ENDPOINT_URL_S3: s3.url })).toEqual({
        status: 78,
        error: 's3://snacks/env is in eu-west-1',
        hint: "set AWS_REGION or ?region= to eu-west-1, and a custom endpoint to that region's",
      });
      expect(await s3.requests()).toHaveLength(1);
    });
  });
});

describe('KMS, when a pinned alias has to be looked up', () => {
  const arn = `arn:aws:kms:us-east-1:111122223333:${KMS_ALIAS}`;

  test.for<[host: string, alias: string, settings: Env]>([
    ['kms.us-east-1.amazonaws.com', KMS_ALIAS, { AWS_REGION: 'us-east-1' }],
    ['kms.us-east-1.amazonaws.com', KMS_ALIAS, {}],
    ['kms.us-east-1.amazonaws.com', arn, { AWS_REGION: 'eu-west-1' }],
    ['kms-fips.us-east-1.amazonaws.com', KMS_ALIAS, { AWS_USE_FIPS_ENDPOINT: 'true' }],
  ])('is %s for %s with %o', async ([host, alias, settings]) => {
    await store(amazon, 'snacks/env', 'A=canary\n');
    const args = ['--kms-key', alias, '-s', 's3://snacks/env?region=us-east-1'];
    expect(await opened(args, { ...env, ...settings })).toEqual({ A: CANARY });
    expect((await kms.requests()).map((request) => request.host)).toEqual([host]);
  });
});

describe('an endpoint', () => {
  beforeEach(() => store(s3, 'snacks/env', 'A=canary\n'));

  const services = (url: string) =>
    `[default]\nservices = local\n[services local]\ns3 =\n  endpoint_url = ${url}\n`;

  test.for<[string, (url: string) => { uri?: string; env: Env }]>([
    ['of the URI', (url) => ({ uri: `?endpoint=${url}`, env: { AWS_ENDPOINT_URL_S3: NOWHERE } })],
    ['AWS_ENDPOINT_URL_S3', (url) => ({ env: { AWS_ENDPOINT_URL_S3: url, AWS_ENDPOINT_URL: NOWHERE } })],
    ['AWS_ENDPOINT_URL', (url) => ({ env: { AWS_ENDPOINT_URL: url, HOME: home(services(NOWHERE)) } })],
    [
      'of the services section of the profile',
      (url) => ({ env: { HOME: home(`${services(url)}[default]\nendpoint_url = ${NOWHERE}\n`) } }),
    ],
    ['of the profile', (url) => ({ env: { HOME: home(`[default]\nendpoint_url = ${url}\n`) } })],
    ['with a slash at its end', (url) => ({ env: { AWS_ENDPOINT_URL_S3: `${url}/` } })],
  ])('%s is asked before all others', async ([, given]) => {
    const { uri = '', env: more } = given(s3.url);
    expect(await opened(['-s', `s3://snacks/env${uri}`], { ...env, ...more })).toEqual({ A: CANARY });
    expect((await s3.requests()).map(({ target }) => target)).toEqual(['/snacks/env']);
  });

  test('AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true ignores all but that of the URI', async () => {
    const ignored = { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true', AWS_ENDPOINT_URL_S3: NOWHERE };
    await store(amazon, 'snacks/env', 'A=canary\n');
    expect(await askedFor('s3://snacks/env', ignored)).toBe('snacks.s3.us-east-1.amazonaws.com/env');
    const uri = `s3://snacks/env?endpoint=${s3.url}`;
    expect(await opened(['-s', uri], { ...env, ...ignored })).toEqual({ A: CANARY });
  });

  test.for(['nope', 'ftp://host', 'https://', 'https://joe:canary@host'])(
    'that is not a URL is refused: %s',
    async (AWS_ENDPOINT_URL_S3) => {
      expect(await refused(['-s', 's3://snacks/env'], { ...env, AWS_ENDPOINT_URL_S3 })).toEqual({
        status: 78,
        error: 's3://snacks/env: invalid S3 endpoint',
        hint: 'use AWS_ENDPOINT_URL_S3=https://HOST, without user and password',
      });
    },
  );

  test.for(['AWS_USE_FIPS_ENDPOINT', 'AWS_USE_DUALSTACK_ENDPOINT'])(
    'and %s exclude each other, because it would say nothing about that endpoint',
    async (name) => {
      const settings = { AWS_ENDPOINT_URL_S3: s3.url, [name]: 'true' };
      expect(await refused(['-s', 's3://snacks/env'], { ...env, ...settings })).toEqual({
        status: 78,
        error: 's3://snacks/env: a custom endpoint is set together with FIPS or dual-stack',
        hint: 'remove one: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL or endpoint=, or AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT',
      });
    },
  );

  test('is that of the profile that AWS_PROFILE names, and of no other', async () => {
    const keys = `aws_access_key_id = ${KEYS.AWS_ACCESS_KEY_ID}\naws_secret_access_key = ${KEYS.AWS_SECRET_ACCESS_KEY}\n`;
    const config = `[default]\nendpoint_url = ${NOWHERE}\n[profile app]\nendpoint_url = ${s3.url}\n${keys}`;
    expect(
      await opened(['-s', 's3://snacks/env'], { ...BARE, HOME: home(config), AWS_PROFILE: 'app' }),
    ).toEqual({
      A: CANARY,
    });
  });
});
