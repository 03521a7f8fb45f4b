/** A container that waits for its secrets can be stopped at once, and its command gets the signals that come later. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type S3Server, startS3 } from '../servers/start.ts';
import { skipFor } from '../skip.ts';
import { BARE, KEYS, store } from './aws.ts';
import { containerOnly, envsealWords, type Outcome, type Running, startWords } from './program.ts';
import { CANARY, type Env } from './transcript.ts';

const SIGNALS = [
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const;
const OPEN = ['-s', 's3://snacks/env', '--'];

let s3: S3Server;
let env: Env;

beforeAll(async () => {
  s3 = await startS3();
  env = { ...BARE, ...KEYS, AWS_ENDPOINT_URL_S3: s3.url };
});
afterAll(() => s3.stop());
beforeEach(async () => {
  await s3.reset();
  await store(s3, 'snacks/env', 'A=canary\n');
});

function ended(signal: string, status: number): Outcome {
  const stderr = `envseal: error: ended by ${signal} before the command was started\n`;
  return { status, signal: null, stdout: '', stderr };
}

/** Starts envseal, and waits until it waits for S3. */
async function fetching(words: readonly string[] = [], more: Env = {}): Promise<Running> {
  await s3.fault({ hang: true, count: 'always' });
  const running = startWords([...words, ...envsealWords, ...OPEN, 'echo', 'started'], {
    env: { ...env, ...more },
  });
  await s3.seen('^snacks/env$');
  return running;
}

/** Starts a command through envseal, and waits until it says that it runs. */
async function running(script: string): Promise<Running> {
  const command = startWords([...envsealWords, ...OPEN, 'sh', '-c', script], { env });
  await new Promise((resolve) => command.child.stdout.once('data', resolve));
  return command;
}

describe('while the sources are fetched', () => {
  test.for(SIGNALS)('%s ends it at once with %i', async ([signal, status]) => {
    const { child, outcome } = await fetching();
    child.kill(signal);
    expect(await outcome).toEqual(ended(signal, status));
  });

  test('while it waits for credentials a signal ends it too', async () => {
    const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, ...bare } = env;
    await s3.fault({ hang: true, count: 'always' });
    const container = { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${s3.url}/credentials` };
    const words = [...envsealWords, ...OPEN, 'true'];
    const { child, outcome } = startWords(words, { env: { ...bare, ...container } });
    await s3.seen('credentials');
    child.kill('SIGTERM');
    expect(await outcome).toEqual(ended('SIGTERM', 143));
  });

  test('between two tries a signal ends it too', async () => {
    const fault = { status: 503, code: 'SlowDown', setHeaders: { 'retry-after': '20' } };
    await s3.fault({ ...fault, count: 'always' });
    const { child, outcome } = startWords([...envsealWords, ...OPEN, 'true'], { env });
    await s3.seen('^snacks/env$');
    child.kill('SIGTERM');
    expect(await outcome).toEqual(ended('SIGTERM', 143));
  });

  test('--log-format json reports it in one line of JSON', async () => {
    const { child, outcome } = await fetching([], { ENVSEAL_LOG_FORMAT: 'json' });
    child.kill('SIGTERM');
    const { status, stderr } = await outcome;
    expect(status).toBe(143);
    expect(stderr.split('\n')).toHaveLength(2);
    expect(JSON.parse(stderr)).toMatchObject({ level: 'error', exitStatus: 143 });
  });

  test('SIGKILL leaves nothing behind', async () => {
    const { child, outcome } = await fetching();
    child.kill('SIGKILL');
    expect(await outcome).toEqual({ status: null, signal: 'SIGKILL', stdout: '', stderr: '' });
  });

  // Node gives every signal its default disposition at its own start.
  test.for(SIGNALS)('%s stays ignored when it was', containerOnly, async ([signal]) => {
    const { child, outcome } = await fetching(['env', `--ignore-signal=${signal.slice('SIG'.length)}`]);
    const ignored = /^SigIgn:\s*(\w+)$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
    const bit = 1n << BigInt(constants.signals[signal] - 1);
    expect(BigInt(`0x${ignored}`) & bit).toBe(bit);
    child.kill(signal);
    const [other, status] = SIGNALS.find(([name]) => name !== signal) ?? SIGNALS[0];
    child.kill(other);
    expect(await outcome).toEqual(ended(other, status));
  });
});

const NAMESPACE = ['unshare', '--pid', '--fork', '--mount-proc'];
const hasNamespaces = process.getuid?.() === 0 && works(NAMESPACE);

function works([file = '', ...args]: readonly string[]): boolean {
  try {
    execFileSync(file, [...args, 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe(
  'as pid 1, for which the kernel has no default action',
  skipFor(!hasNamespaces && 'needs root and unshare'),
  () => {
    /** The process that is pid 1 in there, by its pid out here. */
    function inside({ child }: Running): number {
      const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8');
      return Number(children.trim());
    }

    test.for(SIGNALS)('%s ends it at once with %i', async ([signal, status]) => {
      const started = await fetching(NAMESPACE);
      process.kill(inside(started), signal);
      expect(await started.outcome).toEqual(ended(signal, status));
    });

    test('the command is pid 1', async () => {
      const words = [...NAMESPACE, ...envsealWords, ...OPEN, 'sh', '-c', 'echo "$$ $A"'];
      const { outcome } = startWords(words, { env });
      expect(await outcome).toEqual({ status: 0, signal: null, stdout: `1 ${CANARY}\n`, stderr: '' });
    });
  },
);

describe('after the hand-over', () => {
  test.for(SIGNALS)('%s reaches the command, which can catch it', async ([signal]) => {
    const name = signal.slice('SIG'.length);
    const script = `trap 'echo caught; kill $!; exit 7' ${name}; sleep 60 >/dev/null 2>&1 & echo ready; wait`;
    const { child, outcome } = await running(script);
    child.kill(signal);
    expect(await outcome).toEqual({ status: 7, signal: null, stdout: 'ready\ncaught\n', stderr: '' });
  });

  test.for(SIGNALS)('%s ends a command that does not catch it', async ([signal]) => {
    const { child, outcome } = await running('echo ready; exec sleep 60');
    child.kill(signal);
    expect(await outcome).toEqual({ status: null, signal, stdout: 'ready\n', stderr: '' });
  });
});
