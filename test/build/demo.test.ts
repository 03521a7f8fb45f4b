/** `npm run demo`: it ends by itself, or with `--keep` when asked to, and what it says to type works. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { KEEP_MS, TO_TRY, untilStopped } from '../../scripts/demo/keep.ts';
import { mustRun, run } from '../container/program.ts';
import { folder } from '../e2e/folder.ts';

const demo = ['scripts/demo.ts'];

test('it ends with commands that package.json has, and leaves no file', async () => {
  const TMPDIR = folder();
  const printed = await mustRun(process.execPath, demo, { env: { TMPDIR } });
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: object };
  const [, next = ''] = printed.split('\nNext: ');
  const commands = indented(next);
  expect(commands[0]).toBe('npm run demo -- --keep');
  for (const command of commands)
    expect(Object.keys(scripts)).toContain(/^npm run (\w+)( -- --\w+)?$/.exec(command)?.[1]);
  expect(readdirSync(TMPDIR)).toEqual([]);
});

test('--help says what there is, and starts nothing', async () => {
  const { status, stdout, stderr } = await run(process.execPath, [...demo, '--help']);
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^usage: npm run demo -- \[--keep\]\n/);
});

test.each([['--keeps'], ['keep'], ['--keep=5']])('%s is refused with the usage', async (word) => {
  const { status, stdout, stderr } = await run(process.execPath, [...demo, word]);
  expect([status, stdout]).toEqual([64, '']);
  expect(stderr).toMatch(/^.*keep.*\n\nusage: /);
});

describe('--keep', () => {
  const printsOf = [
    /^db\.internal, a password of 14 characters\n$/,
    /^s3:\/\/snacks\/dev\/env.*sse-kms.*DB_PASSWORD/s,
    /^s3:\/\/snacks\/dev\/env: stored.*changed +DB_HOST\n$/s,
    /^(\S.*\n){2,}$/,
  ] as const;

  // A terminal sends Ctrl-C to the server, too.
  test.each([
    ['SIGINT', 'the demo and its server'],
    ['SIGTERM', 'the demo alone'],
  ] as const)('what it prints works until %s, to %s', async (signal, whom) => {
    const TMPDIR = folder();
    const env = { ...process.env, TMPDIR };
    const stdio = ['ignore', 'pipe', 'inherit'] as const;
    const child = spawn(process.execPath, [...demo, '--keep'], { env, stdio: [...stdio], detached: true });
    const group = -(child.pid ?? Number.NaN);
    const ended = once(child, 'close');
    onTestFinished(async () => {
      if (child.exitCode === null) process.kill(group, 'SIGKILL');
      await ended;
    });
    const { text, rest } = await readUntil(child.stdout, /^To stop the server: Ctrl-C here\./);

    const [setUp, toTry] = (text.split('paste:\n')[1] ?? '').split('Then try').map(indented);
    expect(toTry).toEqual(TO_TRY);
    for (const [at, command] of TO_TRY.entries()) {
      const script = ['shopt -s expand_aliases', ...(setUp ?? []), command].join('\n');
      // As someone's own shell may have it.
      const printed = await mustRun('bash', ['-euc', script], {
        env: { AWS_SESSION_TOKEN: 'of another key' },
      });
      expect(printed).toMatch(printsOf[at] as RegExp);
    }

    const port = Number(/at http:\/\/127\.0\.0\.1:(\d+)\./.exec(text)?.[1]);
    expect(await accepts('127.0.0.1', port)).toBe(true);
    // An address of the same interface: who listens everywhere listens there.
    expect(await accepts('127.0.0.2', port)).toBe(false);

    process.kill(whom === 'the demo alone' ? -group : group, signal);
    expect(await ended).toEqual([0, null]);
    expect(await rest).toBe('\nThe S3 server has stopped\n');
    expect(await accepts('127.0.0.1', port)).toBe(false);
    expect(readdirSync(TMPDIR)).toEqual([]);
  });

  describe('ends', () => {
    afterEach(() => {
      vi.useRealTimers();
    });

    test('after 15 minutes', async () => {
      vi.useFakeTimers();
      const ended = vi.fn();
      void untilStopped({ gone: new Promise(() => {}) }, KEEP_MS).then(ended);
      await vi.advanceTimersByTimeAsync(15 * 60 * 1000 - 1);
      expect(ended).not.toHaveBeenCalled();
      await vi.advanceTimersByTimeAsync(1);
      expect(ended).toHaveBeenCalledOnce();
    });

    test('with its server, and listens to no signal any more', async () => {
      const before = process.listenerCount('SIGINT');
      await untilStopped({ gone: Promise.resolve() }, KEEP_MS);
      expect(process.listenerCount('SIGINT')).toBe(before);
    });
  });
});

/** The lines that are to be typed. */
function indented(text: string): string[] {
  return Array.from(text.matchAll(/^ {2}(\S.*)$/gm), ([, line = '']) => line);
}

/** What is printed until a line, that one included, and what comes behind. */
async function readUntil(stream: NodeJS.ReadableStream, last: RegExp) {
  const lines = createInterface(stream)[Symbol.asyncIterator]();
  let text = '';
  for (;;) {
    const { value, done } = await lines.next();
    if (done) throw new Error(`it ended before ${last}: ${text}`);
    text += `${value}\n`;
    if (last.test(value)) break;
  }
  const restOf = async () => {
    let rest = '';
    for (let next = await lines.next(); !next.done; next = await lines.next()) rest += `${next.value}\n`;
    return rest;
  };
  return { text, rest: restOf() };
}

async function accepts(host: string, port: number): Promise<boolean> {
  const socket = connect(port, host);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
