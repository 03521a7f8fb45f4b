/** Drives the launcher (`bench/yardstick/src/bin/launch`), which measures, so that Node is out of what is measured. */
import { spawn, spawnSync } from 'node:child_process';
import { text } from 'node:stream/consumers';

export interface Case {
  /** The program's file, not looked up in the PATH, and its arguments. No line ends. */
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The `cgroup.procs` files that it enters first. */
  readonly join?: readonly string[];
  /** Files that are dropped from the page cache before each start. */
  readonly evict?: readonly string[];
}

export interface Start {
  readonly wallMs: number;
  /** User and system time. */
  readonly cpuMs: number;
  /** The kernel's `ru_maxrss`. */
  readonly peakMiB: number;
  /** As in a shell: 128 + n for signal n. 137 for what took too long. */
  readonly status: number;
}

/** Many starts at once. */
export interface Crowd {
  /** Until the last has ended. */
  readonly wallMs: number;
  /** The total of all. */
  readonly cpuMs: number;
  /** The most of any. */
  readonly peakMiB: number;
  readonly succeeded: number;
}

export interface Turns {
  readonly rounds: number;
  /** Rounds before, which fill the page cache. Default: 5. */
  readonly warmUp?: number;
  /** The limit for one startup, in ms. Default: 60,000. */
  readonly timeoutMs?: number;
}

/** The limit for a whole script: nothing here takes so long unless it hangs. */
const SCRIPT_MS = 10 * 60_000;

export class Launcher {
  readonly #program: string;

  constructor(program: string) {
    this.#program = program;
  }

  /** Starts the cases in turns, so that what disturbs the machine disturbs all alike. */
  async inTurns<Name extends string>(
    cases: Readonly<Record<Name, Case>>,
    { rounds, warmUp = 5, timeoutMs = 60_000 }: Turns,
  ): Promise<Record<Name, Start[]>> {
    const names = Object.keys(cases) as Name[];
    const script = [...names.flatMap((name) => linesOf(cases[name])), `timeout ${timeoutMs}`];
    const printed = await this.#run([...script, `turns ${warmUp} ${rounds}`]);
    const starts = Object.fromEntries(names.map((name) => [name, [] as Start[]])) as Record<Name, Start[]>;
    for (const line of printed) {
      const [index = 0, wallNs = 0, cpuNs = 0, peakKiB = 0, status = 0] = line.split(' ').map(Number);
      const start = { wallMs: wallNs / 1e6, cpuMs: cpuNs / 1e6, peakMiB: peakKiB / 1024, status };
      starts[names[index] as Name].push(start);
    }
    return starts;
  }

  /** @param timeoutMs for all of them */
  async atOnce(one: Case, count: number, timeoutMs = 60_000): Promise<Crowd> {
    const script = [...linesOf(one), `timeout ${timeoutMs}`, `crowd 0 ${count}`];
    const numbers = (await this.#run(script))[0]?.split(' ').slice(2).map(Number) ?? [];
    const [wallNs = 0, cpuNs = 0, peakKiB = 0, succeeded = 0] = numbers;
    return { wallMs: wallNs / 1e6, cpuMs: cpuNs / 1e6, peakMiB: peakKiB / 1024, succeeded };
  }

  async #run(script: readonly string[]): Promise<string[]> {
    // A process group of its own, so that nothing stays behind.
    const child = spawn(this.#program, { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
    const timer = setTimeout(() => process.kill(-(child.pid as number), 'SIGKILL'), SCRIPT_MS);
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    child.stdin.end(`${script.join('\n')}\n`);
    const printed = await text(child.stdout);
    const status = await ended;
    clearTimeout(timer);
    if (status !== 0) throw new Error(`the launcher exited with ${status}`);
    return printed.trim().split('\n');
  }
}

/** Why a case does not start, or nothing where it does: the status and what it said last. */
export function whyItFails({ words: [file = '', ...args], env }: Case): string | undefined {
  const { status, signal, stderr, error } = spawnSync(file, args, {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    timeout: 120_000,
  });
  if (error !== undefined) return error.message;
  if (status === 0) return undefined;
  const said =
    stderr
      .trim()
      .split('\n')
      .find((line) => /error/i.test(line)) ?? stderr.trim().split('\n').at(-1);
  return `${signal ?? `exit ${status}`}: ${said?.slice(0, 200)}`;
}

function linesOf({ words, env, join = [], evict = [] }: Case): string[] {
  return [
    'case',
    ...words.map((word) => `arg ${word}`),
    ...Object.entries(env).map(([name, value]) => `env ${name}=${value}`),
    ...join.map((file) => `join ${file}`),
    ...evict.map((file) => `evict ${file}`),
  ];
}
