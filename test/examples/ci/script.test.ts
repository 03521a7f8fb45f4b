/** examples/ci/env.sh by itself: what it refuses, and what it does with variables of the job. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Outcome } from '../../e2e/program.ts';
import { CANARY } from '../../e2e/transcript.ts';
import {
  awsEndpoints,
  bareCheckout,
  checkout,
  ENV_FILE,
  operator,
  sh,
  startedFrom,
  useBench,
  VALUES,
  versionsOf,
} from './bench.ts';
import { fillExpressions, read, type Variables } from './pipelines.ts';
import { credentialsOf, makeRole } from './rights.ts';
import { AWS_KEYS } from './stages.ts';

const bench = useBench();
const URI = 's3://snacks/dev/env';
const SEALED = { sse: 'aws:kms', kmsKeyId: AWS_KEYS.dev } as const;

let env: Variables;
beforeEach(async () => {
  const credentials = credentialsOf(await makeRole(bench(), 'deploy dev', 'token'));
  const target = { ENV_TARGET: 's3://snacks', ENVSEAL_KMS_KEY: AWS_KEYS.dev };
  env = { ...awsEndpoints(bench()), ...credentials, ...target };
});

async function script(words: string, cwd: string, more: Variables = {}): Promise<Outcome> {
  return await sh(`ci/env.sh ${words}`, cwd, { ...env, ...more });
}

async function unsealedCheckout(): Promise<string> {
  const cwd = bareCheckout();
  writeFileSync(join(cwd, 'env/dev.env.sealed'), ENV_FILE);
  return cwd;
}

describe('lint and deploy refuse, and store nothing', () => {
  test.each<[string, () => Promise<string>, number, RegExp]>([
    [
      'a placeholder',
      () => checkout(bench(), { text: `${ENV_FILE}A=changeme\n` }),
      65,
      /A looks like .*\[placeholder\]/,
    ],
    [
      'a name that loads code',
      () => checkout(bench(), { text: `LD_PRELOAD=${CANARY}.so\n` }),
      65,
      /LD_PRELOAD/,
    ],
    [
      'the file of another stage',
      () => checkout(bench(), { key: AWS_KEYS.prod }),
      65,
      /5678abcd.*not pinned/,
    ],
    ['a file that is not sealed', unsealedCheckout, 65, /dev\.env\.sealed is not sealed/],
    ['no file', async () => bareCheckout(), 66, /dev\.env\.sealed/],
  ])('%s', async (_, make, status, message) => {
    const cwd = await make();
    for (const words of ['lint dev', 'deploy dev']) {
      expect(await script(words, cwd)).toMatchObject({ status, stderr: expect.stringMatching(message) });
    }
    expect(await versionsOf(bench(), URI)).toBe(0);
  });

  test('a file in the bucket that another key seals', async () => {
    const cwd = await checkout(bench());
    await bench().clouds.s3.put('snacks', 'dev/env', `A=${CANARY}\n`, { ...SEALED, kmsKeyId: AWS_KEYS.prod });
    for (const words of ['lint dev', 'deploy dev'])
      expect(await script(words, cwd)).not.toMatchObject({ status: 0 });
    expect(await versionsOf(bench(), URI)).toBe(1);
  });

  test('a bucket that keeps no older versions, which a deploy reports', async () => {
    await bench().clouds.s3.bucket('snacks', { versioning: 'Off' });
    const cwd = await checkout(bench());
    expect(await script('deploy dev', cwd)).toMatchObject({
      status: 78,
      stderr: expect.stringContaining('versions'),
    });
    expect(await bench().clouds.s3.stored('snacks', 'dev/env')).toBeNull();
  });

  test('someone else deployed first: 75, and their file stays', async () => {
    const cwd = await checkout(bench());
    // Its look at the bucket takes long, and it has read what is there.
    await bench().clouds.s3.fault({ method: 'GET', match: '^snacks/?$', delayMs: 2000 });
    const slow = script('deploy dev', cwd);
    await bench().clouds.s3.seen('^snacks/dev/env$', 2);
    await bench().clouds.s3.put('snacks', 'dev/env', `A=${CANARY}\n`, SEALED);
    expect(await slow).toMatchObject({ status: 75 });
    expect(await startedFrom(bench(), URI, AWS_KEYS.dev)).toEqual({ A: CANARY });
  });

  test.each(['', 'lint', 'deploy', 'push dev', 'lint ../dev', 'lint Dev', "lint ''"])(
    'the words %j',
    async (words) => {
      const { status, stderr } = await script(words, bareCheckout());
      expect({ status, lines: stderr.split('\n').length - 1 }).toEqual({ status: 64, lines: 2 });
    },
  );

  test.each(['ENV_TARGET', 'ENVSEAL_KMS_KEY'])('a job without %s', async (name) => {
    const { status, stderr } = await script('deploy dev', await checkout(bench()), { [name]: '' });
    expect(status).not.toBe(0);
    expect(stderr).toContain(name);
  });
});

describe('variables of the job', () => {
  const leftBehind = () => readdirSync('/dev/shm').filter((name) => name.startsWith('ci-env.'));

  /** The snippet of the README, with secrets that GitHub would fill in. */
  const snippet = parse(/```yaml\n(.*?)```/s.exec(read('README.md'))?.[1] ?? '') as { env: Variables };
  const given = Object.fromEntries(
    Object.entries(snippet.env).map(([name, value]) => [name, fillExpressions(value, { secrets: VALUES })]),
  );

  test('lint says by name what a deploy would change, and leaves nothing behind', async () => {
    const cwd = bareCheckout();
    const before = leftBehind();
    expect(await script('lint dev', cwd, given)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('would be new'),
    });
    await bench().clouds.s3.put('snacks', 'dev/env', `APP_TOKEN=${CANARY}\nAPP_OLD=${CANARY}\n`, SEALED);
    expect(await script('lint dev', cwd, given)).toEqual({
      status: 0,
      signal: null,
      stderr: '',
      stdout:
        'the environment: 2 variables, no errors\n  added    APP_DB_URL\n  changed  APP_TOKEN\n  removed  APP_OLD\n',
    });
    expect(leftBehind()).toEqual(before);
    expect(await versionsOf(bench(), URI)).toBe(1);
  });

  test('deploy stores them once, and a start opens them', async () => {
    const values = { ...VALUES, APP_PEM: `-----${CANARY}\n"two" $lines\n` };
    const variables = { ...given, ...values, OTHER: CANARY };
    expect(await script('deploy dev', bareCheckout(), variables)).toMatchObject({ status: 0 });
    expect(await startedFrom(bench(), URI, AWS_KEYS.dev)).toEqual(values);
    expect(await script('deploy dev', bareCheckout(), variables)).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/no differences\ns3:.*: unchanged\n$/),
    });
    expect(await versionsOf(bench(), URI)).toBe(1);
  });

  test('a secret that was never filled in is refused', async () => {
    for (const words of ['lint dev', 'deploy dev']) {
      const { status, stderr } = await script(words, bareCheckout(), { ...given, APP_TOKEN: 'changeme' });
      expect({ status, stderr }).toEqual({ status: 65, stderr: expect.stringContaining('[placeholder]') });
    }
    expect(await script('deploy dev', bareCheckout(), { ENV_NAMES: 'APP_*' })).toMatchObject({ status: 66 });
    expect(await versionsOf(bench(), URI)).toBe(0);
  });

  test('what is deployed is an event, and the comparison stores nothing that is', async () => {
    const events = { ENVSEAL_EVENT_SINK: 'cloudwatch://envseal/ci', ENVSEAL_EVENT_POLICY: 'required' };
    expect(await script('deploy dev', bareCheckout(), { ...given, ...events })).toMatchObject({ status: 0 });
    const received = ((await bench().watch.received('envseal', 'ci')) ?? []).map((event) =>
      JSON.stringify(event),
    );
    expect(received.join()).not.toContain(CANARY);
    const changes = received.filter((event) => event.includes('envseal.change.'));
    expect(changes).toEqual([expect.stringContaining('s3://snacks/dev/env')]);
  });
});

test('as the README has it: seal a file, remove the plain one, change a variable', async () => {
  const [commands = ''] = Array.from(
    read('README.md').matchAll(/```sh\n(.*?)```/gs),
    ([, text = '']) => text,
  );
  const cwd = bareCheckout();
  writeFileSync(join(cwd, 'dev.env'), ENV_FILE);
  const ran = await sh(commands.replace('arn:aws:kms:…', AWS_KEYS.dev), cwd, operator(bench()));
  expect(ran).toMatchObject({ status: 0, stderr: '' });
  expect(readdirSync(cwd)).toEqual(['ci', 'env']);
  const opened = await startedFrom(bench(), join(cwd, 'env/dev.env.sealed'), AWS_KEYS.dev);
  expect(opened).toEqual({ ...VALUES, SESSION_KEY: expect.stringMatching(/^[0-9a-f]{64}$/) });
});

test('the image of the README has the executable where that of envseal has it', () => {
  const [, image = ''] = /```dockerfile\n(.*?)```/s.exec(read('README.md')) ?? [];
  expect(image).toContain('COPY --from=envseal / /\n');
});
