import { copyFileSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Carrier } from '../../scripts/release/carriers.ts';
import { debianMirror } from '../../scripts/release/debian-mirror.ts';
import { makeTestCarrier } from './carriers.ts';
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

/** What each kind of image gets envseal from. Node has the bundle. */
const CARRIER_OF = {
  debian: 'glibc',
  empty: 'portable',
  astray: 'portable',
  alpine: 'portable',
  'alpine-libstdcxx': 'musl',
  node: undefined,
  arm64: 'portable',
} as const satisfies Record<string, Carrier | undefined>;

export type Kind = keyof typeof CARRIER_OF;

export interface Images<K extends Kind = Kind> extends AsyncDisposable {
  readonly podman: Podman;
  /** The ids of the applications' images. */
  readonly app: Readonly<Record<K, string>>;
  /** A folder for the time of the test run. */
  readonly folder: string;
}

/**
 * Builds images of users of envseal without any registry: bases from Debian's packages, the images that only carry
 * envseal, and the application's own. Debian's base takes 45 seconds and is kept; the others go with the run.
 */
export async function buildImages<K extends Kind>(kinds: readonly K[]): Promise<Images<K>> {
  await mkdir(cacheFolder, { recursive: true });
  const kept = podmanIn(cacheFolder);
  await ensureBase(kept);
  const folder = await mkdtemp(join(cacheFolder, 'run-'));
  const podman = podmanIn(folder, { imagesOf: kept });
  const dispose = () => podman.remove();
  try {
    const context = join(folder, 'context');
    await Promise.all([fillContext(context, kinds), buildCarriers(podman, folder, kinds)]);
    const app = {} as Record<K, string>;
    for (const kind of kinds) {
      const platform = kind === 'arm64' ? ['--platform=linux/arm64'] : [];
      app[kind] = await build(
        podman,
        ...platform,
        `--target=${kind}`,
        `--file=${import.meta.dirname}/Dockerfile`,
        context,
      );
    }
    return { podman, app, folder, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function buildCarriers(podman: Podman, folder: string, kinds: readonly Kind[]): Promise<void> {
  const context = join(folder, 'carriers');
  const wanted = new Set(
    kinds
      .filter((kind) => CARRIER_OF[kind])
      .map((kind) => `${CARRIER_OF[kind]}${kind === 'arm64' ? '-arm64' : ''}`),
  );
  for (const tag of wanted) {
    const [carrier, arch] = tag.split('-') as [Carrier, 'arm64' | undefined];
    await makeTestCarrier(carrier, arch ?? 'x64', context, join(cacheFolder, 'executables'));
    const platform = `--platform=linux/${arch ?? 'amd64'}`;
    const options = [platform, `--target=${carrier}`, `--tag=envseal:${tag}`];
    await build(podman, ...options, `--file=${repository}/docker/Dockerfile`, context);
  }
}

/** What the Dockerfile beside this copies, as far as these kinds need it. */
async function fillContext(context: string, kinds: readonly Kind[]): Promise<void> {
  const file = async (path: string, from: string) => {
    await mkdir(dirname(join(context, path)), { recursive: true });
    copyFileSync(from, join(context, path));
    await chmod(join(context, path), 0o755);
  };
  await file('app.sh', join(import.meta.dirname, 'app.sh'));
  await file('exits.sh', join(import.meta.dirname, 'exits.sh'));
  if (kinds.some((kind) => kind !== 'debian' && kind !== 'node')) await file('sh', '/bin/busybox');
  if (kinds.some((kind) => kind.startsWith('alpine'))) {
    const { muslRoot } = await import('./musl.ts');
    await cp(await muslRoot(cacheFolder), join(context, 'musl'), { recursive: true });
  }
  if (kinds.includes('arm64' as Kind)) await file('qemu', '/usr/bin/qemu-aarch64-static');
  if (kinds.includes('node' as Kind)) await addNode(context, file);
  if (kinds.includes('astray' as Kind)) await leadAstray(join(context, 'astray'));
}

async function addNode(context: string, file: (path: string, from: string) => Promise<void>): Promise<void> {
  await file('node/usr/local/bin/node', process.execPath);
  await file('node/usr/lib/libatomic.so.1', '/usr/lib/x86_64-linux-gnu/libatomic.so.1');
  await cp(join(repository, 'dist'), join(context, 'node/usr/local/lib/envseal'), {
    recursive: true,
    filter: (path) => path.endsWith('dist') || path.endsWith('.mjs'),
  });
  await symlink('../lib/envseal/envseal.mjs', join(context, 'node/usr/local/bin/envseal'));
}

/** Text where a loader would look for libraries, its cache and its preloads. */
async function leadAstray(root: string): Promise<void> {
  const files = ['lib64/ld-linux-x86-64.so.2', 'etc/ld.so.cache', 'etc/ld.so.preload'];
  const libraries = ['libc.so.6', 'libdl.so.2', 'libm.so.6', 'libpthread.so.0'];
  const folders = ['lib', 'lib64', 'usr/lib', 'lib/x86_64-linux-gnu', 'usr/lib/x86_64-linux-gnu'];
  for (const path of [
    ...files,
    ...folders.flatMap((folder) => libraries.map((name) => `${folder}/${name}`)),
  ]) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), '/lib/x86_64-linux-gnu/libc.so.6\n');
  }
}

export async function build(podman: Podman, ...args: string[]): Promise<string> {
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
