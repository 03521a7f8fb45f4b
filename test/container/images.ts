import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { debianMirror } from './debian-mirror.ts';
import { type Podman, podmanIn } from './podman.ts';
import { mustRun } from './program.ts';

const repository = join(import.meta.dirname, '../..');
const RELEASE = 'bookworm';
const BASE = 'envseal-test-base';

/**
 * What takes long to make and is kept from one run to the next. The variable is not `ENVSEAL_CACHE`: the program
 * refuses an `ENVSEAL_` name that it does not know, and the processes of other tests inherit this one.
 */
const cacheFolder = process.env.TEST_CACHE || join(tmpdir(), 'envseal-cache');

export interface Images extends AsyncDisposable {
  readonly podman: Podman;
  /** The id of the application's image. */
  readonly app: string;
  /** A folder for the time of the test run. */
  readonly folder: string;
}

/**
 * Builds the image of a user of envseal without any registry: the base from Debian's packages, the image that only
 * carries the executable, and the application's own. The base takes 45 seconds and is kept; the others go with the run.
 */
export async function buildImages(): Promise<Images> {
  await mkdir(cacheFolder, { recursive: true });
  const kept = podmanIn(cacheFolder);
  await ensureBase(kept);
  const folder = await mkdtemp(join(cacheFolder, 'run-'));
  const podman = podmanIn(folder, { imagesOf: kept });
  const dispose = () => rm(folder, { recursive: true, force: true });
  try {
    await build(podman, '--tag', 'envseal', '--file', join(repository, 'docker/Dockerfile'), repository);
    const app = await build(podman, import.meta.dirname);
    return { podman, app, folder, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function build(podman: Podman, ...args: string[]): Promise<string> {
  return (await podman.run('build', '--quiet', ...args)).trim();
}

async function ensureBase(podman: Podman): Promise<void> {
  if ((await podman.try('image', 'exists', BASE)).status === 0) return;
  const folder = await mkdtemp(join(cacheFolder, 'base-'));
  try {
    const [root, archive] = [join(folder, 'root'), join(folder, 'root.tar')];
    const mirror = debianMirror(RELEASE);
    await mustRun('debootstrap', ['--variant=minbase', RELEASE, root, ...(mirror ? [mirror] : [])]);
    // An engine makes the device nodes itself, and nobody installs anything.
    const without = ['./dev/*', './var/cache/apt/*', './var/lib/apt/lists/*'];
    await mustRun('tar', ['-C', root, ...without.map((glob) => `--exclude=${glob}`), '-cf', archive, '.']);
    await podman.run('import', '--quiet', archive, BASE);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
