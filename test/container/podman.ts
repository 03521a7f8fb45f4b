import { join } from 'node:path';
import { type Finished, mustRun, run } from './program.ts';

/** podman with images and containers of its own: the machine's are not touched, nor those of another test run. */
export interface Podman {
  /** Where it keeps its images and containers. */
  readonly storage: string;
  /** Runs a command, which has to succeed, and returns its stdout. */
  run(...args: string[]): Promise<string>;
  /** Runs a command, whatever comes of it. */
  try(...args: string[]): Promise<Finished>;
}

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
  };
}
