/**
 * A stop signal at any point of a start ends it, or reaches the command: none is lost, and the last word of a start that
 * did not happen is not `granted`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { describeReal } from '../real/available.ts';
import { kmsKeyArn } from '../servers/start.ts';
import { BARE, KEYS } from './aws.ts';
import { folder } from './folder.ts';
import { containerOnly, envsealWords, isBundle, PATH } from './program.ts';
import { CANARY } from './transcript.ts';

const STARTS = 300;
type Ending = 'ended by us' | 'ended as the command';

/** Called when the server has sent all of its answer: from then on a start has little left to do. */
let onAnswered = () => {};
let server: Server;
/** What came to it as a webhook. */
const reported: string[] = [];
beforeAll(async () => {
  server = createServer(async (request, response) => {
    if (request.method === 'POST') reported.push(JSON.parse(await text(request)).type);
    response.writeHead(200, {
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': kmsKeyArn(),
      'x-amz-request-id': 'id',
    });
    response.end(`A=${CANARY}\n`, () => onAnswered());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterAll(() => void server.close());

/** Keeps this process busy, and the other one going: a point of a start that no clock chooses. */
function spin(rounds: number): void {
  for (let round = 0; round < rounds; round++) performance.now();
}

/** Points close to the hand-over: later after a start that was ended, and earlier after one that came to its command. */
class Points {
  #rounds = 2 ** 10;
  readonly #endings = new Map<Ending, number>();

  next(): number {
    return Math.floor(this.#rounds * (0.9 + 0.2 * Math.random()));
  }

  add(ending: Ending): Ending {
    this.#rounds *= ending === 'ended by us' ? 1.2 : 1 / 1.2;
    this.#endings.set(ending, (this.#endings.get(ending) ?? 0) + 1);
    return ending;
  }

  /** A tenth at least on each. */
  expectBothSides(): void {
    const counts = [...this.#endings.values()];
    expect(counts).toHaveLength(2);
    const all = counts.reduce((sum, count) => sum + count);
    for (const count of counts) expect(count).toBeGreaterThan(all / 10);
  }
}

/** Starts a command that ends by a signal alone, and sends SIGTERM `rounds` after the answer. */
async function stopAt(rounds: number, flags: readonly string[]): Promise<Ending> {
  const { port } = server.address() as { port: number };
  const [file = '', ...words] = envsealWords;
  const args = ['run', ...flags, '-s', 's3://snacks/env', '--', 'sleep', '600'];
  const child: ChildProcess = spawn(file, [...words, ...args], {
    env: { PATH, ...BARE, ...KEYS, AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}` },
    stdio: 'ignore',
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  onAnswered = () => {
    spin(rounds);
    child.kill('SIGTERM');
  };
  const [status, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  expect([
    [143, null],
    [null, 'SIGTERM'],
  ]).toContainEqual([status, signal]);
  return status === 143 ? 'ended by us' : 'ended as the command';
}

function typesIn(path: string): string[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => (JSON.parse(line) as { type: string }).type);
}

// Node has its own handlers until execve, and what they have caught then is lost.
describe('SIGTERM at the hand-over', containerOnly, () => {
  test('is never lost', async () => {
    const home = folder();
    const points = new Points();
    for (let start = 0; start < STARTS; start++) {
      const log = join(home, `${start}`);
      const ending = points.add(await stopAt(points.next(), ['--event-sink', `file://${log}`]));
      expect(typesIn(log).at(-1)).toBe(
        ending === 'ended by us' ? 'envseal.access.failed' : 'envseal.access.granted',
      );
    }
    points.expectBothSides();
  }, 120_000);

  test('is never lost without a sink', async () => {
    const points = new Points();
    for (let start = 0; start < STARTS; start++) points.add(await stopAt(points.next(), []));
    points.expectBothSides();
  }, 120_000);

  test('in the background: what did not start is not reported as granted', async () => {
    const home = folder();
    const points = new Points();
    const endings: [log: string, Ending][] = [];
    const stopIn = async (log: string, rounds: number) => {
      const flags = ['--event-sink', `file://${log}`, '--event-policy', 'background'];
      const ending = await stopAt(rounds, flags);
      endings.push([log, ending]);
      return ending;
    };
    for (let start = 0; start < STARTS / 3; start++)
      points.add(await stopIn(join(home, `${start}`), points.next()));
    // The last one shows that the others, which were there before, have had their time.
    await stopIn(join(home, 'last'), 2 ** 20);
    const isTold = ([log, ending]: [string, Ending]) => typesIn(log).length > 0 || ending === 'ended by us';
    while (!endings.every(isTold)) await new Promise((resolve) => setImmediate(resolve));
    for (const [log, ending] of endings) {
      const types = typesIn(log);
      if (ending === 'ended by us') expect(types.at(-1)).not.toBe('envseal.access.granted');
      else expect(types).toEqual(['envseal.access.granted']);
    }
    points.expectBothSides();
  }, 120_000);
});

// Whoever starts a container may stop it before its first instruction: then it has opened nothing.
describe('SIGTERM from the first moment on', () => {
  test('ends it', async () => {
    const home = folder({ '.sealed': `A=${CANARY}\n` });
    mkdirSync(join(home, 'logs'));
    for (let start = 0; start < (isBundle ? 20 : STARTS); start++) {
      const log = join(home, 'logs', `${start}`);
      const [file = '', ...words] = envsealWords;
      const args = [
        '--allow-unsealed',
        '-s',
        './.sealed',
        '--event-sink',
        `file://${log}`,
        '--',
        'sleep',
        '600',
      ];
      const child = spawn(file, [...words, ...args], { cwd: home, env: { PATH }, stdio: 'ignore' });
      const exit = once(child, 'exit');
      spin(Math.floor(2 ** (18 * ((start * 0.618) % 1))));
      child.kill('SIGTERM');
      const [status, signal] = (await exit) as [number | null, NodeJS.Signals | null];
      expect([
        [143, null],
        [null, 'SIGTERM'],
      ]).toContainEqual([status, signal]);
      if (status === 143) expect(typesIn(log).at(-1)).not.toBe('envseal.access.granted');
    }
  }, 300_000);
});

describeReal('strace', 'SIGTERM while the start waits for the process that it leaves behind', () => {
  test('ends it, and nothing is reported as granted', containerOnly, async () => {
    const { port } = server.address() as { port: number };
    const traced = join(folder(), 'trace');
    const hook = `http://127.0.0.1:${port}/hook`;
    // The first execve of each process comes late, so that the one that delivers keeps the start waiting.
    const slow = ['-e', 'trace=execve,setsid', '-e', 'inject=execve:delay_enter=700000:when=1'];
    const flags = ['--event-sink', hook, '--event-policy', 'background', '-s', 's3://snacks/env'];
    const shell = [
      'sh',
      '-c',
      'echo $$; exec "$@"',
      'sh',
      ...envsealWords,
      'run',
      ...flags,
      '--',
      'echo',
      'ran',
    ];
    const child = spawn('strace', ['-f', '-o', traced, ...slow, ...shell], {
      env: { PATH, ...BARE, ...KEYS, AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}` },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    await expect
      .poll(() => existsSync(traced) && readFileSync(traced, 'utf8'), { timeout: 60_000 })
      .toContain('setsid');
    process.kill(Number(said), 'SIGTERM');
    const [status] = (await once(child, 'close')) as [number];
    expect({ status, ran: said.includes('ran') }).toEqual({ status: 143, ran: false });
    expect(reported).toEqual(['envseal.access.failed']);
  });
});
