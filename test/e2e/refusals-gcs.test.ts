/**
 * Refusals of Cloud Storage are distinguished from each other, and each names the permission and the
 * resource, the key or the bytes.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { accessToken, SERVICE_ACCOUNT } from '../servers/google/access-tokens.ts';
import {
  CLOUD_KMS_KEY,
  type FaultRule,
  type GcpMetadataServer,
  type GcsServer,
  startGcpMetadata,
  startGcs,
} from '../servers/start.ts';
import { at, BARE, SEALED, storeGcs, TOKEN, workload } from './gcp.ts';
import { CANARY, type Env, opened, type Refusal, refused } from './transcript.ts';

const URI = 'gs://snacks/dev/env';
const OPEN = ['-s', URI];
const OBJECT = 'projects/_/buckets/snacks/objects/dev/env';
const READER = 'reader@envseal-test.iam.gserviceaccount.com';
const MIB = 1024 * 1024;
/** Long enough for a few tries on loopback, also where much else runs; far from the default of 30 s. */
const TIMEOUT = '4';

/** The bytes, and the description. */
const BYTES = '^snacks/';
const DESCRIPTION = '^metadata:';

let gcs: GcsServer;
let metadata: GcpMetadataServer;
let env: Env;

beforeAll(async () => {
  [gcs, metadata] = await Promise.all([startGcs(), startGcpMetadata()]);
  env = { ...BARE, ...TOKEN, ...at(gcs) };
});
afterAll(() => Promise.all([gcs, metadata].map((server) => server.stop())));

describe('final', () => {
  beforeEach(async () => {
    await Promise.all([gcs, metadata].map((server) => server.reset()));
    await storeGcs(gcs, 'snacks/dev/env', 'A=canary\n');
  });

  /** Everything here is requested once, and reported in two lines. */
  async function refusedAtOnce(args: readonly string[] = OPEN, more: Env = {}): Promise<Refusal> {
    const refusal = await refused(args, { ...env, ...more });
    const asked = (await gcs.requests()).map(({ subject }) => subject);
    expect(new Set(asked).size).toBe(asked.length);
    expect(asked.length).toBeLessThanOrEqual(2);
    return refusal;
  }

  describe('a missing permission', () => {
    const reader = { GOOGLE_OAUTH_ACCESS_TOKEN: accessToken({ principal: READER }) };
    const unlisted =
      '; without storage.objects.list, Cloud Storage also answers this for an object that does not exist';
    const denied: Refusal = {
      status: 77,
      error: `${URI}: ${READER} lacks storage.objects.get on ${OBJECT}`,
      hint: `grant storage.objects.get on ${OBJECT} (roles/storage.objectViewer)${unlisted}`,
    };

    test.for([
      ['nothing', []],
      ['storage.objects.list', ['storage.objects.list']],
      ['storage.buckets.get', ['storage.buckets.get']],
    ] as const)('storage.objects.get, with %s', async ([, permissions]) => {
      await gcs.allow(READER, permissions);
      expect(await refusedAtOnce(OPEN, reader)).toEqual(denied);
    });

    test('in this bucket alone', async () => {
      await gcs.allow(READER, ['storage.objects.get']);
      await gcs.allow(READER, [], 'snacks');
      expect(await refusedAtOnce(OPEN, reader)).toEqual(denied);
      await storeGcs(gcs, 'drinks/env', 'A=canary\n');
      expect(await opened(['-s', 'gs://drinks/env'], { ...env, ...reader })).toEqual({ A: CANARY });
    });

    test('nothing but storage.objects.get is needed', async () => {
      await gcs.allow(READER, ['storage.objects.get']);
      expect(await opened(OPEN, { ...env, ...reader })).toEqual({ A: CANARY });
    });

    test('storage.objects.get where Cloud Storage says no more than Access denied', async () => {
      await gcs.fault({ status: 403, count: 'always' });
      expect(await refusedAtOnce()).toEqual({
        ...denied,
        error: `${URI}: this account lacks storage.objects.get on ${OBJECT}`,
      });
    });

    test('storage.objects.get on what is absent looks the same without storage.objects.list', async () => {
      await gcs.allow(READER, ['storage.objects.get']);
      const absent = OBJECT.replace('dev/env', 'absent');
      expect(await refusedAtOnce(['-s', 'gs://snacks/absent'], reader)).toEqual({
        status: 77,
        error: `gs://snacks/absent: ${READER} lacks storage.objects.get on ${absent}`,
        hint: `grant storage.objects.get on ${absent} (roles/storage.objectViewer)${unlisted}`,
      });
    });

    test('storage.objects.list, where it is this that Cloud Storage speaks of', async () => {
      const code = `${READER} does not have storage.objects.list access to the Google Cloud Storage bucket. Permission 'storage.objects.list' denied on resource (or it may not exist).`;
      await gcs.fault({ status: 403, code, count: 'always' });
      expect(await refusedAtOnce()).toEqual({
        status: 77,
        error: `${URI}: ${READER} lacks storage.objects.list on ${OBJECT}`,
        hint: 'the object does not exist, and only storage.objects.list on its bucket would let Cloud Storage say so; check the name in the URI',
      });
    });
  });

  describe('absent', () => {
    const lister = { GOOGLE_OAUTH_ACCESS_TOKEN: accessToken({ principal: READER }) };

    test('the object', async () => {
      await gcs.allow(READER, ['storage.objects.get', 'storage.objects.list']);
      expect(await refusedAtOnce(['-s', 'gs://snacks/absent'], lister)).toEqual({
        status: 66,
        error: 'no such object: gs://snacks/absent',
        hint: 'check the name and the generation in the URI; optional=true tolerates a missing source',
      });
    });

    test('the bucket', async () => {
      expect(await refusedAtOnce(['-s', 'gs://nowhere/env'])).toEqual({
        status: 66,
        error: 'no such bucket: gs://nowhere/env',
        hint: 'check the bucket in the URI',
      });
    });

    test('the generation', async () => {
      expect(await refusedAtOnce(['-s', `${URI}#12`])).toEqual({
        status: 66,
        error: `no such object: ${URI}#12`,
        hint: 'check the name and the generation in the URI; optional=true tolerates a missing source',
      });
    });

    test('the object, deleted between the two requests', async () => {
      await gcs.fault({ match: DESCRIPTION, status: 404 });
      expect((await refusedAtOnce()).error).toBe(`no such object: ${URI}`);
    });
  });

  describe('an organization', () => {
    test('whose perimeter (VPC Service Controls) is around the bucket', async () => {
      await gcs.perimeter(true);
      const { status, error, hint } = await refusedAtOnce();
      expect({ status, error }).toEqual({
        status: 77,
        error: `VPC Service Controls keeps ${URI} inside its perimeter`,
      });
      expect(hint).toMatch(
        /^request an ingress rule for the perimeter; the denial's identifier is [\w-]{20,}$/,
      );
    });

    test('with a constraint', async () => {
      await gcs.fault({ status: 412, count: 'always' });
      expect(await refusedAtOnce()).toEqual({
        status: 77,
        error: `a constraint of the organization or of the bucket forbids ${URI}`,
        hint: 'check its organization policies and the IP filter of the bucket',
      });
    });

    test('that lets the requester pay', async () => {
      await gcs.fault({ status: 400, code: 'userProjectMissing', count: 'always' });
      expect(await refusedAtOnce()).toEqual({
        status: 78,
        error: `the requester pays for ${URI}, and no project is set`,
        hint: 'set GOOGLE_CLOUD_QUOTA_PROJECT',
      });
    });

    test('that does not pay', async () => {
      await gcs.fault({ status: 403, code: 'accountDisabled', count: 'always' });
      expect((await refusedAtOnce()).error).toBe(`the project of ${URI} has no active billing account`);
    });
  });

  describe('a Cloud KMS key that', () => {
    const unusable: Refusal = {
      status: 77,
      error: `the KMS key version of ${URI} is disabled, destroyed or scheduled for destruction`,
      hint: 'enable or restore it (gcloud kms keys versions enable, restore), or seal the file with another key',
    };

    test.for([
      ['disabled', unusable],
      ['destroyed', unusable],
      [
        'missing',
        {
          status: 77,
          error: `the KMS key of ${URI} does not exist`,
          hint: 'check its name and location; seal the file again with a key that exists',
        },
      ],
      [
        'denied',
        {
          status: 77,
          error: `Cloud Storage may not use the KMS key of ${URI}`,
          hint: "grant roles/cloudkms.cryptoKeyEncrypterDecrypter on the key to Cloud Storage's service agent (gcloud storage service-agent --authorize-cmek KEY)",
        },
      ],
    ] as const)('is %s', async ([state, refusal]) => {
      await gcs.kmsKey({ name: CLOUD_KMS_KEY, state });
      expect(await refusedAtOnce()).toEqual(refusal);
      // It does not justify skipping an optional source.
      await gcs.reset();
      await storeGcs(gcs, 'snacks/dev/env', 'A=canary\n');
      await gcs.kmsKey({ name: CLOUD_KMS_KEY, state });
      expect((await refusedAtOnce(['-s', `${URI}?optional=true`])).status).toBe(77);
    });
  });

  describe('a token that', () => {
    const invalid: Refusal = {
      status: 77,
      error: `${URI}: Google rejected the access token`,
      hint: 'it has expired or was revoked: renew it (gcloud auth application-default login), or use a service account of the workload',
    };

    test.for([
      ['is expired', accessToken({ expiresAt: 1 })],
      ['is forged', `${accessToken()}x`],
      ['is none', CANARY],
    ] as const)('%s', async ([, token]) => {
      expect(await refusedAtOnce(OPEN, { GOOGLE_OAUTH_ACCESS_TOKEN: token })).toEqual(invalid);
    });

    test('of the workload is expired', async () => {
      await metadata.configure({ expiresInSeconds: -1 });
      const settings = { GOOGLE_OAUTH_ACCESS_TOKEN: '', ...workload(metadata) };
      expect(await refusedAtOnce(OPEN, settings)).toEqual(invalid);
    });

    const narrow: Refusal = {
      status: 77,
      error: `the access token lacks the OAuth scope for ${URI}`,
      hint: 'give the instance or node pool the scope https://www.googleapis.com/auth/cloud-platform; IAM decides the rest',
    };
    const scopes = ['https://www.googleapis.com/auth/compute'];

    test('lacks the scope', async () => {
      const token = { GOOGLE_OAUTH_ACCESS_TOKEN: accessToken({ scopes }) };
      expect(await refusedAtOnce(OPEN, token)).toEqual(narrow);
    });

    test('of the workload lacks the scope', async () => {
      await metadata.configure({ scopes });
      const settings = { GOOGLE_OAUTH_ACCESS_TOKEN: '', ...workload(metadata) };
      expect(await refusedAtOnce(OPEN, settings)).toEqual(narrow);
    });

    test('may no more than read is good', async () => {
      const readOnly = ['https://www.googleapis.com/auth/devstorage.read_only'];
      const token = { GOOGLE_OAUTH_ACCESS_TOKEN: accessToken({ scopes: readOnly }) };
      expect(await opened(OPEN, { ...env, ...token })).toEqual({ A: CANARY });
    });

    test('is not there', async () => {
      expect(await refusedAtOnce(OPEN, { GOOGLE_OAUTH_ACCESS_TOKEN: '' })).toEqual({
        status: 77,
        error: `${URI}: no Google credentials found, and the metadata server is disabled`,
        hint: 'METADATA_SERVER_DETECTION=none disables it; set GOOGLE_APPLICATION_CREDENTIALS, or remove it',
      });
      expect(await gcs.requests()).toEqual([]);
    });
  });

  describe('bytes that are not what was stored:', () => {
    const BODY = 'A=canary\nB=canary\n';
    const cutShort: Refusal = {
      status: 65,
      error: `${URI}: the source was cut short in transit`,
      hint: 'try again; if it persists, look for a proxy or gateway that breaks the connection',
    };
    const mismatch: Refusal = {
      status: 65,
      error: `${URI}: the crc32c checksum does not match`,
      hint: 'the bytes were changed in transit: try again, and check for a proxy or gateway in between',
    };

    beforeEach(() => storeGcs(gcs, 'snacks/dev/env', BODY));

    test.for<[string, FaultRule]>([
      ['they end at a line', { truncateTo: 'A=canary\n'.length }],
      ['they end inside a line', { truncateTo: 4 }],
      ['they end before the first', { truncateTo: 0 }],
      ['the connection is reset', { resetAfterBytes: 9 }],
      ['there are fewer than announced', { wrongLength: BODY.length + 1 }],
    ])('%s', async ([, fault]) => {
      await gcs.fault({ ...fault, match: BYTES, count: 'always' });
      expect(await refusedAtOnce()).toEqual(cutShort);
    });

    test.for<[string, FaultRule]>([
      ['a flipped bit', { wrongBody: true }],
      ['fewer than there are were announced', { wrongLength: 9 }],
      ['another checksum', { setHeaders: { 'x-goog-hash': 'crc32c=AAAAAA==' } }],
      ['another checksum before an MD5', { setHeaders: { 'x-goog-hash': 'crc32c=AAAAAA==,md5=AAAAAA==' } }],
      ['a checksum that is none', { setHeaders: { 'x-goog-hash': 'crc32c=A' } }],
      ['one end without a word of it', { wrongLength: 'none', wrongBody: true }],
    ])('%s', async ([, fault]) => {
      await gcs.fault({ ...fault, match: BYTES, count: 'always' });
      expect(await refusedAtOnce()).toEqual(mismatch);
    });

    test('a flipped bit without a checksum beside it is found by that of the description', async () => {
      const setHeaders = { 'x-goog-hash': null };
      await gcs.fault({ match: BYTES, setHeaders });
      expect(await opened(OPEN, env)).toEqual({ A: CANARY, B: CANARY });
      await gcs.fault({ match: BYTES, setHeaders, wrongBody: true });
      expect(await refused(OPEN, env)).toEqual(mismatch);
    });

    test('the checksum is the last of several', async () => {
      const stored = await gcs.stored('snacks', 'dev/env');
      const setHeaders = { 'x-goog-hash': `md5=AAAA, crc32c=${stored?.crc32c}` };
      await gcs.fault({ match: BYTES, setHeaders });
      expect(await opened(OPEN, env)).toEqual({ A: CANARY, B: CANARY });
    });

    test('a description that is broken off is asked for again', async () => {
      await gcs.fault({ match: DESCRIPTION, truncateTo: 10, count: 2 });
      expect(await opened(OPEN, env)).toEqual({ A: CANARY, B: CANARY });
      await gcs.fault({ match: DESCRIPTION, truncateTo: 10, count: 'always' });
      expect(await refused([...OPEN, '--timeout', '0.5'], env)).toMatchObject({
        status: 69,
        error: expect.stringContaining('was cut short'),
      });
    });

    test('a description that is none seals nothing', async () => {
      // As of a gateway that answers everything with 200.
      await gcs.fault({ match: DESCRIPTION, status: 200, count: 'always' });
      expect((await refused(OPEN, env)).error).toBe(`${URI} is not sealed by a KMS key`);
    });
  });

  describe('a source over 2 MiB', () => {
    const tooLarge: Refusal = {
      status: 65,
      error: `${URI}: the source is over 2097152 bytes`,
      hint: 'an env file must fit into the environment of a process; check that the URI names the right object',
    };

    test('is what one byte more is', async () => {
      await storeGcs(gcs, 'snacks/dev/env', 'A=canary\n#'.padEnd(2 * MIB + 1, '.'));
      expect(await refusedAtOnce()).toEqual(tooLarge);
    });

    test('is refused before it is read when its length is announced', async () => {
      // At this speed it cannot be read to the end before the timeout.
      const setHeaders = { 'content-length': String(2 * MIB + 1) };
      await gcs.fault({ match: BYTES, dripBytesPerSecond: 1, setHeaders });
      expect(await refusedAtOnce([...OPEN, '--timeout', '5'])).toEqual(tooLarge);
    });

    test.for([{ hugeDeclared: true }, { hugeChunked: true }])(
      'is refused while it is read: %o',
      async (how) => {
        await gcs.fault({ match: BYTES, ...how });
        expect(await refusedAtOnce()).toEqual(tooLarge);
      },
    );

    test('is not reported for a description that never ends, which is refused all the same', async () => {
      await gcs.fault({ match: DESCRIPTION, hugeChunked: true, count: 'always' });
      expect((await refusedAtOnce()).status).toBe(65);
    });
  });

  test('an object that is stored compressed', async () => {
    await storeGcs(gcs, 'snacks/dev/env', 'A=canary\n', { ...SEALED, contentEncoding: 'gzip' });
    expect(await refusedAtOnce()).toEqual({
      status: 65,
      error: `${URI}: the object is stored with a content encoding`,
      hint: 'store the env file without compression (gcloud storage cp without --gzip-local)',
    });
  });

  describe('anything else', () => {
    test('a reason that is not known', async () => {
      await gcs.fault({ status: 400, code: 'newInTwoYears', count: 'always' });
      expect(await refusedAtOnce()).toEqual({
        status: 78,
        error: `the service refused ${URI} with 400 newInTwoYears`,
        hint: "look up the reason in the service's documentation",
      });
    });

    test('a reason that is not a word is not printed', async () => {
      await gcs.fault({ status: 400, code: 'canary\u001b[31m', count: 'always' });
      expect((await refusedAtOnce()).error).toBe(`the service refused ${URI} with 400`);
    });

    test.for([301, 302, 307, 308])('a redirect (%i) is not followed', async (status) => {
      const location = `${gcs.url}/storage/v1/b/snacks/o/elsewhere?alt=media`;
      await storeGcs(gcs, 'snacks/elsewhere', 'A=canary\n');
      await gcs.fault({ match: 'dev/env$', status, setHeaders: { location }, count: 'always' });
      expect((await refusedAtOnce()).error).toBe(`the service refused ${URI} with ${status} internalError`);
    });

    test.for<[string, FaultRule]>([
      ['the bytes', { match: BYTES }],
      ['the description', { match: DESCRIPTION }],
    ])('%s alone are refused', async ([, which]) => {
      await gcs.fault({ ...which, status: 403 });
      expect((await refusedAtOnce()).status).toBe(77);
    });

    test.for<FaultRule>([
      { chunked: true },
      { truncateTo: 10 },
      { resetAfterBytes: 10 },
      { hugeChunked: true },
    ])('an error whose body comes as %o keeps its status', async (how) => {
      await gcs.fault({ status: 403, ...how, count: 'always' });
      expect((await refusedAtOnce()).status).toBe(77);
    });

    test('--log-format json has it in one line', async () => {
      await gcs.allow(SERVICE_ACCOUNT, []);
      const { status, error } = await refusedAtOnce([...OPEN, '--log-format', 'json']);
      expect(status).toBe(77);
      expect(JSON.parse(error)).toEqual({
        level: 'error',
        code: 'denied',
        message: `${URI}: ${SERVICE_ACCOUNT} lacks storage.objects.get on ${OBJECT}`,
        hint: expect.stringContaining('grant storage.objects.get'),
        exitStatus: 77,
      });
    });
  });
});

/** These wait for their time to be over, so they run side by side: each has an object of its own, and none resets. */
describe.concurrent('after its time', () => {
  const through = 'check the endpoint, the network policy and HTTPS_PROXY, NO_PROXY';

  beforeAll(() => gcs.reset());

  /** Opens `slow/NAME` under a fault, which also strikes its description unless it says otherwise. */
  async function end(name: string, fault: FaultRule, more: Env = {}) {
    await storeGcs(gcs, `slow/${name}`, 'A=canary\n');
    await gcs.fault({ match: `slow/${name}$`, ...fault, count: 'always' });
    return await refused(['-s', `gs://slow/${name}`, '--timeout', TIMEOUT], { ...env, ...more });
  }

  async function tries(name: string): Promise<number> {
    return (await gcs.requests()).filter(({ subject }) => subject === `slow/${name}`).length;
  }

  test.for<[string, FaultRule]>([
    ['no-answer', { hang: true }],
    ['no-bytes', { hang: true, match: '^slow/no-bytes$' }],
    ['no-description', { hang: true, match: '^metadata:slow/no-description$' }],
    ['slow-bytes', { dripBytesPerSecond: 1 }],
    ['slow-error', { status: 403, dripBytesPerSecond: 20 }],
    ['slow-headers', { delayMs: 60_000 }],
  ])('%s: out of time', async ([name, fault]) => {
    expect(await end(name, fault)).toEqual({
      status: 75,
      error: `gs://slow/${name}: timed out after ${TIMEOUT} s`,
      hint: 'find out what does not answer, or raise --timeout',
    });
  });

  test.for<[string, FaultRule, Refusal]>([
    [
      'fails',
      { status: 500 },
      {
        status: 69,
        error: 'the service failed with 500 on gs://slow/fails',
        hint: 'retried with backoff; see https://status.cloud.google.com',
      },
    ],
    [
      'unavailable',
      { status: 503 },
      {
        status: 69,
        error: 'the service failed with 503 on gs://slow/unavailable',
        hint: 'retried with backoff; see https://status.cloud.google.com',
      },
    ],
    [
      'throttles',
      { status: 429 },
      {
        status: 75,
        error: 'throttled on gs://slow/throttles',
        hint: 'start fewer containers at once, ask for a higher quota, or raise --timeout',
      },
    ],
    [
      'quota',
      { status: 403, code: 'rateLimitExceeded' },
      {
        status: 75,
        error: 'throttled on gs://slow/quota',
        hint: 'start fewer containers at once, ask for a higher quota, or raise --timeout',
      },
    ],
  ])('%s', async ([name, fault, refusal]) => {
    expect(await end(name, fault)).toEqual(refusal);
    expect(await tries(name)).toBeGreaterThan(1);
  });

  test('resets', async () => {
    expect(await end('resets', { resetBeforeHeaders: true })).toEqual({
      status: 69,
      error: `gs://slow/resets: cannot reach ${gcs.host}: ECONNRESET`,
      hint: through,
    });
    expect(await tries('resets')).toBeGreaterThan(1);
  });

  test('no listener', async () => {
    const nowhere = { CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: 'http://127.0.0.1:9' };
    expect(await end('nobody', {}, nowhere)).toEqual({
      status: 69,
      error: 'gs://slow/nobody: cannot reach 127.0.0.1:9: ECONNREFUSED',
      hint: through,
    });
  });

  test('the host has no address', async () => {
    const nowhere = { CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: 'https://gcs.nowhere.invalid' };
    const { status, error, hint } = await end('no-address', {}, nowhere);
    expect(status).toBe(69);
    expect(error).toMatch(/ cannot reach gcs\.nowhere\.invalid: (ENOTFOUND|EAI_AGAIN)$/);
    expect(hint).toBe('check the region and the endpoint, and that DNS works in this container');
  });

  test('the proxy is down', async () => {
    const settings = {
      CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: '',
      HTTPS_PROXY: 'http://joe:canary@127.0.0.1:9',
    };
    expect(await end('proxy', {}, settings)).toEqual({
      status: 69,
      error:
        'gs://slow/proxy: cannot reach storage.googleapis.com through the proxy 127.0.0.1:9: ECONNREFUSED',
      hint: through,
    });
  });
});
