import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Finished, mustRun, run } from './program.ts';

/** podman with images and containers of its own: the machine's are not touched, nor those of another test run. */
export interface Podman {
  /** Where it keeps its images and containers. */
  readonly storage: string;
  /** Runs a command, which has to succeed, and returns its stdout. */
  run(...args: string[]): Promise<string>;
  /** Runs a command, whatever comes of it. */
  try(...args: string[]): Promise<Finished>;
  /** Ends and removes all containers, and removes the folder with everything in it. */
  remove(): Promise<void>;
}

const POLL_MS = 50;

const SURROUNDINGS = { env: { CONTAINERS_CONF: join(import.meta.dirname, 'containers.conf') } };

/** Everything is in the folder; the images of the other podman can be used, and are not changed. */
export function podmanIn(folder: string, { imagesOf }: { readonly imagesOf?: Podman } = {}): Podman {
  const storage = join(folder, 'storage');
  const options = [
    ...['--root', storage, '--runroot', join(folder, 'run'), '--tmpdir', join(folder, 'tmp')],
    ...(imagesOf ? ['--storage-opt', `overlay.imagestore=${imagesOf.storage}`] : []),
  ];
  return {
    storage,
    run: (...args) => mustRun('podman', [...options, ...args], SURROUNDINGS),
    try: (...args) => run('podman', [...options, ...args], SURROUNDINGS),
    async remove() {
      await run('podman', [...options, 'rm', '--all', '--force', '--time=0'], SURROUNDINGS);
      while (await isNamedByProcess(storage)) await sleep(POLL_MS);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Whether a process has the path among its arguments. Each container's monitor runs `podman container cleanup` when the
 * container has ended, also when that is removed already, and nothing waits for it. It mounts the storage over itself and
 * writes there: to remove the folder at the same time fails with ENOTEMPTY or EBUSY, and can leave the mount.
 */
async function isNamedByProcess(path: string): Promise<boolean> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  // One that has ended in the meantime has no arguments.
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')));
  return lines.some((line) => line.includes(path));
}
