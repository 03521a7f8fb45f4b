/** What the container executable leaves to the full program: it goes on there, or says what is needed. */
import { chmodSync, chownSync, copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type S3Server, startS3 } from '../servers/start.ts';
import { skipFor } from '../skip.ts';
import { BARE, home, KEYS, store } from './aws.ts';
import { folder } from './folder.ts';
import { containerOnly, envseal, PATH_WITH_NODE, runWords, wordsFor } from './program.ts';
import { CANARY, type Env } from './transcript.ts';

let s3: S3Server;
let env: Env;
beforeAll(async () => {
  s3 = await startS3();
  env = { ...BARE, ...KEYS, AWS_ENDPOINT_URL_S3: s3.url };
});
afterAll(() => s3.stop());
beforeEach(async () => {
  await s3.reset();
  await store(s3, 'snacks/env', `A=${CANARY}\n`);
});

const OPEN = ['run', '-s', 's3://snacks/env', '--', 'echo', 'started'];
const COMMANDS = [
  ['push', '-', 's3://snacks/env'],
  ['set', 's3://snacks/env', 'A'],
  ['unset', 's3://snacks/env', 'A'],
  ['edit', 's3://snacks/env'],
  ['get', 's3://snacks/env', 'A'],
  ['list', 's3://snacks/env'],
  ['diff', 's3://snacks/env', 's3://snacks/env'],
  ['history', 's3://snacks/env'],
  ['rollback', 's3://snacks/env', 'version'],
  ['copy', 's3://snacks/env', 's3://snacks/copy'],
  ['rotate', 's3://snacks/env'],
  ['keygen', '--out', 'key'],
];

/** Profiles whose keys only the SDK knows how to get. */
const PROFILES: Readonly<Record<string, string>> = {
  'a program': 'credential_process = false',
  'single sign-on':
    'sso_start_url = https://sso.example\nsso_region = us-east-1\nsso_account_id = 111122223333\nsso_role_name = app',
};
const withProfile = (section: string): Env => ({
  ...env,
  AWS_ACCESS_KEY_ID: '',
  AWS_SECRET_ACCESS_KEY: '',
  AWS_PROFILE: 'app',
  HOME: home(`[profile app]\n${section}\n`),
});

const NEEDS =
  /^envseal: error: .*the container executable does not support .+\nenvseal: hint: .*envseal:cli.*\n$/;

describe('without the full program', containerOnly, () => {
  test.for(COMMANDS)('envseal %s says what it needs', async (args) => {
    const cwd = folder();
    const { status, stdout, stderr } = await envseal(args, { env, cwd, stdin: `${CANARY}\n` });
    expect({ status, stdout, stderr }).toEqual({
      status: 78,
      stdout: '',
      stderr: expect.stringMatching(NEEDS),
    });
    expect(stderr).toContain(args[0] as string);
    expect(await s3.requests()).toEqual([]);
  });

  test.for(Object.entries(PROFILES))('a profile with %s says what it needs', async ([, section]) => {
    const log = join(folder(), 'log');
    const sink = { ENVSEAL_EVENT_SINK: `file://${log}` };
    const outcome = await envseal(OPEN, { env: { ...withProfile(section), ...sink } });
    expect(outcome).toEqual({
      status: 78,
      signal: null,
      stdout: '',
      stderr: expect.stringMatching(NEEDS),
    });
    expect(await s3.requests()).toEqual([]);
  });
});

describe('with the full program beside it', containerOnly, () => {
  const withNode = () => ({ ...env, PATH: PATH_WITH_NODE });

  test('a command of operators goes on there, with its stdin and its status', async () => {
    const check = await envseal(['push', '-', '--check'], { env: withNode(), stdin: 'A=1\n' });
    expect(check).toEqual({ status: 0, signal: null, stdout: 'stdin: 1 variable, no errors\n', stderr: '' });
    const list = await envseal(['list', 's3://snacks/env'], { env: withNode() });
    expect(list).toMatchObject({ status: 0, stdout: expect.stringContaining('A') });
    expect((await envseal(['list', 's3://snacks/absent'], { env: withNode() })).status).toBe(66);
  });

  test('a start continues there, and is reported once', async () => {
    const log = join(folder(), 'log');
    const answer = JSON.stringify({
      Version: 1,
      AccessKeyId: KEYS.AWS_ACCESS_KEY_ID,
      SecretAccessKey: KEYS.AWS_SECRET_ACCESS_KEY,
    });
    const program = join(folder({ program: `#!/bin/sh\necho '${answer}'\n` }), 'program');
    const more = { PATH: PATH_WITH_NODE, ENVSEAL_EVENT_SINK: `file://${log}` };
    const given = { ...withProfile(`credential_process = ${program}`), ...more };
    const args = ['run', '-s', 's3://snacks/env', '--', 'sh', '-c', 'echo "$A"; wc -l <"$0"', log];
    const { status, stdout, stderr } = await envseal(args, { env: given });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: `${CANARY}\n1\n`, stderr: '' });
  });

  test('without Node it says so, and reports the start', async () => {
    const log = join(folder(), 'log');
    const given = { ...withProfile('credential_process = false'), ENVSEAL_EVENT_SINK: `file://${log}` };
    const words = [...wordsFor({ PATH: PATH_WITH_NODE }), ...OPEN];
    const outcome = await runWords(words, { env: { ...given, PATH: folder() } });
    expect(outcome).toEqual({
      status: 78,
      signal: null,
      stdout: '',
      stderr: expect.stringMatching(/^envseal: error: .* needs Node, .*\nenvseal: hint: put Node 24 .*\n$/),
    });
    expect(JSON.parse(readFileSync(log, 'utf8'))).toMatchObject({ type: 'envseal.access.failed' });
    expect(await s3.requests()).toEqual([]);
  });

  test(
    'what anyone could have put there is not started',
    skipFor(process.getuid?.() !== 0 && 'needs root'),
    async () => {
      const place = folder({ 'envseal.mjs': '#!/bin/sh\necho started >&2\n' });
      const program = join(place, 'envseal');
      copyFileSync(wordsFor({ PATH: PATH_WITH_NODE })[0] as string, program);
      chmodSync(program, 0o755);
      const start = () => runWords([program, 'list', 's3://snacks/env'], { env: withNode() });
      for (const [path, mode] of [
        [place, 0o1777],
        [join(place, 'envseal.mjs'), 0o666],
      ] as const) {
        chmodSync(place, 0o755);
        chmodSync(path, mode);
        expect(await start()).toMatchObject({ status: 78, stdout: '', stderr: expect.stringMatching(NEEDS) });
      }
      chmodSync(join(place, 'envseal.mjs'), 0o644);
      chownSync(join(place, 'envseal.mjs'), 65534, 65534);
      expect(await start()).toMatchObject({ status: 78, stderr: expect.stringMatching(NEEDS) });
    },
  );

  test('what the small one does itself does not start it', async () => {
    // A Node that fails, where the full program would look for it.
    const bin = folder({ node: '#!/bin/sh\necho started >&2; exit 99\n' });
    const outcome = await envseal(OPEN, { env: { ...env, PATH: `${bin}:${env.PATH ?? '/usr/bin:/bin'}` } });
    expect(outcome).toMatchObject({ status: 0, stdout: 'started\n', stderr: '' });
  });
});
