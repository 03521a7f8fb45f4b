/** Containers of the examples, and what the kernel says of the processes in them. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Podman } from '../../container/podman.ts';
import type { Env } from '../../e2e/transcript.ts';

/** As strict as a cluster may be: no root, no capability, and no place to write but /dev/shm. */
export const HARDENED = [
  '--read-only',
  // podman, unlike Docker, would otherwise put a tmpfs over /tmp and /run.
  '--read-only-tmpfs=false',
  '--cap-drop=ALL',
  '--security-opt=no-new-privileges',
];

/** Ends a container that a killed test run leaves behind. */
const LIFETIME_SECONDS = 120;
const START_LIMIT_MS = 180_000;

export interface Process {
  /** Within the container. */
  readonly pid: number;
  readonly argv: readonly string[];
  readonly env: Env;
  readonly uid: number;
  /** Bits, in hexadecimal digits. */
  readonly capabilities: string;
  readonly noNewPrivileges: boolean;
}

export interface Container extends AsyncDisposable {
  readonly id: string;
  /** Everything on stdout and stderr, once it has this. */
  logs(expected?: RegExp): Promise<string>;
  /** All processes in it, by their pid. */
  processes(): Promise<Process[]>;
  /** Runs a command in it. */
  exec(...words: string[]): Promise<{ status: number; stdout: string; stderr: string }>;
  /** Sends SIGTERM, and returns the container's exit status. */
  stop(): Promise<number>;
}

export async function startContainer(
  podman: Podman,
  image: string,
  env: Env,
  options: readonly string[] = HARDENED,
): Promise<Container> {
  const variables = Object.entries(env).map(([name, value]) => `--env=${name}=${value}`);
  const always = ['--detach', '--network=host', `--timeout=${LIFETIME_SECONDS}`];
  const id = (await podman.run('run', ...always, ...options, ...variables, image)).trim();
  const logsNow = async () => {
    const { stdout, stderr } = await podman.try('logs', id);
    return stdout + stderr;
  };
  return {
    id,
    async logs(expected = /^/) {
      await expect.poll(logsNow, { timeout: START_LIMIT_MS }).toMatch(expected);
      return await logsNow();
    },
    async processes() {
      const pid = Number(await podman.run('container', 'inspect', '--format', '{{.State.Pid}}', id));
      return readTree(pid).toSorted((a, b) => a.pid - b.pid);
    },
    exec: (...words) => podman.try('exec', ...words),
    async stop() {
      await podman.run('stop', '--time=20', id);
      return Number(await podman.run('wait', id));
    },
    async [Symbol.asyncDispose]() {
      await podman.run('rm', '--force', '--time=0', id);
    },
  };
}

/** A process of this machine's and all below it. */
function readTree(pid: number): Process[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
  );
  return [readProcess(pid), ...children.flatMap((child) => readTree(Number(child)))];
}

function readProcess(pid: number): Process {
  const words = (name: string) => readFileSync(`/proc/${pid}/${name}`, 'utf8').split('\0').slice(0, -1);
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '';
  return {
    pid: Number(field('NSpid').split('\t').at(-1)),
    argv: words('cmdline'),
    env: Object.fromEntries(words('environ').map((entry) => entry.split(/=(.*)/s).slice(0, 2))),
    uid: Number(field('Uid').split('\t')[0]),
    capabilities: field('CapEff'),
    noNewPrivileges: field('NoNewPrivs') === '1',
  };
}
