/**
 * The same silence with a cloud: under strace, what is read from S3 goes into the execve of the command and nowhere else,
 * and the secret key that signs the request goes nowhere at all.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { describeReal } from '../real/available.ts';
import { type FaultRule, kmsKeyArn, type S3Server, SECRET_ACCESS_KEY, startS3 } from '../servers/start.ts';
import { BARE, KEYS, SEALED } from './aws.ts';
import { envsealWords, isBundle } from './program.ts';
import { callsWith, nameOf, openedForWriting, trace } from './strace.ts';

const CANARY = 'xQ7Zj0Kw9Vb3Gy';
const OTHER_KEY = 'arn:aws:kms:us-east-1:111122223333:key/other';

interface Case {
  readonly body?: string;
  readonly seal?: typeof SEALED;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly fault?: FaultRule;
  readonly status: number;
}

/** Each failure that is met with the values already here, or on their way. */
const FAILURES: Readonly<Record<string, Case>> = {
  unsealed: { seal: { sse: 'AES256' }, status: 65 },
  'the wrong key': { args: ['--kms-key', OTHER_KEY], status: 65 },
  malformed: { body: `A=${CANARY}\n${CANARY}\n`, status: 65 },
  'a wrong checksum': { fault: { wrongChecksum: true }, status: 65 },
  'a flipped bit': { fault: { wrongBody: true }, status: 65 },
  'cut short': { fault: { truncateTo: 20 }, status: 65 },
  'reset in the body': { fault: { resetAfterBytes: 20 }, status: 65 },
  'another source that is missing': { args: ['-s', 's3://snacks/none'], status: 66 },
  'a name that loads code': { body: `LD_PRELOAD=${CANARY}\n`, status: 65 },
  'out of time': { fault: { dripBytesPerSecond: 10 }, args: ['--timeout', '1'], status: 75 },
  'a wrong secret key': { env: { AWS_SECRET_ACCESS_KEY: `${SECRET_ACCESS_KEY}x` }, status: 77 },
};

describeReal('strace', 'system calls with S3', () => {
  let s3: S3Server;
  beforeAll(async () => {
    s3 = await startS3({ regions: ['us-east-1'] });
  });
  afterAll(() => s3?.stop());
  beforeEach(() => s3.reset());

  async function run({
    body = `A=${CANARY}\nB=${CANARY}\n`,
    seal = SEALED,
    args = [],
    env = {},
    fault,
  }: Case) {
    await s3.put('snacks', 'env', body, seal);
    if (fault !== undefined) await s3.fault(fault);
    const pin = args.includes('--kms-key') ? [] : ['--kms-key', kmsKeyArn()];
    const words = [...envsealWords, ...pin, '-s', 's3://snacks/env', ...args, '--', 'true'];
    const traced = await trace(words, { env: { ...BARE, ...KEYS, AWS_ENDPOINT_URL_S3: s3.url, ...env } });
    // The first call is the start of envseal, which is given the keys.
    const [, ...calls] = traced.calls;
    return { ...traced, calls };
  }

  test('a success: the value is in the execve of the command, which also inherits the keys', async () => {
    const traced = await run({ status: 0 });
    expect(traced.outcome).toMatchObject({ status: 0, stdout: '', stderr: '' });
    for (const text of [`"A=${CANARY}"`, SECRET_ACCESS_KEY]) {
      expect(callsWith(traced, text).map(nameOf)).toEqual(['execve']);
    }
    expect(callsWith(traced, CANARY)).toHaveLength(1);
    expect(openedForWriting(traced)).toEqual([]);
  });

  test('a success that does not pass the keys on', async () => {
    const traced = await run({ args: ['--scrub-credentials'], status: 0 });
    expect(callsWith(traced, CANARY).map(nameOf)).toEqual(['execve']);
    expect(callsWith(traced, SECRET_ACCESS_KEY)).toEqual([]);
  });

  const chosen = Object.entries(FAILURES).filter(([name]) => !isBundle || /key|checksum|time/.test(name));
  test.each(chosen)('%s: no call has the value or the secret key', async (_, given) => {
    const traced = await run(given);
    expect(traced.outcome).toMatchObject({ status: given.status, stdout: '' });
    expect(callsWith(traced, CANARY)).toEqual([]);
    expect(callsWith(traced, SECRET_ACCESS_KEY)).toEqual([]);
    expect(openedForWriting(traced)).toEqual([]);
  });
});
