/** A value goes into the environment of the command and nowhere else, whether the command starts or not. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, test } from 'vitest';
import { describeReal } from '../real/available.ts';
import { folder } from './folder.ts';
import { envsealWords, isBundle, type Outcome, PATH, type RunOptions, runWords } from './program.ts';
import { callsWith, nameOf, openedForWriting, trace } from './strace.ts';

/** In every value; no four characters of it are anywhere else. */
const CANARY = 'xQ7Zj0Kw9Vb3Gy';
const PIECES = Array.from({ length: CANARY.length - 3 }, (_, index) => CANARY.slice(index, index + 4));

interface Case {
  readonly source: string | Uint8Array;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly command?: readonly string[];
  readonly status: number;
}

const GOOD = `A=${CANARY}\nB="${CANARY}\\n${CANARY}"\n`;

/** Each failure after, or while, the source is read that needs no cloud. */
const CASES: Readonly<Record<string, Case>> = {
  success: { source: GOOD, status: 0 },
  'success with JSON': { source: `{"A":"${CANARY}"}`, status: 0 },
  'a line without =': { source: `A=1\n${CANARY}\n`, status: 65 },
  'a bad name': { source: `1${CANARY}=${CANARY}\n`, status: 65 },
  'a quote that stays open': { source: `A="${CANARY}\n`, status: 65 },
  'text behind a quote': { source: `A="${CANARY}"${CANARY}\n`, status: 65 },
  'a NUL': { source: `A=${CANARY}\0\n`, status: 65 },
  'bytes that are not UTF-8': { source: Buffer.from(`A=${CANARY}\xff\n`, 'latin1'), status: 65 },
  'broken JSON': { source: `{"A":"${CANARY}`, status: 65 },
  'JSON that is not flat': { source: `{"A":{"${CANARY}":"${CANARY}"}}`, status: 65 },
  'a format that is pinned and wrong': {
    source: GOOD,
    env: { ENVSEAL_SOURCE: 'FILE?format=json' },
    status: 65,
  },
  'a SOPS file': { source: `A=ENC[${CANARY}]\nsops_version=3\nsops_mac=${CANARY}\n`, status: 65 },
  'a name that loads code': { source: `LD_PRELOAD=${CANARY}\n`, status: 65 },
  'a required variable that is missing': { source: GOOD, flags: ['--require', 'C'], status: 65 },
  'a required variable that is empty': { source: `${GOOD}C=\n`, flags: ['--require', 'C'], status: 65 },
  'a placeholder that stays unfilled': {
    source: GOOD,
    flags: ['--strict'],
    env: { C: 'envseal' },
    status: 65,
  },
  'a value that is too long': { source: `A=${CANARY.repeat(10_000)}\n`, status: 65 },
  'values that are too long together': {
    source: Array.from({ length: 19 }, (_, index) => `A${index}=${CANARY.repeat(7800)}\n`).join(''),
    flags: ['-s', './more'],
    status: 65,
  },
  'a source that is too large': { source: `A=${CANARY}\n${'#'.repeat(2 * 1024 * 1024)}`, status: 65 },
  'an unsealed source': { source: GOOD, flags: ['--allow-unsealed=false'], status: 65 },
  'another source that is missing': { source: GOOD, flags: ['-s', './none'], status: 66 },
  'another source that is broken': { source: GOOD, flags: ['-s', './broken'], status: 65 },
  'another source of no known kind': { source: GOOD, flags: ['-s', 'none'], status: 64 },
  'an unknown variable': { source: GOOD, env: { ENVSEAL_X: CANARY }, status: 78 },
  'a bad number': { source: GOOD, env: { ENVSEAL_TIMEOUT: CANARY }, status: 78 },
  'a command that does not exist': { source: GOOD, command: ['./none'], status: 127 },
  'a command that cannot be executed': { source: GOOD, command: ['./more'], status: 126 },
  'a command of no known format': { source: GOOD, command: ['./nonsense'], status: 126 },
  'a command whose interpreter is missing': { source: GOOD, command: ['./interpreted'], status: 127 },
};

/** Flags in text and in JSON, with what the case needs beside the source. */
function prepare({
  source,
  flags = [],
  env = {},
  command = ['true'],
}: Case): [string[], RunOptions & { cwd: string }] {
  const cwd = folder({
    '.sealed': source,
    more: Array.from({ length: 19 }, (_, index) => `B${index}=${CANARY.repeat(7800)}\n`).join(''),
    broken: `${CANARY}\n`,
    nonsense: CANARY,
    interpreted: '#!/nonexistent/interpreter\n',
  });
  chmodSync(join(cwd, 'nonsense'), 0o755);
  const own = env.ENVSEAL_SOURCE === undefined ? ['-s', './.sealed'] : [];
  const words = [...envsealWords, 'run', '--allow-unsealed', ...own, ...flags, '--', ...command];
  const surroundings = { HOME: cwd, TMPDIR: cwd, XDG_CACHE_HOME: cwd, XDG_CONFIG_HOME: cwd, PWD: cwd };
  const variables = Object.entries(env).map(([name, value]) => [
    name,
    value.replace('FILE', `file://${cwd}/.sealed`),
  ]);
  return [words, { cwd, env: { ...surroundings, ...Object.fromEntries(variables) } }];
}

const FILES = ['.sealed', 'broken', 'interpreted', 'more', 'nonsense'];

function expectSilent({ stdout, stderr }: Outcome): void {
  for (const piece of PIECES) expect(`${stdout}${stderr}`).not.toContain(piece);
}

describe('nothing is said, and nothing is written', () => {
  test.each(Object.entries(CASES))('%s', async (_, given) => {
    for (const format of isBundle ? ['json'] : ['text', 'json']) {
      const [words, options] = prepare(given);
      const outcome = await runWords(words, {
        ...options,
        env: { ...options.env, ENVSEAL_LOG_FORMAT: format },
      });
      expect(outcome).toMatchObject({ status: given.status, stdout: '' });
      expectSilent(outcome);
      expect(outcome.stderr.split('\n').length - 1).toBeLessThanOrEqual(given.status === 0 ? 0 : 2);
      expect(readdirSync(options.cwd).sort()).toEqual(FILES);
    }
  });
});

test('while the command runs, its environment has the value, and no command line of any process has it', async () => {
  // Unique to this test: others run at the same time.
  const value = `${CANARY}-${randomUUID()}`;
  const cwd = folder({ '.sealed': `A=${value}\n` });
  const command = ['sh', '-c', 'echo up; read end'];
  const [file = '', ...words] = [...envsealWords, '--allow-unsealed', '-s', './.sealed', '--', ...command];
  const child = spawn(file, words, { cwd, env: { PATH } });
  await once(createInterface({ input: child.stdout }), 'line');
  const own = read(`/proc/${child.pid}/environ`);
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const telling = pids.filter((pid) => read(`/proc/${pid}/cmdline`).includes(value));
  child.stdin.end('\n');
  await once(child, 'exit');
  expect(own).toContain(`A=${value}\0`);
  expect(pids).toContain(String(child.pid));
  expect(telling).toEqual([]);
});

/** Empty for a process that has ended in the meantime, or that belongs to another user. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

describeReal('strace', 'system calls', () => {
  test('a success: the value is in the execve of the command and in no other call', async () => {
    const [words, options] = prepare(CASES.success as Case);
    const traced = await trace(words, options);
    expect(traced.outcome).toMatchObject({ status: 0, stdout: '', stderr: '' });
    const calls = callsWith(traced, CANARY);
    expect(calls.map(nameOf)).toEqual(['execve']);
    expect(calls[0]).toContain(`"A=${CANARY}"`);
    expect(calls[0]).toContain('execve("/usr/bin/true", ["true"], [');
    expect(openedForWriting(traced)).toEqual([]);
  });

  const failures = Object.entries(CASES).filter(([, { status }]) => status !== 0);
  // Those that fail late have read the values.
  const late = ['a name that loads code', 'a value that is too long', 'a command of no known format'];
  const chosen = failures.filter(([name]) => !isBundle || late.includes(name));

  test.each(chosen)('%s: no call has it', async (name, given) => {
    const [words, options] = prepare(given);
    const traced = await trace(words, { ...options, env: { ...options.env, SEEN: 'yes' } });
    expect(traced.outcome.status).toBe(given.status);
    // The first call is the start of envseal, whose environment a case may have given the value.
    const [start, ...calls] = traced.calls;
    expect(start).toContain('"SEEN=yes"');
    const telling = callsWith({ ...traced, calls }, CANARY);
    // What only the kernel can refuse has been offered its environment; Node looks at the file first.
    const isOffered = !isBundle && /no known format|interpreter/.test(name);
    expect(telling.map((call) => call.replace(/^.*\) += /, ''))).toEqual(
      isOffered ? [expect.stringMatching(/^-1 E(NOEXEC|NOENT) /)] : [],
    );
    expect(openedForWriting(traced)).toEqual([]);
  });
});
