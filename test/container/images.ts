import { copyFileSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Arch } from '../../scripts/build/executable.ts';
import { type Image, makeImageRoot } from '../../scripts/release/image-roots.ts';
import { arm64Executable } from './arm64.ts';
import { debianMirror } from './debian-mirror.ts';
import { type Podman, podmanIn } from './podman.ts';
import { mustRun } from './program.ts';

const repository = join(import.meta.dirname, '../..');
const RELEASE = 'bookworm';
const BASE = 'envseal-test-base';
const NODE_BASE = 'envseal-test-node';

/**
 * What takes long to make and is kept from one run to the next. The variable is not `ENVSEAL_CACHE`: the program
 * refuses an `ENVSEAL_` name that it does not know, and the processes of other tests inherit this one.
 */
const cacheFolder = process.env.TEST_CACHE || join(tmpdir(), 'envseal-cache');

/** The image that each kind gets envseal from. Node has the bundle. */
const IMAGE_OF = {
  debian: 'envseal',
  empty: 'envseal',
  astray: 'envseal',
  alpine: 'envseal',
  node: undefined,
  cli: 'envseal:cli',
  arm64: 'envseal:arm64',
} as const;

export type Kind = keyof typeof IMAGE_OF;
type Tag = NonNullable<(typeof IMAGE_OF)[Kind]>;

const BUILDS: Readonly<Record<Tag, { readonly image: Image; readonly arch: Arch }>> = {
  envseal: { image: 'envseal', arch: 'x64' },
  'envseal:cli': { image: 'cli', arch: 'x64' },
  'envseal:arm64': { image: 'envseal', arch: 'arm64' },
};

export interface Images<K extends Kind = Kind> extends AsyncDisposable {
  readonly podman: Podman;
  /** The ids of the applications' images. */
  readonly app: Readonly<Record<K, string>>;
  /** A folder for the time of the test run. */
  readonly folder: string;
}

const testFile = [`--file=${import.meta.dirname}/Dockerfile`];

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
    await fillContext(context, kinds);
    if (needsNode(kinds))
      await build(podman, '--target=node-base', `--tag=${NODE_BASE}`, ...testFile, context);
    await buildOurs(podman, folder, kinds);
    const app = {} as Record<K, string>;
    for (const kind of kinds) {
      const platform = kind === 'arm64' ? ['--platform=linux/arm64'] : [];
      app[kind] = await build(podman, ...platform, `--target=${kind}`, ...testFile, context);
    }
    return { podman, app, folder, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function needsNode(kinds: readonly Kind[]): boolean {
  return kinds.some((kind) => kind === 'node' || kind === 'cli');
}

/** The images of docker/Dockerfile, as far as these kinds need them. */
async function buildOurs(podman: Podman, folder: string, kinds: readonly Kind[]): Promise<void> {
  const context = join(folder, 'images');
  const dist = join(repository, 'dist');
  const tags = new Set(kinds.map((kind) => IMAGE_OF[kind]).filter((tag) => tag !== undefined));
  for (const tag of tags) {
    const { image, arch } = BUILDS[tag];
    const executable = arch === 'arm64' ? arm64Executable() : join(dist, 'envseal');
    if (executable === undefined) throw new Error('there is no executable for arm64: npm run release');
    makeImageRoot(image, { arch, executable, dist, seconds: 0 }, context);
    const platform = `--platform=linux/${arch === 'arm64' ? 'arm64' : 'amd64'}`;
    const options = [platform, `--build-arg=NODE=${NODE_BASE}`, `--target=${image}`, `--tag=${tag}`];
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
  await file('sh', '/bin/busybox');
  if (kinds.includes('alpine' as Kind)) {
    const { muslRoot } = await import('./musl.ts');
    await cp(await muslRoot(cacheFolder), join(context, 'musl'), { recursive: true });
  }
  if (kinds.includes('arm64' as Kind)) await file('qemu', '/usr/bin/qemu-aarch64-static');
  if (needsNode(kinds)) await addNode(context, file);
  if (kinds.includes('astray' as Kind)) await leadAstray(join(context, 'astray'));
}

async function addNode(context: string, file: (path: string, from: string) => Promise<void>): Promise<void> {
  await file('node/usr/local/bin/node', process.execPath);
  await file('node/usr/lib/libatomic.so.1', '/usr/lib/x86_64-linux-gnu/libatomic.so.1');
  await cp(join(repository, 'dist'), join(context, 'bundle'), {
    recursive: true,
    filter: (path) => path.endsWith('/dist') || path.endsWith('.mjs'),
  });
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
    // An engine makes the device nodes itself, and nothing is installed later.
    const without = ['./dev/*', './var/cache/apt/*', './var/lib/apt/lists/*'];
    await mustRun('tar', ['-C', root, ...without.map((glob) => `--exclude=${glob}`), '-cf', archive, '.']);
    await podman.run('import', '--quiet', archive, BASE);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
