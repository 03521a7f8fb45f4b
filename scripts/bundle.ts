/** How a program is made: esbuild bundles it into chunks, and Bun compiles the bundle into an executable. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';
import { lean } from './lean.ts';
import { prepareBun } from './prepare-bun.ts';
import { ownPlatform } from './release/platforms.ts';
import { runtimeOf } from './release/runtime.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const bun = `${root}node_modules/bun/bin/bun.exe`;
/** Of every executable, inside: what it is called in a folder is its user's business. */
const NAME = 'envseal';

/**
 * Writes `NAME.mjs` and its chunks to `outdir`, and returns what went into which. Split, so that a start reads only what
 * it needs.
 */
export async function bundle(
  name: string,
  entry: string,
  outdir: string,
  define: BuildOptions['define'] = {},
): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { [name]: entry },
    outdir,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    // The SDK's ES modules shake to a third of its CommonJS ones.
    mainFields: ['module', 'main'],
    conditions: ['module', 'import'],
    external: ['bun:ffi'],
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunk-[hash]',
    // Where Google's library would look for files that are in the bundle. An ES module on Node has no such variable.
    define: { __dirname: '"/"', ...define },
    plugins: [withoutRequire, lean],
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
  });
  return metafile;
}

/** CommonJS asks for Node's own modules with `require`, which an ES module on Node does not have. */
const withoutRequire: Plugin = {
  name: 'without-require',
  setup(bundler) {
    bundler.onResolve({ filter: /^(node:)?[a-z0-9_/]+$/ }, ({ path, kind }) =>
      kind === 'require-call' && isBuiltin(path) ? { path, namespace: 'builtin' } : undefined,
    );
    bundler.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};

/** Makes an executable of a bundle: for this machine, or for another, whose runtime then comes from the npm registry. */
export function compile(bundled: string, executable: string, platform = ownPlatform()): void {
  const original = platform === ownPlatform() ? bun : runtimeOf(platform);
  const runtime = prepareBun(original, `${root}.cache/bun-${platform.name}`, platform);
  const options = ['--compile', '--minify', '--bytecode', '--format=esm', '--splitting'];
  // Neither a .env file nor a bunfig.toml of the working directory is ours to obey.
  const closed = ['--no-compile-autoload-dotenv', '--no-compile-autoload-bunfig'];
  const fresh = mkdtempSync(`${executable}.`);
  // The paths as they are given here go into the executable, so that they are the same wherever it is built.
  const temporary = `${fresh}/${NAME}`;
  const made = [`--target=${platform.target}`, `--compile-executable-path=${runtime}`];
  const args = ['build', ...options, ...closed, ...made, basename(bundled), '--outfile', temporary];
  execFileSync(bun, args, { cwd: dirname(bundled), stdio: ['ignore', 'ignore', 'inherit'] });
  // Bun writes in small pieces, and the page cache keeps them small: a copy starts a fifth faster, as it does when the
  // file was read from a disk.
  copyFileSync(temporary, executable);
  rmSync(fresh, { recursive: true });
}
