/**
 * Refusals of S3 and KMS are distinguished from each other, and each names the permission and the resource,
 * the key or the clock.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type AccessKey,
  CALLER_ARN,
  type FaultRule,
  type KmsKey,
  kmsKeyArn,
  type S3Server,
  type Statement,
  startS3,
} from '../servers/start.ts';
import { accessKey, BARE, KEYS, store } from './aws.ts';
import { CANARY, type Env, opened, type Refusal, refused } from './transcript.ts';

const URI = 's3://snacks/dev/env';
const OPEN = ['-s', URI];
const OBJECT = 'arn:aws:s3:::snacks/dev/env';
const KEY = kmsKeyArn();
const HOUR_MS = 3_600_000;

let s3: S3Server;
let env: Env;

beforeAll(async () => {
  s3 = await startS3();
  env = { ...BARE, ...KEYS, AWS_ENDPOINT_URL_S3: s3.url };
});
afterAll(() => s3.stop());
beforeEach(async () => {
  await s3.reset();
  await store(s3, 'snacks/dev/env', 'A=canary\n');
});

/** Everything here is final: requested once, and reported in two lines. */
async function refusedAtOnce(args: readonly string[], more: Env = {}): Promise<Refusal> {
  const refusal = await refused(args, { ...env, ...more });
  expect(await s3.requests()).toHaveLength(1);
  return refusal;
}

describe('a missing permission', () => {
  const READER = 'arn:aws:iam::111122223333:user/reader';
  const reader = { AWS_ACCESS_KEY_ID: 'READER' };
  const all: Statement = { actions: ['*'], resources: ['*'] };
  const register = (rights: Partial<AccessKey>) => s3.accessKey(accessKey('READER', rights));

  test('s3:GetObject', async () => {
    await register({ allow: [] });
    expect(await refusedAtOnce(OPEN, reader)).toEqual({
      status: 77,
      error: `${URI}: ${READER} may not perform s3:GetObject on ${OBJECT}`,
      hint: `allow s3:GetObject on ${OBJECT}`,
    });
  });

  test('s3:GetObjectVersion', async () => {
    await register({ allow: [{ actions: ['s3:GetObject'], resources: ['*'] }] });
    expect(await refusedAtOnce(['-s', `${URI}?versionId=null`], reader)).toEqual({
      status: 77,
      error: `${URI}?versionId=null: ${READER} may not perform s3:GetObjectVersion on ${OBJECT}`,
      hint: `allow s3:GetObjectVersion on ${OBJECT}`,
    });
  });

  test('s3:GetObject where S3 says no more than Access Denied', async () => {
    await s3.fault({ status: 403, code: 'AccessDenied' });
    expect(await refusedAtOnce(OPEN)).toEqual({
      status: 77,
      error: `${URI}: these credentials may not perform s3:GetObject on ${OBJECT}`,
      hint: `allow s3:GetObject on ${OBJECT} and kms:Decrypt on its key; without s3:ListBucket, S3 also answers this for an object that does not exist`,
    });
  });

  test('an explicit deny', async () => {
    await register({ deny: [{ actions: ['s3:GetObject'], resources: [OBJECT] }] });
    expect(await refusedAtOnce(OPEN, reader)).toEqual({
      status: 77,
      error: `${URI}: ${READER} may not perform s3:GetObject on ${OBJECT}`,
      hint: `an explicit Deny forbids it; allow s3:GetObject on ${OBJECT}`,
    });
  });

  test('kms:Decrypt', async () => {
    await s3.kmsKey({ arn: KEY, allow: { 'kms:Decrypt': [] } });
    expect(await refusedAtOnce(OPEN)).toEqual({
      status: 77,
      error: `${URI}: ${CALLER_ARN} may not perform kms:Decrypt on ${KEY}`,
      hint: `allow kms:Decrypt on ${KEY}, in the key policy or by IAM`,
    });
  });

  test('s3:ListBucket, without which S3 does not say that an object is absent', async () => {
    await register({ allow: [all], deny: [{ actions: ['s3:ListBucket'], resources: ['*'] }] });
    expect(await refusedAtOnce(['-s', 's3://snacks/absent'], reader)).toEqual({
      status: 77,
      error: `s3://snacks/absent: ${READER} may not perform s3:ListBucket on arn:aws:s3:::snacks`,
      hint: 'the object does not exist, and only s3:ListBucket on arn:aws:s3:::snacks would let S3 say so; check the key in the URI',
    });
  });

  test('in the ARN of the partition', async () => {
    await s3.fault({ status: 403, code: 'AccessDenied' });
    const inChina = await refusedAtOnce(OPEN, { AWS_REGION: 'cn-north-1' });
    expect(inChina.error).toContain('on arn:aws-cn:s3:::snacks/dev/env');
  });
});

describe('absent', () => {
  test('the object', async () => {
    expect(await refusedAtOnce(['-s', 's3://snacks/absent'])).toEqual({
      status: 66,
      error: 'no such object: s3://snacks/absent',
      hint: 'check the key in the URI; optional=true tolerates a missing source',
    });
  });

  test('the object, deleted in a bucket that keeps versions', async () => {
    await s3.fault({ status: 404, code: 'NoSuchKey', setHeaders: { 'x-amz-delete-marker': 'true' } });
    expect(await refusedAtOnce(OPEN)).toEqual({
      status: 66,
      error: `no such object: ${URI}`,
      hint: 'it was deleted; an older version can be opened with ?versionId=',
    });
  });

  test('the bucket', async () => {
    expect(await refusedAtOnce(['-s', 's3://nowhere/env'])).toEqual({
      status: 66,
      error: 'no such bucket: s3://nowhere/env',
      hint: 'check the bucket in the URI, and that the credentials belong to the right account and partition',
    });
  });

  test.for(['nosuchversionnosuchversionnosuch', 'of-another-form'])('the version %s', async (versionId) => {
    expect(await refusedAtOnce(['-s', `${URI}?versionId=${versionId}`])).toEqual({
      status: 66,
      error: `no such version: ${URI}?versionId=${versionId}`,
      hint: 'check versionId in the URI',
    });
  });

  test('the version is a delete marker', async () => {
    await s3.fault({ status: 405, code: 'MethodNotAllowed' });
    expect(await refusedAtOnce(['-s', `${URI}?versionId=null`])).toEqual({
      status: 66,
      error: `the version is a delete marker: ${URI}?versionId=null`,
      hint: 'set versionId to the version before it',
    });
  });

  test('the access point', async () => {
    await s3.fault({ status: 404, code: 'NoSuchAccessPoint' });
    expect(await refusedAtOnce(OPEN)).toEqual({
      status: 66,
      error: `no such access point: ${URI}`,
      hint: 'check name, account and region in the ARN',
    });
  });

  test('is not what a gateway without a word of S3 says', async () => {
    await s3.fault({ status: 404, code: '' });
    expect(await refusedAtOnce(OPEN)).toMatchObject({
      status: 78,
      error: `the server for ${URI} is not S3: 404 without an error code`,
    });
  });
});

describe('a KMS key that', () => {
  test.for<[KmsKey['state'], string, string]>([
    ['Disabled', 'is disabled', 'enable it (aws kms enable-key), or seal the file with another key'],
    [
      'PendingDeletion',
      'is pending deletion or not usable',
      'cancel its deletion (aws kms cancel-key-deletion, then enable-key)',
    ],
    [
      'NotFound',
      'does not exist',
      'it was deleted, or is in another region; seal the file again with a key that exists',
    ],
  ])('is %s', async ([state, says, hint]) => {
    await s3.kmsKey({ arn: KEY, ...(state && { state }) });
    expect(await refusedAtOnce(OPEN)).toEqual({
      status: 77,
      error: `the KMS key of ${URI} ${says}`,
      hint,
    });
  });

  test('does not encrypt', async () => {
    await s3.fault({ status: 400, code: 'KMS.InvalidKeyUsageException' });
    expect(await refusedAtOnce(OPEN)).toEqual({
      status: 77,
      error: `the KMS key of ${URI} cannot decrypt`,
      hint: 'seal the file with a symmetric key (SYMMETRIC_DEFAULT, ENCRYPT_DECRYPT)',
    });
  });
});

describe('credentials that', () => {
  const temporary = { AWS_ACCESS_KEY_ID: 'ASIATEST', AWS_SESSION_TOKEN: 'token' };
  beforeEach(() => s3.accessKey(accessKey('ASIATEST', { sessionToken: 'token' })));

  test('are temporary and good', async () => {
    expect(await opened(OPEN, { ...env, ...temporary })).toEqual({ A: CANARY });
  });

  test('are expired', async () => {
    await s3.accessKey(accessKey('ASIATEST', { sessionToken: 'token', expired: true }));
    expect(await refusedAtOnce(OPEN, temporary)).toEqual({
      status: 77,
      error: `${URI}: the AWS credentials have expired`,
      hint: 'renew them; a role (IRSA, Pod Identity, task role) renews automatically',
    });
  });

  test('have the token of others', async () => {
    expect(await refusedAtOnce(OPEN, { ...temporary, AWS_SESSION_TOKEN: 'another' })).toEqual({
      status: 77,
      error: `${URI}: the AWS session token is not valid`,
      hint: 'AWS_SESSION_TOKEN belongs to one pair of keys: set all three together, or remove the token',
    });
  });

  test.for([
    ['are unknown', 'NOBODY'],
    ['are temporary and lack their token', 'ASIATEST'],
  ] as const)('%s', async ([, AWS_ACCESS_KEY_ID]) => {
    expect(await refusedAtOnce(OPEN, { AWS_ACCESS_KEY_ID })).toEqual({
      status: 77,
      error: `${URI}: the AWS access key does not exist`,
      hint: 'check AWS_ACCESS_KEY_ID; a temporary key needs AWS_SESSION_TOKEN too',
    });
  });

  test('have a wrong secret', async () => {
    expect(await refusedAtOnce(OPEN, { AWS_SECRET_ACCESS_KEY: 'canary' })).toEqual({
      status: 77,
      error: `${URI}: the AWS secret key does not match the access key`,
      hint: 'check AWS_SECRET_ACCESS_KEY, and that no proxy changes the request',
    });
  });
});

describe('a clock that is wrong', () => {
  const wrongClock: Refusal = {
    status: 77,
    error: `${URI}: the clock of this machine is wrong`,
    hint: 'set the clock (NTP): AWS refuses signatures that are 15 minutes off',
  };

  test.for([HOUR_MS, -HOUR_MS, 400 * 24 * HOUR_MS])(
    'by %i ms is put right with one request more',
    async (offset) => {
      await s3.clock(offset);
      expect(await opened(OPEN, env)).toEqual({ A: CANARY });
      expect((await s3.requests()).map(({ status }) => status)).toEqual([403, 200]);
    },
  );

  test('by less than a quarter of an hour is right enough', async () => {
    await s3.clock(14 * 60_000);
    expect(await opened(OPEN, env)).toEqual({ A: CANARY });
    expect(await s3.requests()).toHaveLength(1);
  });

  test('is put right once for all sources that follow', async () => {
    await s3.clock(HOUR_MS);
    await s3.fault({ match: '/later$', delayMs: 100 });
    await store(s3, 'snacks/later', 'B=canary\n');
    expect(await opened([...OPEN, '-s', 's3://snacks/later'], env)).toEqual({ A: CANARY, B: CANARY });
  });

  test('stays wrong when the server has the same time', async () => {
    await s3.fault({ status: 403, code: 'RequestTimeTooSkewed', count: 'always' });
    expect(await refusedAtOnce(OPEN)).toEqual(wrongClock);
  });

  test('stays wrong when the answer has no time', async () => {
    await s3.clock(HOUR_MS);
    await s3.fault({ setHeaders: { date: null }, count: 'always' });
    expect(await refusedAtOnce(OPEN)).toEqual(wrongClock);
  });

  test('stays wrong when the answer lies about the time', async () => {
    await s3.clock(HOUR_MS);
    const date = new Date(Date.now() - HOUR_MS).toUTCString();
    await s3.fault({ setHeaders: { date }, count: 'always' });
    expect(await refused(OPEN, env)).toEqual(wrongClock);
    expect(await s3.requests()).toHaveLength(2);
  });
});

describe('anything else', () => {
  test('an archived object', async () => {
    await s3.fault({ status: 403, code: 'InvalidObjectState' });
    expect(await refusedAtOnce(OPEN)).toEqual({
      status: 77,
      error: `the object is archived: ${URI}`,
      hint: 'restore it from Glacier, and keep env files in the Standard class',
    });
  });

  test('a code that is not known', async () => {
    await s3.fault({ status: 400, code: 'NewInTwoYears' });
    expect(await refusedAtOnce(OPEN)).toEqual({
      status: 78,
      error: `the service refused ${URI} with 400 NewInTwoYears`,
      hint: "look up the code in the service's documentation",
    });
  });

  test('a code that is not a word is not printed', async () => {
    await s3.fault({ status: 400, code: 'canary\u001b[31m' });
    expect((await refusedAtOnce(OPEN)).error).toBe(`the service refused ${URI} with 400`);
  });

  test.for<FaultRule>([
    { chunked: true },
    { truncateTo: 10 },
    { resetAfterBytes: 10 },
    { hugeChunked: true },
  ])('an error whose body comes as %o keeps its status', async (how) => {
    await s3.fault({ status: 403, code: 'AccessDenied', ...how });
    expect((await refusedAtOnce(OPEN)).status).toBe(77);
  });

  test('--log-format json has it in one line', async () => {
    await s3.fault({ status: 403, code: 'AccessDenied' });
    const { status, error } = await refused([...OPEN, '--log-format', 'json'], env);
    expect(status).toBe(77);
    expect(JSON.parse(error)).toEqual({
      level: 'error',
      code: 'denied',
      message: `${URI}: these credentials may not perform s3:GetObject on ${OBJECT}`,
      hint: expect.stringContaining('allow s3:GetObject'),
      exitStatus: 77,
    });
  });
});
