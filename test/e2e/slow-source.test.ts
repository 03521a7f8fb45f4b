/** A source that another process is still writing: it is read to its end, and keeps neither signals nor the time waiting. */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { describeReal } from '../real/available.ts';
import { folder } from './folder.ts';
import { envsealWords, PATH, type Running, runWords, startWords } from './program.ts';
import { CANARY } from './transcript.ts';

const SIGNALS = [
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const;

function fifo(): string {
  const path = join(folder(), 'fifo');
  expect(spawnSync('mkfifo', [path]).status).toBe(0);
  return path;
}

function started(path: string, command: readonly string[], flags: readonly string[] = []): Running {
  const run = ['run', '--allow-unsealed', ...flags, '-s', path, '--', ...command];
  const running = startWords([...envsealWords, ...run]);
  onTestFinished(() => {
    running.child.kill('SIGKILL');
  });
  return running;
}

test.for(SIGNALS)('%s while a pipe is read ends it with %i', async ([signal, status]) => {
  const path = fifo();
  const { child, outcome } = started(path, ['echo', 'started']);
  // Opened when the other end is.
  const input = await open(path, 'w');
  onTestFinished(() => input.close());
  await input.write(`A=${CANARY}\n`);
  child.kill(signal);
  expect(await outcome).toEqual({
    status,
    signal: null,
    stdout: '',
    stderr: `envseal: error: ended by ${signal} before the command was started\n`,
  });
});

test('it has the time of every source', async () => {
  const { outcome } = started(fifo(), ['echo', 'started'], ['--timeout', '0.5']);
  const { status, stdout, stderr } = await outcome;
  expect({ status, stdout }).toEqual({ status: 75, stdout: '' });
  expect(stderr).toContain('timed out after 0.5 s');
});

describeReal('strace', 'under strace', () => {
  test('a pipe is opened once: who opened it to write has a reader to the end', async () => {
    const path = fifo();
    const log = join(folder(), 'log');
    const strace = ['strace', '-f', '-qq', '-o', log, '-e', 'trace=?open,openat'];
    const ours = [...envsealWords, 'run', '--allow-unsealed', '-s', path, '--', 'printenv', 'A'];
    const writer = spawn('sh', ['-c', 'echo A=1 >"$1"', 'sh', path], { env: { PATH } });
    onTestFinished(() => {
      writer.kill('SIGKILL');
    });
    expect(await runWords([...strace, ...ours])).toMatchObject({ status: 0, stdout: '1\n' });
    const lines = readFileSync(log, 'utf8').split('\n');
    expect(lines.filter((line) => line.includes(`"${path}"`) && !line.includes('ERESTARTSYS'))).toHaveLength(
      1,
    );
  });
});

test('what a shell makes of <(…)', async () => {
  const ours = envsealWords.map((word) => `'${word}'`).join(' ');
  const run = `${ours} run --allow-unsealed -s <(printf 'A=%s' ${CANARY}) -- printenv A`;
  expect(await runWords(['bash', '-c', run])).toMatchObject({ status: 0, stdout: `${CANARY}\n` });
});

test('one that is written in pieces, by a process that comes late', async () => {
  const path = fifo();
  const { outcome } = started(path, ['printenv', 'A', 'B']);
  const writer = spawn('sh', ['-c', 'sleep 0.3; exec >"$1"; echo A=1; sleep 0.3; echo B=2', 'sh', path], {
    env: { PATH },
  });
  onTestFinished(() => {
    writer.kill('SIGKILL');
  });
  expect(await outcome).toEqual({ status: 0, signal: null, stdout: '1\n2\n', stderr: '' });
});
