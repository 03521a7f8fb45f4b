/** Input that another process is still writing: it is read to its end, and keeps neither signals nor the time waiting. */
import { spawn, spawnSync } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { describeReal } from '../../real/available.ts';
import { folder } from '../folder.ts';
import { envseal, envsealWords, PATH, type Running, runWords, startWords } from '../program.ts';
import { runInTerminal } from '../pty.ts';
import { CANARY } from '../transcript.ts';

const SIGNALS = [
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const;
const TOO_LARGE = 2 * 1024 * 1024 + 1;
const CHECK = ['push', '-', '--check'];
const line = (number: number) => `A${number}=${CANARY}\n`;
/** More than a pipe holds: once all of it is written, the other end is being read. */
const LINES = Array.from({ length: 20_000 }, (_, number) => line(number)).join('');
const OURS = envsealWords.map((word) => `'${word}'`).join(' ');

function fifo(): string {
  const path = join(folder(), 'fifo');
  expect(spawnSync('mkfifo', [path]).status).toBe(0);
  return path;
}

function started(words: readonly string[]): Running {
  const running = startWords(words);
  onTestFinished(() => {
    running.child.kill('SIGKILL');
  });
  return running;
}

/** Starts envseal with a pipe for its stdin that stays open, and waits until it reads. */
async function reading(args: readonly string[]): Promise<Running> {
  const path = fifo();
  const running = started(['sh', '-c', `exec ${OURS} "$@" <'${path}'`, 'sh', ...args]);
  const input = await open(path, 'w');
  onTestFinished(() => input.close());
  await input.writeFile(LINES);
  return running;
}

/** Starts envseal, and waits until it has opened a pipe that it was given by its path. */
async function opening(args: (path: string) => readonly string[]): Promise<Running> {
  const path = fifo();
  const running = started([...envsealWords, ...args(path)]);
  const input = await open(path, 'w');
  onTestFinished(() => input.close());
  return running;
}

describe('stop signals', () => {
  test.for(SIGNALS)('%s while stdin is read ends it with %i', async ([signal, status]) => {
    const { child, outcome } = await reading(CHECK);
    child.kill(signal);
    expect(await outcome).toMatchObject({ status, stdout: '' });
  });

  test('while the value of a variable is read', async () => {
    const { child, outcome } = await reading(['set', './nowhere', 'TOKEN']);
    child.kill('SIGTERM');
    expect(await outcome).toMatchObject({ status: 143, stdout: '' });
  });

  test.for([
    ['push FILE', (path: string) => ['push', path, '--check']],
    ['set --file', (path: string) => ['set', './nowhere', 'TOKEN', '--file', path]],
    ['diff', (path: string) => ['diff', path, '/dev/null']],
  ] as const)('while a pipe is read: %s', async ([, args]) => {
    const { child, outcome } = await opening(args);
    child.kill('SIGTERM');
    expect(await outcome).toMatchObject({ status: 143, stdout: '' });
  });
});

test('a pipeline takes as long as it takes', async () => {
  const args = ['--timeout', '0.5', 'push', '-', '--check'];
  const words = ['sh', '-c', `(printf A=; sleep 1; echo 1) | ${OURS} "$@"`, 'sh', ...args];
  expect(await runWords(words)).toMatchObject({ status: 0, stdout: 'stdin: 1 variable, no errors\n' });
});

describe('whatever stdin is', () => {
  const CHECKED = { status: 0, stdout: 'stdin: 20000 variables, no errors\n', stderr: '' };
  const inShell = (script: string) => runWords(['sh', '-c', script, 'sh', ...CHECK], { stdin: LINES });

  test('a socket', async () => {
    expect(await envseal(CHECK, { stdin: LINES })).toEqual({ ...CHECKED, signal: null });
  });

  test('a pipe', async () => {
    expect(await inShell(`cat | ${OURS} "$@"`)).toMatchObject(CHECKED);
  });

  test('a file, from where it stands', async () => {
    const path = join(folder({ env: `no variable\n${LINES}` }), 'env');
    expect(await inShell(`{ read -r line; ${OURS} "$@"; } <'${path}'`)).toMatchObject(CHECKED);
  });

  test('/dev/null, and a closed one', async () => {
    expect(await inShell(`${OURS} "$@" </dev/null`)).toMatchObject({ status: 65 });
    const { status, stderr } = await inShell(`${OURS} "$@" <&-`);
    expect([65, 77]).toContain(status);
    expect(stderr.split('\n')).toHaveLength(3);
  });

  test('a pipe that does not wait', async () => {
    // As Node makes its own ends.
    const program = `
      import fcntl, os, subprocess, sys, threading
      end, start = os.pipe()
      fcntl.fcntl(end, fcntl.F_SETFL, os.O_NONBLOCK)
      child = subprocess.Popen(sys.argv[1:], stdin=end)
      os.write(start, b"A=")
      threading.Event().wait(0.5)
      os.write(start, b"1\\n")
      os.close(start)
      sys.exit(child.wait())`.replaceAll(/^ {6}/gm, '');
    const words = ['python3', '-c', program, ...envsealWords, ...CHECK];
    expect(await runWords(words)).toMatchObject({ status: 0, stdout: 'stdin: 1 variable, no errors\n' });
  });

  test('what never ends is too large', async () => {
    const { status, stderr } = await inShell(`yes ${line(1).trim()} | ${OURS} "$@"`);
    expect(status).toBe(65);
    expect(stderr).toContain('over 2097152 bytes');
    expect(stderr).not.toContain(CANARY);
  });

  test('the largest that is allowed comes whole', async () => {
    const text = `${'#'.repeat(TOO_LARGE - 1 - 'A=1\n'.length - 1)}\nA=1\n`;
    expect(await envseal(CHECK, { stdin: text })).toMatchObject({ status: 0 });
    expect(await envseal(CHECK, { stdin: `#${text}` })).toMatchObject({ status: 65 });
  });
});

describe('a pipe by its path', () => {
  test('what a shell makes of <(…) is a file to push', async () => {
    const push = `${OURS} push <(sleep 0.2; echo A=1) --check`;
    expect((await runWords(['bash', '-c', push])).stdout).toMatch(/: 1 variable, no errors\n$/);
  });

  test('one without a writer yet is waited for', async () => {
    const path = fifo();
    const { outcome } = started([...envsealWords, 'push', path, '--check']);
    const writer = spawn('sh', ['-c', 'sleep 0.3; exec >"$1"; echo A=1; sleep 0.3; echo B=2', 'sh', path], {
      env: { PATH },
    });
    onTestFinished(() => {
      writer.kill('SIGKILL');
    });
    expect((await outcome).stdout).toBe(`${path}: 2 variables, no errors\n`);
  });
});

describeReal('python3', 'in a terminal', () => {
  test('what is typed is read up to ^D', async () => {
    const words = ['/bin/sh', '-c', `echo ready; exec ${OURS} push - --check`];
    const { screen, status, isRestored } = await runInTerminal(words, {
      steps: [{ waitFor: 'ready', send: 'A=1\r\x04' }],
    });
    expect({ status, isRestored }).toEqual({ status: 0, isRestored: true });
    expect(screen).toContain('stdin: 1 variable, no errors\r\n');
  });

  test('^C ends it while a pipe is read', async () => {
    const path = fifo();
    // What comes after more than a pipe holds: it is being read.
    const writer = `(seq -f 'A%.0f=1' 40000; echo ready >/dev/tty; sleep 20) >'${path}'`;
    const script = `${writer} & exec ${OURS} push - --check <'${path}'`;
    const outcome = await runInTerminal(['/bin/sh', '-c', script], {
      steps: [{ waitFor: 'ready', send: '\x03' }],
    });
    expect(outcome.signal ?? outcome.status).toBe(130);
    expect(outcome.screen).toContain('ended by SIGINT');
  });
});
