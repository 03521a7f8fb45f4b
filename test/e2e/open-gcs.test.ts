/** An object at Cloud Storage reaches the command, wherever the service is, and only if the right key seals it. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { describeReal } from '../real/available.ts';
import { type FakeGcs, startFakeGcs } from '../real/fake-gcs.ts';
import {
  CA_FILE,
  CLOUD_KMS_KEY,
  cloudKmsKeyVersion,
  type GcpMetadataServer,
  type GcsServer,
  kmsKeyArn,
  OTHER_CA_FILE,
  OTHER_CLOUD_KMS_KEY,
  type ProxyServer,
  type S3Server,
  startGcpMetadata,
  startGcs,
  startProxy,
  startS3,
} from '../servers/start.ts';
import { KEYS, store } from './aws.ts';
import { folder } from './folder.ts';
import { at, BARE, SEALED, storeGcs, TOKEN, workload } from './gcp.ts';
import { envsealWords, PATH_WITH_NODE, startWords } from './program.ts';
import { CANARY, type Env, opened, type Refusal, refused } from './transcript.ts';

const URI = 'gs://snacks/dev/env';
const OPEN = ['-s', URI];
const MIB = 1024 * 1024;

let gcs: GcsServer;
let metadata: GcpMetadataServer;
let proxy: ProxyServer;
let env: Env;

beforeAll(async () => {
  [gcs, metadata, proxy] = await Promise.all([startGcs(), startGcpMetadata(), startProxy()]);
  env = { ...BARE, ...TOKEN, ...at(gcs) };
});
afterAll(() => Promise.all([gcs, metadata, proxy].map((server) => server.stop())));
beforeEach(async () => {
  await Promise.all([gcs, metadata, proxy].map((server) => server.reset()));
  await storeGcs(gcs, 'snacks/dev/env', 'A=canary\n');
});

/** What was asked, in a fixed order: `metadata:` before the description. */
async function subjects(): Promise<string[]> {
  return (await gcs.requests()).map(({ subject }) => subject).sort();
}

describe('the command gets the variables of the object', () => {
  test('with a token of the environment, after two requests', async () => {
    await storeGcs(gcs, 'snacks/dev/env', '# canary\nDB_URL="postgres://canary@db/1"\nEMPTY=\n');
    expect(await opened(OPEN, env)).toEqual({ DB_URL: 'postgres://canary@db/1', EMPTY: '' });
    const requests = await gcs.requests();
    expect(requests.map(({ target }) => target).sort()).toEqual([
      '/storage/v1/b/snacks/o/dev%2Fenv?alt=media',
      '/storage/v1/b/snacks/o/dev%2Fenv?fields=generation%2CkmsKeyName%2Ccrc32c%2Cmetadata',
    ]);
    for (const { method, status, headers } of requests) {
      expect({ method, status }).toEqual({ method: 'GET', status: 200 });
      expect(headers['user-agent']).toMatch(/^envseal\/\d+\.\d+\.\d+$/);
      expect(headers).not.toHaveProperty('x-goog-user-project');
    }
  });

  test('with a token of the workload, after one request more', async () => {
    expect(await opened(OPEN, { ...BARE, ...at(gcs), ...workload(metadata) })).toEqual({ A: CANARY });
    expect(await subjects()).toEqual(['metadata:snacks/dev/env', 'snacks/dev/env']);
    expect(await metadata.requests()).toMatchObject([
      { target: '/computeMetadata/v1/instance/service-accounts/default/token', status: 200 },
    ]);
  });

  test('from ENVSEAL_SOURCE of an exec-form entrypoint', async () => {
    const source = { ENVSEAL_SOURCE: ` ${URI}\n` };
    expect(await opened(['run'], { ...env, ...source })).toEqual({ A: CANARY });
  });

  test('at the cost of the project in GOOGLE_CLOUD_QUOTA_PROJECT', async () => {
    await opened(OPEN, { ...env, GOOGLE_CLOUD_QUOTA_PROJECT: 'payer' });
    const payers = (await gcs.requests()).map(({ headers }) => headers['x-goog-user-project']);
    expect(payers).toEqual(['payer', 'payer']);
  });

  test('of an empty one: none', async () => {
    await storeGcs(gcs, 'snacks/empty', '');
    expect(await opened(['-s', 'gs://snacks/empty'], env)).toEqual({});
  });

  test('of the largest one', async () => {
    await storeGcs(gcs, 'snacks/large', 'A=canary\n#'.padEnd(2 * MIB, '.'));
    expect(await opened(['-s', 'gs://snacks/large'], env)).toEqual({ A: CANARY });
  });

  // Without a length a body counts for its checksum, which only the object has.
  test.for([{ chunked: true }, { wrongLength: 'none' as const, match: '^snacks/' }])(
    'sent with %o',
    async (how) => {
      await gcs.fault({ ...how, count: 'always' });
      expect(await opened(OPEN, env)).toEqual({ A: CANARY });
    },
  );

  test.for([
    { status: 500 },
    { status: 503 },
    { status: 429 },
    { status: 408 },
    { resetBeforeHeaders: true },
  ])('although the first tries get %o', async (fault) => {
    await gcs.fault({ ...fault, count: 4 });
    expect(await opened(OPEN, env)).toEqual({ A: CANARY });
    expect(await gcs.requests()).toHaveLength(6);
  });
});

describe('every object can be named', () => {
  /** The object, and how a URI writes it. */
  const NAMES: readonly (readonly [object: string, written: string])[] = [
    ['with space', 'with space'],
    ['with space', 'with%20space'],
    ['a+b', 'a+b'],
    ['ünï/çødé ☃', 'ünï/çødé ☃'],
    ['ünï/çødé ☃', '%C3%BCn%C3%AF/%C3%A7%C3%B8d%C3%A9%20%E2%98%83'],
    ['100%', '100%25'],
    ['%41', '%2541'],
    ['a%2Fb', 'a%252Fb'],
    ['a;b=c&d', 'a;b=c&d'],
    ["it's(*)!~", "it's(*)!~"],
    ['"<>[]^`{|}\\', '"<>[]^`{|}\\'],
    ['a//b', 'a//b'],
    ['/leading', '/leading'],
    ['trailing/', 'trailing/'],
    ['a/../b', 'a/../b'],
    ['./b/..', './b/%2e%2E'],
    ['what?alt=json', 'what%3Falt=json'],
    ['c#', 'c%23'],
    ['c#12', 'c%2312'],
    ['o/acl', 'o/acl'],
    ['a,b@c:d$e', 'a,b@c:d$e'],
    ['...', '...'],
    ['.env', '.env'],
  ];
  test.for(NAMES)('%s as %s', async ([object, written]) => {
    await storeGcs(gcs, `snacks/${object}`, 'A=canary-odd\n');
    expect(await opened(['-s', `gs://snacks/${written}`], env)).toEqual({ A: 'canary-odd' });
    expect(await subjects()).toEqual([`metadata:snacks/${object}`, `snacks/${object}`]);
  });

  test('the longest one', async () => {
    const object = 'o'.repeat(1024);
    await storeGcs(gcs, `snacks/${object}`, 'A=canary\n');
    expect(await opened(['-s', `gs://snacks/${object}`], env)).toEqual({ A: CANARY });
  });

  test.for(['snacks.example.com', '2-snacks_a'])('in the bucket %s', async (bucket) => {
    await storeGcs(gcs, `${bucket}/env`, 'A=canary\n');
    expect(await opened(['-s', `gs://${bucket}/env`], env)).toEqual({ A: CANARY });
  });

  test.for(['gs://snacks/..', 'gs://snacks/%2E'])('but %s, which no object is called', async (uri) => {
    expect(await refused(['-s', uri], env)).toEqual({
      status: 64,
      error: `the source ${uri} names no object`,
      hint: 'no object can have this name',
    });
    expect(await gcs.requests()).toEqual([]);
  });
});

describe('generations', () => {
  let first: string;

  beforeEach(async () => {
    first = (await storeGcs(gcs, 'snacks/env', 'A=canary-old\n')).generation;
    await storeGcs(gcs, 'snacks/env', 'A=canary-new\n');
  });

  test('the newest one is opened, or the one behind the #', async () => {
    expect(await opened(['-s', 'gs://snacks/env'], env)).toEqual({ A: 'canary-new' });
    expect(await opened(['-s', `gs://snacks/env#${first}`], env)).toEqual({ A: 'canary-old' });
    const asked = (await gcs.requests()).map(({ target }) => /generation=(\d+)/.exec(target)?.[1]);
    expect(asked).toEqual([undefined, undefined, first, first]);
  });

  test.for(['gs://snacks/env?dialect=docker#', 'gs://snacks/env#'])(
    'is named before or behind the query: %s',
    async (uri) => {
      const written = uri.includes('?') ? uri + first : `${uri}${first}?dialect=docker`;
      expect(await opened(['-s', written], env)).toEqual({ A: 'canary-old' });
    },
  );

  test('an old one is opened although the live one is not sealed', async () => {
    await storeGcs(gcs, 'snacks/env', 'A=canary\n', {});
    expect(await opened(['-s', `gs://snacks/env#${first}`], env)).toEqual({ A: 'canary-old' });
  });

  test('the one of the bytes is described, whatever was stored in between', async () => {
    const unsealed = await storeGcs(gcs, 'snacks/swapped', 'A=canary\n', {});
    await storeGcs(gcs, 'snacks/swapped', 'A=canary\n');
    // The bytes say that they are those of the generation before.
    await gcs.fault({ match: '^snacks/', setHeaders: { 'x-goog-generation': unsealed.generation } });
    expect(await refused(['-s', 'gs://snacks/swapped'], env)).toMatchObject({
      status: 65,
      error: 'gs://snacks/swapped is not sealed by a KMS key',
    });
    expect(await subjects()).toEqual([
      'metadata:snacks/swapped',
      'metadata:snacks/swapped',
      'snacks/swapped',
    ]);
    expect((await gcs.requests()).at(-1)?.target).toContain(`&generation=${unsealed.generation}`);
  });

  test('behind the # is nothing else', async () => {
    expect(await refused(['-s', 'gs://snacks/env#old'], env)).toEqual({
      status: 64,
      error: 'the source gs://snacks/env#old has a # that names no generation',
      hint: 'write #NUMBER at its end, or %23 for a # in a name',
    });
  });
});

describe('several sources', () => {
  let s3: S3Server;

  beforeAll(async () => {
    s3 = await startS3({ regions: ['us-east-1'] });
  });
  afterAll(() => s3.stop());

  test('of both clouds and a file are merged in their order, later ones win', async () => {
    const path = folder({ env: 'FROM=canary-file\nFILE=canary\n' });
    await store(s3, 'snacks/env', 'FROM=canary-s3\nS3=canary\n');
    await storeGcs(gcs, 'snacks/env', 'FROM=canary-gs\nGS=canary\n');
    const sources = [`${path}/env`, 's3://snacks/env', 'gs://snacks/env'];
    const both = { ...env, ...KEYS, AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL_S3: s3.url };
    const from = async (order: readonly string[]) => {
      const pins = ['--kms-key', kmsKeyArn(), '--kms-key', CLOUD_KMS_KEY, '--allow-unsealed'];
      const variables = await opened([...pins, ...order.flatMap((uri) => ['-s', uri])], both);
      const { FROM, ...rest } = variables;
      expect(rest).toEqual({ FILE: CANARY, S3: CANARY, GS: CANARY });
      return FROM;
    };
    expect(await from(sources)).toBe('canary-gs');
    expect(await from(sources.toReversed())).toBe('canary-file');
    expect(await from([...sources.slice(2), ...sources.slice(0, 2)])).toBe('canary-s3');
  });

  test('a pinned key of one cloud is none of the other', async () => {
    await store(s3, 'snacks/env', 'A=canary\n');
    const both = { ...env, ...KEYS, AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL_S3: s3.url };
    const { status, error } = await refused(['--kms-key', CLOUD_KMS_KEY, '-s', 's3://snacks/env'], both);
    expect({ status, error }).toEqual({
      status: 65,
      error: `s3://snacks/env is sealed with ${kmsKeyArn()}, which is not pinned`,
    });
  });

  test('need one token', async () => {
    await storeGcs(gcs, 'snacks/more', 'B=canary\n');
    const sources = [...OPEN, '-s', 'gs://snacks/more'];
    expect(await opened(sources, { ...BARE, ...at(gcs), ...workload(metadata) })).toEqual({
      A: CANARY,
      B: CANARY,
    });
    expect(await metadata.requests()).toHaveLength(1);
    expect(await gcs.requests()).toHaveLength(4);
  });

  test('are fetched at the same time, each with its two requests', async () => {
    // None is ever answered, so the log has all only if none waits for another.
    await gcs.fault({ hang: true, count: 'always' });
    const words = [...envsealWords, ...OPEN, '-s', 'gs://snacks/more', '--', 'true'];
    const { child, outcome } = startWords(words, { env });
    expect(await gcs.seen('snacks/', 4)).toHaveLength(4);
    child.kill();
    expect((await outcome).status).toBe(143);
  });

  test('are refused when one is', async () => {
    await storeGcs(gcs, 'snacks/plain', 'B=canary\n', {});
    expect(await refused([...OPEN, '-s', 'gs://snacks/plain'], env)).toMatchObject({
      status: 65,
      error: 'gs://snacks/plain is not sealed by a KMS key',
    });
  });
});

describe('optional=true', () => {
  test('tolerates an object, a generation and a bucket that are absent', async () => {
    const absent = [
      'gs://snacks/absent?optional=true',
      `${URI}#1?optional=true`,
      'gs://nowhere/env?optional=true',
    ];
    const sources = [URI, ...absent].flatMap((uri) => ['-s', uri]);
    expect(await opened(sources, env)).toEqual({ A: CANARY });
  });

  test('opens an object that is there', async () => {
    expect(await opened(['-s', `${URI}?optional=true`], env)).toEqual({ A: CANARY });
  });

  test('tolerates nothing else', async () => {
    const statusAfter = async (uri: string, more: Env = {}) =>
      (await refused(['-s', `${uri}?optional=true`], { ...env, ...more })).status;
    await storeGcs(gcs, 'snacks/unsealed', 'A=canary\n', {});
    await storeGcs(gcs, 'snacks/malformed', 'canary\n');
    expect(await statusAfter('gs://snacks/unsealed')).toBe(65);
    expect(await statusAfter('gs://snacks/malformed')).toBe(65);
    expect(await statusAfter(URI, { GOOGLE_OAUTH_ACCESS_TOKEN: 'forged' })).toBe(77);
    expect(await statusAfter(URI, { GOOGLE_OAUTH_ACCESS_TOKEN: '' })).toBe(77);
    await gcs.fault({ status: 403, count: 2 });
    expect(await statusAfter('gs://snacks/absent')).toBe(77);
    await gcs.fault({ status: 500, count: 'always' });
    expect(await statusAfter('gs://snacks/absent', { ENVSEAL_TIMEOUT: '1' })).toBe(69);
  });
});

describe('formats', () => {
  test('dialect=docker takes everything after the = as it is', async () => {
    await storeGcs(gcs, 'snacks/env', 'A="canary" # no comment\n');
    expect(await opened(['-s', 'gs://snacks/env'], env)).toEqual({ A: CANARY });
    expect(await opened(['-s', 'gs://snacks/env?dialect=docker'], env)).toEqual({
      A: '"canary" # no comment',
    });
  });

  test('an object of JSON is detected, or pinned with format=json', async () => {
    await storeGcs(gcs, 'snacks/env', '{"A":"canary","B":2,"C":true}');
    const variables = { A: CANARY, B: '2', C: 'true' };
    expect(await opened(['-s', 'gs://snacks/env'], env)).toEqual(variables);
    expect(await opened(['-s', 'gs://snacks/env?format=json'], env)).toEqual(variables);
  });

  test('format=json refuses what is none, without a word of it', async () => {
    expect(await refused(['-s', `${URI}?format=json`], env)).toEqual({
      status: 65,
      error: `cannot parse ${URI}?format=json: line 1, column 1: expected a JSON object`,
      hint: '',
    });
  });
});

describe('an object that no customer’s key seals', () => {
  const unsealed: Refusal = {
    status: 65,
    error: `${URI} is not sealed by a KMS key`,
    hint: 'store it with a Cloud KMS key (gcloud storage cp --encryption-key KEY), or accept the risk with --allow-unsealed',
  };

  test('is refused under Google’s own key', async () => {
    await storeGcs(gcs, 'snacks/dev/env', 'A=canary\n', {});
    expect(await refused(OPEN, env)).toEqual(unsealed);
  });

  test('is refused whatever key its writer names in the metadata', async () => {
    const names = ['kmsKeyName', 'kms-key', 'kms_key_name', 'encryption-kms-key-name'];
    const named = Object.fromEntries(names.map((name) => [name, CLOUD_KMS_KEY]));
    await storeGcs(gcs, 'snacks/dev/env', 'A=canary\n', { metadata: named });
    expect(await refused(OPEN, env)).toEqual(unsealed);
    expect(await refused(['--kms-key', CLOUD_KMS_KEY, ...OPEN], env)).toEqual(unsealed);
  });

  test('is refused whatever key the headers of the bytes name', async () => {
    await storeGcs(gcs, 'snacks/dev/env', 'A=canary\n', {});
    const setHeaders = { 'x-goog-encryption-kms-key-name': cloudKmsKeyVersion(1) };
    await gcs.fault({ setHeaders, count: 'always' });
    expect(await refused(OPEN, env)).toEqual(unsealed);
  });

  test('is opened with --allow-unsealed', async () => {
    await storeGcs(gcs, 'snacks/dev/env', 'A=canary\n', {});
    expect(await opened([...OPEN, '--allow-unsealed'], env)).toEqual({ A: CANARY });
    expect(await opened(OPEN, { ...env, ENVSEAL_ALLOW_UNSEALED: 'true' })).toEqual({ A: CANARY });
  });
});

describe('--kms-key', () => {
  const wrongKey: Refusal = {
    status: 65,
    error: `${URI} is sealed with ${cloudKmsKeyVersion(1)}, which is not pinned`,
    hint: 'someone replaced the object or its key: investigate; if intended, add the key to --kms-key',
  };
  const pinned = (...keys: string[]) => [...keys.flatMap((key) => ['--kms-key', key]), ...OPEN];

  test.for([
    ['the key', [CLOUD_KMS_KEY]],
    ['its version', [cloudKmsKeyVersion(1)]],
    ['one of several', [OTHER_CLOUD_KMS_KEY, CLOUD_KMS_KEY]],
    ['one of a list', [`${OTHER_CLOUD_KMS_KEY},${CLOUD_KMS_KEY}`]],
    ['one of two clouds', [kmsKeyArn(), CLOUD_KMS_KEY]],
  ] as const)('opens a source that is sealed with %s', async ([, keys]) => {
    expect(await opened(pinned(...keys), env)).toEqual({ A: CANARY });
    expect(await gcs.requests()).toHaveLength(2);
  });

  test('is ENVSEAL_KMS_KEY, too', async () => {
    expect(await opened(OPEN, { ...env, ENVSEAL_KMS_KEY: CLOUD_KMS_KEY })).toEqual({ A: CANARY });
    expect(await refused(OPEN, { ...env, ENVSEAL_KMS_KEY: OTHER_CLOUD_KMS_KEY })).toEqual(wrongKey);
  });

  test('means every version of the key, or the one that it names', async () => {
    await gcs.kmsKey({ name: CLOUD_KMS_KEY, primaryVersion: 2 });
    await storeGcs(gcs, 'snacks/dev/env', 'A=canary\n');
    const rotated = { ...wrongKey, error: wrongKey.error.replace('Versions/1', 'Versions/2') };
    expect(await opened(pinned(CLOUD_KMS_KEY), env)).toEqual({ A: CANARY });
    expect(await opened(pinned(cloudKmsKeyVersion(2)), env)).toEqual({ A: CANARY });
    expect(await refused(pinned(cloudKmsKeyVersion(1)), env)).toEqual(rotated);
  });

  test.for([
    ['another key', OTHER_CLOUD_KMS_KEY],
    ['another version', cloudKmsKeyVersion(2)],
    ['a version that starts the same', cloudKmsKeyVersion(11)],
    ['a key that starts the same', `${CLOUD_KMS_KEY}2`],
    ['the beginning of its name', CLOUD_KMS_KEY.slice(0, -1)],
    ['its key ring', CLOUD_KMS_KEY.replace(/\/cryptoKeys.*/, '')],
    ['its last part', 'app'],
    ['its name without a version', `${CLOUD_KMS_KEY}/cryptoKeyVersions/`],
    ['the same key in another project', CLOUD_KMS_KEY.replace('envseal-test', 'envseal-tess')],
    ['the same key in another location', CLOUD_KMS_KEY.replace('global', 'europe-west1')],
    ['the same key in other letters', CLOUD_KMS_KEY.toUpperCase()],
    ['a key of AWS', kmsKeyArn()],
    ['a glob', '*'],
  ] as const)('refuses a source that is sealed with another: %s', async ([, key]) => {
    expect(await refused(pinned(key), env)).toEqual(wrongKey);
  });

  test('cannot be overridden by --allow-unsealed', async () => {
    expect(await refused([...pinned(OTHER_CLOUD_KMS_KEY), '--allow-unsealed'], env)).toEqual(wrongKey);
  });

  test('is not what its writer names in the metadata', async () => {
    const metadataOf = { 'kms-key': OTHER_CLOUD_KMS_KEY, kmsKeyName: OTHER_CLOUD_KMS_KEY };
    await storeGcs(gcs, 'snacks/dev/env', 'A=canary\n', { ...SEALED, metadata: metadataOf });
    expect(await refused(pinned(OTHER_CLOUD_KMS_KEY), env)).toEqual(wrongKey);
    expect(await opened(pinned(CLOUD_KMS_KEY), env)).toEqual({ A: CANARY });
  });
});

describe('the endpoint', () => {
  const NAME = 'CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE';

  test.for(['', '/', '/storage/v1', '/storage/v1/'])('of gcloud may end with %j', async (path) => {
    expect(await opened(OPEN, { ...env, [NAME]: gcs.url + path })).toEqual({ A: CANARY });
  });

  test('may have a path of its own', async () => {
    await refused(OPEN, { ...env, [NAME]: `${gcs.url}/gateway/` });
    const [request] = await gcs.requests();
    expect(request?.target).toMatch(/^\/gateway\/storage\/v1\/b\/snacks\/o\/dev%2Fenv\?/);
  });

  test.for(['nope', 'ftp://host', 'https://', 'https://joe:canary@host'])(
    'that is not a URL is refused: %s',
    async (endpoint) => {
      expect(await refused(OPEN, { ...env, [NAME]: endpoint })).toEqual({
        status: 78,
        error: `${URI}: invalid endpoint in ${NAME}`,
        hint: `use ${NAME}=https://HOST, without user and password`,
      });
    },
  );

  describe('that is plain http:', () => {
    const WAYS: readonly (readonly [string, Env])[] = [
      ['directly', {}],
      ['in a universe of its own', { GOOGLE_CLOUD_UNIVERSE_DOMAIN: 'example.cloud', PATH: PATH_WITH_NODE }],
    ];
    const insecure = (origin: string): Refusal => ({
      status: 78,
      error: `${URI}: the endpoint ${origin} is not https:`,
      hint: 'use https:, or accept the risk with --allow-insecure-endpoint',
    });

    test.for(
      WAYS.flatMap(([way, more]) =>
        ['http://192.0.2.1', 'http://gcs.test', 'http://127.0.0.1.test', 'http://169.254.169.254'].map(
          (url) => [url, way, more] as const,
        ),
      ),
    )('is refused before it is asked: %s %s', async ([url, , more]) => {
      const settings = { [NAME]: url, HTTP_PROXY: proxy.url, http_proxy: proxy.url };
      expect(await refused(OPEN, { ...env, ...settings, ...more })).toEqual(insecure(url));
      expect(await proxy.targets()).toEqual([]);
    });

    test.for(['http://192.0.2.1', '192.0.2.1'])('is refused as an emulator: %s', async (host) => {
      const proxies = { HTTP_PROXY: proxy.url, http_proxy: proxy.url };
      const settings = { STORAGE_EMULATOR_HOST: host, PATH: PATH_WITH_NODE, ...proxies };
      expect(await refused(OPEN, { ...env, ...settings })).toEqual(insecure('http://192.0.2.1'));
      expect(await proxy.targets()).toEqual([]);
    });

    test('is asked with --allow-insecure-endpoint', async () => {
      await proxy.map({ 'gcs.test:80': gcs.host });
      const settings = { [NAME]: 'http://gcs.test', HTTP_PROXY: proxy.url };
      expect(await opened([...OPEN, '--allow-insecure-endpoint'], { ...env, ...settings })).toEqual({
        A: CANARY,
      });
    });

    test('is asked on loopback', async () => {
      const localhost = { [NAME]: gcs.url.replace('127.0.0.1', 'localhost') };
      expect(await opened(OPEN, { ...env, ...localhost })).toEqual({ A: CANARY });
    });
  });

  describe('of Google', () => {
    let google: GcsServer;
    let there: Env;

    beforeAll(async () => {
      google = await startGcs({ tls: true });
      there = { ...BARE, ...TOKEN, HTTPS_PROXY: proxy.url, SSL_CERT_FILE: CA_FILE };
    });
    afterAll(() => google.stop());
    beforeEach(async () => {
      await google.reset();
      await proxy.map({ 'storage.googleapis.com:443': google.host });
      await storeGcs(google, 'snacks/dev/env', 'A=canary-google\n');
    });

    async function hosts(): Promise<Set<string>> {
      return new Set((await proxy.targets()).map(({ target }) => target));
    }

    test('is storage.googleapis.com, over TLS', async () => {
      expect(await opened(OPEN, there)).toEqual({ A: 'canary-google' });
      expect(await hosts()).toEqual(new Set(['storage.googleapis.com:443']));
      expect((await google.requests()).map(({ host }) => host)).toEqual([
        'storage.googleapis.com',
        'storage.googleapis.com',
      ]);
    });

    test('is not asked for the token of a workload through the proxy', async () => {
      const { GOOGLE_OAUTH_ACCESS_TOKEN: _, ...rest } = there;
      const proxies = { HTTP_PROXY: proxy.url, http_proxy: proxy.url, ALL_PROXY: proxy.url };
      expect(await opened(OPEN, { ...rest, ...workload(metadata), ...proxies })).toEqual({
        A: 'canary-google',
      });
      expect(await hosts()).toEqual(new Set(['storage.googleapis.com:443']));
    });

    test.for([
      ['an authority that is not trusted', { SSL_CERT_FILE: OTHER_CA_FILE }],
      ['no authority of one’s own', { SSL_CERT_FILE: '' }],
    ] as const)('is not believed with a certificate of %s', async ([, more]) => {
      const { status, error, hint } = await refused(OPEN, { ...there, ...more });
      expect(status).toBe(69);
      expect(error).toMatch(
        new RegExp(`^${URI}: cannot reach storage.googleapis.com through the proxy ${proxy.host}: [A-Z_]+$`),
      );
      expect(hint).toBe(
        'check the host name and the clock; for a private CA, set AWS_CA_BUNDLE or SSL_CERT_FILE',
      );
      expect(await google.requests()).toEqual([]);
    });

    test('is not reached past a proxy that forbids it', async () => {
      await proxy.reset();
      expect(await refused(OPEN, there)).toEqual({
        status: 69,
        error: `${URI}: the proxy ${proxy.host} refused storage.googleapis.com with 403`,
        hint: 'allow this host in the proxy, or bypass it with NO_PROXY',
      });
    });

    test('is reached through the same proxy by the SDK', async () => {
      const settings = {
        GOOGLE_CLOUD_UNIVERSE_DOMAIN: 'example.cloud',
        [NAME]: 'https://storage.googleapis.com',
        PATH: PATH_WITH_NODE,
      };
      expect(await opened(OPEN, { ...there, ...settings })).toEqual({ A: 'canary-google' });
      expect(await hosts()).toEqual(new Set(['storage.googleapis.com:443']));
    });

    test('is asked once by the SDK when its certificate is not trusted', async () => {
      const universe = { GOOGLE_CLOUD_UNIVERSE_DOMAIN: 'example.cloud', PATH: PATH_WITH_NODE };
      await proxy.map({ 'storage.example.cloud:443': google.host });
      const { status, error } = await refused(OPEN, { ...there, ...universe });
      expect(status).toBe(69);
      expect(error).toMatch(new RegExp(`^${URI}: cannot reach Cloud Storage: [A-Z_]+$`));
      expect(await proxy.targets()).toMatchObject([{ target: 'storage.example.cloud:443' }]);
      expect(await google.requests()).toEqual([]);
    });
  });

  describe('in a universe of its own, through the SDK', () => {
    const universe = { GOOGLE_CLOUD_UNIVERSE_DOMAIN: 'example.cloud', PATH: PATH_WITH_NODE };

    test('gives the same', async () => {
      expect(await opened(OPEN, { ...env, ...universe })).toEqual({ A: CANARY });
      expect(await opened(OPEN, { ...BARE, ...at(gcs), ...universe, ...workload(metadata) })).toEqual({
        A: CANARY,
      });
    });

    test('goes past the proxies that are not for it', async () => {
      const proxies = { HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url, ALL_PROXY: proxy.url };
      expect(await opened(OPEN, { ...env, ...universe, ...proxies })).toEqual({ A: CANARY });
      expect(await proxy.targets()).toEqual([]);
    });

    test('refuses the same', async () => {
      const there = { ...env, ...universe };
      const other = ['--kms-key', OTHER_CLOUD_KMS_KEY];
      const keys = { GOOGLE_OAUTH_ACCESS_TOKEN: 'forged' };
      await storeGcs(gcs, 'snacks/plain', 'A=canary\n', {});
      await storeGcs(gcs, 'snacks/broken', 'A=canary\n');
      await gcs.fault({ match: '^snacks/broken$', wrongBody: true, count: 'always' });
      for (const [args, more] of [
        [['-s', 'gs://snacks/plain'], {}],
        [[...other, ...OPEN], {}],
        [['-s', 'gs://snacks/absent'], {}],
        [['-s', 'gs://nowhere/env'], {}],
        [['-s', 'gs://snacks/broken'], {}],
        [OPEN, keys],
      ] as const) {
        const direct = await refused(args, { ...env, ...more });
        expect(await refused(args, { ...there, ...more })).toEqual(direct);
      }
    });

    test('prints nothing of what the SDK would log', async () => {
      const loud = { GOOGLE_SDK_NODE_LOGGING: 'all', DEBUG: '*' };
      expect(await opened(OPEN, { ...env, ...universe, ...loud })).toEqual({ A: CANARY });
      expect((await refused(['-s', 'gs://snacks/absent'], { ...env, ...universe, ...loud })).status).toBe(66);
    });
  });

  test('of an emulator gets no token', async () => {
    const emulator = { STORAGE_EMULATOR_HOST: gcs.host, PATH: PATH_WITH_NODE };
    expect(await refused(OPEN, { ...env, ...emulator })).toMatchObject({
      status: 77,
      error: `${URI}: Google rejected the access token`,
    });
    const requests = await gcs.requests();
    expect(requests.length).toBeGreaterThan(0);
    for (const { headers } of requests) expect(headers).not.toHaveProperty('authorization');
  });
});

describeReal('fake-gcs', 'an emulator of others', () => {
  let fake: FakeGcs;

  beforeAll(async () => {
    fake = await startFakeGcs();
    await post('/storage/v1/b?project=envseal-test', '{"name":"snacks"}');
    await post('/upload/storage/v1/b/snacks/o?uploadType=media&name=dev%2Fenv', 'A=canary-emulated\n');
  });
  afterAll(() => fake?.stop());

  async function post(path: string, body: string): Promise<void> {
    const response = await fetch(fake.endpoint + path, { method: 'POST', body });
    expect(response.status).toBe(200);
  }

  test.for([
    ['its URL', (endpoint: string) => endpoint],
    ['host and port', (endpoint: string) => endpoint.replace('http://', '')],
  ] as const)('is named by %s, and needs no credentials', async ([, name]) => {
    const settings = { ...BARE, PATH: PATH_WITH_NODE, STORAGE_EMULATOR_HOST: name(fake.endpoint) };
    const variables = await opened(['--allow-unsealed', ...OPEN], settings);
    expect(variables).toEqual({ A: 'canary-emulated' });
  });

  test('seals nothing', async () => {
    const settings = { ...BARE, PATH: PATH_WITH_NODE, STORAGE_EMULATOR_HOST: fake.endpoint };
    expect(await refused(OPEN, settings)).toMatchObject({
      status: 65,
      error: `${URI} is not sealed by a KMS key`,
    });
  });

  test('lacks what is not there', async () => {
    const settings = { ...BARE, PATH: PATH_WITH_NODE, STORAGE_EMULATOR_HOST: fake.endpoint };
    expect(await refused(['-s', 'gs://snacks/absent'], settings)).toMatchObject({ status: 66 });
  });

  test('is asked directly as an endpoint', async () => {
    const settings = { ...BARE, ...TOKEN, CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: fake.endpoint };
    expect(await opened(['--allow-unsealed', ...OPEN], settings)).toEqual({ A: 'canary-emulated' });
  });
});
