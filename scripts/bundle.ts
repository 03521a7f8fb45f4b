/** How a program is made: esbuild bundles it into chunks, and Bun compiles the bundle into an executable. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, rmSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { prepareBun } from './prepare-bun.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const bun = `${root}node_modules/bun/bin/bun.exe`;

/** Writes `NAME.mjs` and its chunks to `outdir`. Split, so that a start reads only what it needs. */
export async function bundle(
  name: string,
  entry: string,
  outdir: string,
  define: BuildOptions['define'] = {},
) {
  await build({
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
    plugins: [withoutRequire],
    legalComments: 'none',
    logLevel: 'warning',
  });
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

/** Makes an executable for this machine of a bundle. */
export function compile(bundled: string, executable: string): void {
  const runtime = prepareBun(bun, `${root}.cache/bun`);
  const options = ['--compile', '--minify', '--bytecode', '--format=esm', '--splitting'];
  // Neither a .env file nor a bunfig.toml of the working directory is ours to obey.
  const closed = ['--no-compile-autoload-dotenv', '--no-compile-autoload-bunfig'];
  const temporary = `${executable}.bun`;
  const args = [
    'build',
    ...options,
    ...closed,
    `--compile-executable-path=${runtime}`,
    bundled,
    '--outfile',
    temporary,
  ];
  execFileSync(bun, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  // Bun writes in small pieces, and the page cache keeps them small: a copy starts a fifth faster, as it does when the
  // file was read from a disk.
  copyFileSync(temporary, executable);
  rmSync(temporary);
}
