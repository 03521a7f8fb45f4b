/** What is not sealed as it should be, or not whole, does not start the command. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checksum } from '../servers/s3/checksums.ts';
import {
  type FaultRule,
  KMS_ALIAS,
  type KmsServer,
  kmsKeyArn,
  managedKeyArn,
  type ProxyServer,
  type S3Server,
  startKms,
  startProxy,
  startS3,
} from '../servers/start.ts';
import { accessKey, BARE, KEYS, SEALED, store } from './aws.ts';
import { envsealWords, startWords } from './program.ts';
import { CANARY, type Env, opened, type Refusal, refused } from './transcript.ts';

const URI = 's3://snacks/env';
const OPEN = ['-s', URI];
const MIB = 1024 * 1024;

let s3: S3Server;
let kms: KmsServer;
let env: Env;

beforeAll(async () => {
  [s3, kms] = await Promise.all([startS3(), startKms()]);
  env = { ...BARE, ...KEYS, AWS_ENDPOINT_URL_S3: s3.url, AWS_ENDPOINT_URL_KMS: kms.url };
});
afterAll(() => Promise.all([s3.stop(), kms.stop()]));
beforeEach(async () => {
  await Promise.all([s3.reset(), kms.reset()]);
  await store(s3, 'snacks/env', 'A=canary\n');
});

describe('an object that no KMS key seals', () => {
  const unsealed: Refusal = {
    status: 65,
    error: 's3://snacks/env is not sealed by a KMS key',
    hint: 'store it with SSE-KMS (aws s3 cp --sse aws:kms --sse-kms-key-id KEY), or accept the risk with --allow-unsealed',
  };
  const AES256 = { sse: 'AES256' } as const;

  test('is refused under S3’s own key (AES256)', async () => {
    await store(s3, 'snacks/env', 'A=canary\n', AES256);
    expect(await refused(OPEN, env)).toEqual(unsealed);
  });

  test('is refused when the answer does not speak of encryption', async () => {
    await s3.fault({ stripSse: true });
    expect(await refused(OPEN, env)).toEqual(unsealed);
  });

  test.for(['aws:fsx', 'AWS:KMS', 'aws:kms:other', ''])('is refused under %j', async (algorithm) => {
    await s3.fault({ setHeaders: { 'x-amz-server-side-encryption': algorithm } });
    expect(await refused(OPEN, env)).toEqual(unsealed);
  });

  test('is refused whatever key its writer names in the metadata', async () => {
    const metadata = { 'x-amz-server-side-encryption': 'aws:kms', 'kms-key-id': kmsKeyArn() };
    await store(s3, 'snacks/env', 'A=canary\n', { ...AES256, metadata });
    expect(await refused(['--kms-key', kmsKeyArn(), ...OPEN], env)).toEqual(unsealed);
  });

  test('is refused among sources that are sealed', async () => {
    await store(s3, 'snacks/plain', 'B=canary\n', AES256);
    expect((await refused([...OPEN, '-s', 's3://snacks/plain'], env)).status).toBe(65);
  });

  test('is opened with --allow-unsealed', async () => {
    await store(s3, 'snacks/env', 'A=canary\n', AES256);
    expect(await opened([...OPEN, '--allow-unsealed'], env)).toEqual({ A: CANARY });
    expect(await opened(OPEN, { ...env, ENVSEAL_ALLOW_UNSEALED: 'true' })).toEqual({ A: CANARY });
  });
});

describe('--kms-key', () => {
  const [arn, id] = [kmsKeyArn(), kmsKeyArn().split('/')[1] ?? ''] as const;
  const aliasArn = `arn:aws:kms:us-east-1:111122223333:${KMS_ALIAS}`;
  const other = managedKeyArn('us-east-1');
  const wrongKey: Refusal = {
    status: 65,
    error: `s3://snacks/env is sealed with ${arn}, which is not pinned`,
    hint: 'someone replaced the object or its key: investigate; if intended, add the key to --kms-key',
  };
  const pinned = (...keys: string[]) => [...keys.flatMap((key) => ['--kms-key', key]), ...OPEN];

  test.for([
    ['its ARN', [arn]],
    ['its id', [id]],
    ['its alias', [KMS_ALIAS]],
    ['the ARN of its alias', [aliasArn]],
    ['one of several', [other, 'alias/aws/s3', arn]],
    ['one of a list', [`${other},${arn}`]],
  ] as const)('opens a source that is sealed with %s', async ([, keys]) => {
    await kms.kmsKey({ arn: other, aliases: ['alias/aws/s3'] });
    expect(await opened(pinned(...keys), env)).toEqual({ A: CANARY });
    expect(await s3.requests()).toHaveLength(1);
  });

  test('is ENVSEAL_KMS_KEY, too', async () => {
    expect(await opened(OPEN, { ...env, ENVSEAL_KMS_KEY: `${other} ${KMS_ALIAS}` })).toEqual({ A: CANARY });
    expect(await refused(OPEN, { ...env, ENVSEAL_KMS_KEY: other })).toEqual(wrongKey);
  });

  test.for([
    ['another ARN', other],
    ['another id', '0987dcba-09fe-87dc-65ba-ab0987654321'],
    ['the same id in another region', kmsKeyArn('eu-west-1')],
    ['the same id in another account', arn.replace('111122223333', '444455556666')],
    ['the beginning of its id', id.slice(0, -1)],
    ['the beginning of its ARN', arn.slice(0, -1)],
    ['its ARN without the id', arn.replace(id, '')],
    ['a glob', '*'],
  ] as const)('refuses a source that is sealed with another: %s', async ([, key]) => {
    expect(await refused(pinned(key), env)).toEqual(wrongKey);
  });

  test('refuses a source whose key its alias does not point to', async () => {
    await kms.kmsKey({ arn: other, aliases: ['alias/other'] });
    expect(await refused(pinned('alias/other'), env)).toEqual(wrongKey);
  });

  test('refuses a source under the key of AWS, which the whole account may use', async () => {
    await store(s3, 'snacks/env', 'A=canary\n', { sse: 'aws:kms' });
    const { status, error } = await refused(pinned(arn), env);
    expect({ status, error }).toEqual({
      status: 65,
      error: `s3://snacks/env is sealed with ${other}, which is not pinned`,
    });
  });

  test('refuses a source whose key S3 does not name', async () => {
    const setHeaders = { 'x-amz-server-side-encryption-aws-kms-key-id': null };
    await s3.fault({ setHeaders });
    expect(await refused(pinned(arn), env)).toEqual({
      ...wrongKey,
      error: 's3://snacks/env is sealed with an unnamed key, which is not pinned',
    });
    await s3.fault({ setHeaders });
    expect(await opened(OPEN, env)).toEqual({ A: CANARY });
  });

  test('refuses every source with another key', async () => {
    await store(s3, 'snacks/other', 'B=canary\n', { sse: 'aws:kms' });
    const { status, error } = await refused(pinned(arn).concat('-s', 's3://snacks/other'), env);
    expect(status).toBe(65);
    expect(error).toMatch(/^s3:\/\/snacks\/other is sealed with /);
  });

  test('cannot be overridden by --allow-unsealed', async () => {
    expect(await refused(pinned(other).concat('--allow-unsealed'), env)).toEqual(wrongKey);
  });

  describe('by an alias', () => {
    test('asks KMS while the sources are fetched', async () => {
      await store(s3, 'snacks/more', 'B=canary\n');
      await s3.fault({ hang: true, count: 'always' });
      const words = [...envsealWords, ...pinned(KMS_ALIAS), '-s', 's3://snacks/more', '--', 'true'];
      const { child, outcome } = startWords(words, { env });
      await Promise.all([s3.seen('^snacks/', 2), kms.seen('DescribeKey')]);
      child.kill();
      expect((await outcome).status).toBe(143);
      expect(await kms.requests()).toHaveLength(1);
    });

    test('asks KMS once for all sources', async () => {
      await store(s3, 'snacks/more', 'B=canary\n');
      expect(await opened([...pinned(KMS_ALIAS), '-s', 's3://snacks/more'], env)).toEqual({
        A: CANARY,
        B: CANARY,
      });
      expect(await kms.requests()).toHaveLength(1);
    });

    test('in another region asks there', async () => {
      const key = kmsKeyArn('eu-west-1');
      const endpoint = { AWS_ENDPOINT_URL_KMS: kms.endpoints['eu-west-1'] ?? '' };
      const alias = `arn:aws:kms:eu-west-1:111122223333:${KMS_ALIAS}`;
      expect(await refused(pinned(alias), { ...env, ...endpoint })).toEqual(wrongKey);
      await s3.fault({ setHeaders: { 'x-amz-server-side-encryption-aws-kms-key-id': key } });
      expect(await opened(pinned(alias), { ...env, ...endpoint })).toEqual({ A: CANARY });
    });

    test('that does not exist is a wrong setting', async () => {
      expect(await refused(pinned('alias/nope'), env)).toEqual({
        status: 78,
        error: 's3://snacks/env: no such KMS alias: alias/nope',
        hint: 'check --kms-key, and that the alias is in us-east-1',
      });
    });

    test('that these credentials may not look up is denied', async () => {
      await kms.kmsKey({ arn, aliases: [KMS_ALIAS], allow: { 'kms:DescribeKey': [] } });
      expect(await refused(pinned(KMS_ALIAS), env)).toEqual({
        status: 77,
        error: `s3://snacks/env: arn:aws:iam::111122223333:user/tester may not perform kms:DescribeKey on ${arn}`,
        hint: `allow kms:DescribeKey on ${arn}, in the key policy or by IAM`,
      });
    });

    test.for([
      [503, 'KMSInternalException'],
      [400, 'ThrottlingException'],
    ] as const)('is looked up again after %i %s', async ([status, code]) => {
      await kms.fault({ status, code, count: 2 });
      expect(await opened(pinned(KMS_ALIAS), env)).toEqual({ A: CANARY });
      expect(await kms.requests()).toHaveLength(3);
    });

    test('is looked up with the clock of KMS when ours is wrong', async () => {
      await Promise.all([kms.clock(-3_600_000), s3.clock(-3_600_000)]);
      expect(await opened(pinned(KMS_ALIAS), env)).toEqual({ A: CANARY });
    });

    test('needs an endpoint that is one', async () => {
      expect(await refused(pinned(KMS_ALIAS), { ...env, AWS_ENDPOINT_URL_KMS: 'nope' })).toEqual({
        status: 78,
        error: 's3://snacks/env: invalid KMS endpoint',
        hint: 'use AWS_ENDPOINT_URL_KMS=https://HOST, without user and password',
      });
    });

    test('is asked for with the right key: a wrong secret says so', async () => {
      await kms.accessKey(accessKey(KEYS.AWS_ACCESS_KEY_ID, { secretAccessKey: 'another' }));
      expect(await refused(pinned(KMS_ALIAS), env)).toEqual({
        status: 77,
        error: 's3://snacks/env: the AWS secret key does not match the access key',
        hint: 'check AWS_SECRET_ACCESS_KEY, and that no proxy changes the request',
      });
    });
  });
});

describe('a source over 2 MiB', () => {
  const tooLarge: Refusal = {
    status: 65,
    error: 's3://snacks/env: the source is over 2097152 bytes',
    hint: 'an env file must fit into the environment of a process; check that the URI names the right object',
  };
  /** An env file of exactly so many bytes, most of them comment. */
  const ofSize = (bytes: number) => 'A=canary\n#'.padEnd(bytes, '.');

  test('is what one byte more is', async () => {
    await store(s3, 'snacks/env', ofSize(2 * MIB));
    expect(await opened(OPEN, env)).toEqual({ A: CANARY });
    await store(s3, 'snacks/env', ofSize(2 * MIB + 1));
    expect(await refused(OPEN, env)).toEqual(tooLarge);
  });

  test('is refused before it is read when its length is announced', async () => {
    // At this speed it cannot be read to the end before the timeout.
    await s3.fault({ dripBytesPerSecond: 1, setHeaders: { 'content-length': String(2 * MIB + 1) } });
    expect(await refused([...OPEN, '--timeout', '5'], env)).toEqual(tooLarge);
  });

  test.for([{ hugeDeclared: true }, { hugeChunked: true }])(
    'is refused while it is read: %o',
    async (how) => {
      await s3.fault(how);
      expect(await refused(OPEN, env)).toEqual(tooLarge);
    },
  );
});

describe('a source that is not what S3 promised', () => {
  const BODY = 'A=canary\nB=canary\n';
  const cutShort: Refusal = {
    status: 65,
    error: 's3://snacks/env: the source was cut short in transit',
    hint: 'try again; if it persists, look for a proxy or gateway that breaks the connection',
  };
  const mismatch = (algorithm: string): Refusal => ({
    status: 65,
    error: `s3://snacks/env: the ${algorithm} checksum does not match`,
    hint: 'the bytes were changed in transit: try again, and check for a proxy or gateway in between',
  });

  beforeEach(() => store(s3, 'snacks/env', BODY));

  test.for<[string, FaultRule]>([
    ['that ends at a line', { truncateTo: 'A=canary\n'.length }],
    ['that ends inside a line', { truncateTo: 4 }],
    ['that ends before its first byte', { truncateTo: 0 }],
    ['whose connection is reset', { resetAfterBytes: 9 }],
    ['that is shorter than announced', { wrongLength: BODY.length + 1 }],
  ])('is refused: %s', async ([, fault]) => {
    await s3.fault({ ...fault, count: 'always' });
    expect(await refused(OPEN, env)).toEqual(cutShort);
    expect(await s3.requests()).toHaveLength(1);
  });

  test('is refused: a proxy announced less than there is', async () => {
    await s3.fault({ wrongLength: 9 });
    expect(await refused(OPEN, env)).toEqual(mismatch('crc64nvme'));
  });

  describe.for(['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'])('%s', (algorithm) => {
    const { base64 } = checksum(algorithm, Buffer.from(BODY));
    const headers = { [`x-amz-checksum-${algorithm}`]: base64 };

    beforeEach(() => store(s3, 'snacks/env', BODY, { ...SEALED, headers }));

    test('a right checksum is accepted', async () => {
      expect(await opened(OPEN, env)).toEqual({ A: CANARY, B: CANARY });
    });

    test.for<[string, FaultRule]>([
      ['another checksum', { wrongChecksum: true }],
      ['a flipped bit', { wrongBody: true }],
    ])('%s is refused', async ([, fault]) => {
      await s3.fault(fault);
      expect(await refused(OPEN, env)).toEqual(mismatch(algorithm));
    });
  });

  test('a checksum of checksums says nothing about the whole and is passed over', async () => {
    const composite = { 'x-amz-checksum-crc64nvme': null, 'x-amz-checksum-sha256': 'bm90IHRoZSBzdW0=-3' };
    await s3.fault({ setHeaders: composite });
    expect(await opened(OPEN, env)).toEqual({ A: CANARY, B: CANARY });
    await s3.fault({ setHeaders: { ...composite, 'x-amz-checksum-type': 'COMPOSITE' } });
    expect(await opened(OPEN, env)).toEqual({ A: CANARY, B: CANARY });
  });
});

describe('a plain http: endpoint', () => {
  let proxy: ProxyServer;

  beforeAll(async () => {
    proxy = await startProxy({ '192.0.2.1:80': s3.host, 'minio.test:80': s3.host });
  });
  afterAll(() => proxy.stop());

  const insecure = (uri: string, url: string): Refusal => ({
    status: 78,
    error: `${uri}: the endpoint ${url} is not https:`,
    hint: 'use https:, or accept the risk with --allow-insecure-endpoint',
  });

  test.for([
    'http://192.0.2.1',
    'http://minio.test',
    'http://169.254.1.1',
    'http://localhost.test',
    'http://127.0.0.1.test',
    'http://[fe80::1]',
  ])('is refused before it is asked: %s', async (url) => {
    const settings = { AWS_ENDPOINT_URL_S3: url, HTTP_PROXY: proxy.url };
    expect(await refused(OPEN, { ...env, ...settings })).toEqual(insecure(URI, url));
    expect(await proxy.targets()).toEqual([]);
  });

  test('of the URI is refused', async () => {
    const uri = `${URI}?endpoint=http://192.0.2.1`;
    expect(await refused(['-s', uri], env)).toEqual(insecure(uri, 'http://192.0.2.1'));
  });

  test('of KMS is refused', async () => {
    const args = ['--kms-key', KMS_ALIAS, ...OPEN];
    const settings = { AWS_ENDPOINT_URL_KMS: 'http://192.0.2.1' };
    expect(await refused(args, { ...env, ...settings })).toEqual(insecure(URI, 'http://192.0.2.1'));
  });

  test('of STS is refused', async () => {
    const identity = {
      AWS_ROLE_ARN: 'arn:aws:iam::111122223333:role/app',
      AWS_WEB_IDENTITY_TOKEN_FILE: '/etc/hostname',
    };
    const settings = { ...identity, AWS_ENDPOINT_URL_STS: 'http://192.0.2.1', AWS_ENDPOINT_URL_S3: s3.url };
    expect(await refused(OPEN, { ...BARE, ...settings })).toEqual(insecure(URI, 'http://192.0.2.1'));
  });

  test('is asked with --allow-insecure-endpoint', async () => {
    const settings = { AWS_ENDPOINT_URL_S3: 'http://minio.test', HTTP_PROXY: proxy.url };
    expect(await opened([...OPEN, '--allow-insecure-endpoint'], { ...env, ...settings })).toEqual({
      A: CANARY,
    });
  });

  test('is asked on loopback', async () => {
    const localhost = { AWS_ENDPOINT_URL_S3: s3.url.replace('127.0.0.1', 'localhost') };
    expect(await opened(OPEN, { ...env, ...localhost })).toEqual({ A: CANARY });
  });
});
