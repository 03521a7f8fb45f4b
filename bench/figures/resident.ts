/** What remains of envseal once the command runs. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { Case } from '../launch.ts';
import type { Workbench } from '../workbench.ts';
import type { Figure } from './figure.ts';

/** Beside the command itself. */
export interface Resident {
  readonly processes: number;
  readonly mebibytes: number;
}

const LIMIT_MS = 20_000;
const SLEEP = 'sleep';

export async function measureResident(bench: Workbench): Promise<Figure[]> {
  const one = bench.envseal(bench.aws(), ['s3://snacks/one']);
  const resident = await residentOf({ ...one, words: [...one.words.slice(0, -1), `/bin/${SLEEP}`, '60'] });
  return [
    {
      title: 'resident beside the command',
      value: resident === undefined ? 'the command never ran' : `${resident.processes} processes`,
      limit: '0 processes',
      met: resident?.processes === 0,
    },
  ];
}

/** Starts it until `sleep` runs; nothing where it never does. */
export async function residentOf({ words: [file = '', ...args], env }: Case): Promise<Resident | undefined> {
  // Its own process group, so that all of it ends.
  const child = spawn(file, args, { env, stdio: 'ignore', detached: true });
  const exited = once(child, 'exit');
  try {
    const all = await processesWithSleep(child);
    if (all === undefined) return undefined;
    const others = all.filter((pid) => nameOf(pid) !== SLEEP);
    return { processes: others.length, mebibytes: others.reduce((sum, pid) => sum + mebibytesOf(pid), 0) };
  } finally {
    try {
      process.kill(-(child.pid as number), 'SIGKILL');
    } catch {}
    await exited;
  }
}

async function processesWithSleep(child: ChildProcess): Promise<number[] | undefined> {
  for (const begin = performance.now(); performance.now() - begin < LIMIT_MS; await wait(5)) {
    if (child.exitCode !== null || child.signalCode !== null) return undefined;
    const all = withDescendants(child.pid as number);
    if (all.some((pid) => nameOf(pid) === SLEEP)) return all;
  }
  return undefined;
}

function withDescendants(pid: number): number[] {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`);
    const children = tasks.flatMap((task) =>
      read(`/proc/${pid}/task/${task}/children`).split(' ').filter(Boolean),
    );
    return [pid, ...children.map(Number).flatMap(withDescendants)];
  } catch {
    return [];
  }
}

function nameOf(pid: number): string {
  return read(`/proc/${pid}/comm`);
}

function mebibytesOf(pid: number): number {
  return Number(/^VmRSS:\s*(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1024;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
