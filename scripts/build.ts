/** `npm run build`: dist/envseal.mjs with its chunks for Node, and dist/envseal, the same bundle compiled by Bun. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { prepareBun } from './prepare-bun.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = `${root}dist`;
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { version: string };

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
await bundle();
compile();

/** Split, so that a start reads only its own chunk: the SDK's are read when they are asked for. */
async function bundle(): Promise<void> {
  await build({
    entryPoints: { envseal: `${root}src/main.ts` },
    outdir: dist,
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
    define: { __ENVSEAL_VERSION__: JSON.stringify(version) },
    legalComments: 'none',
    logLevel: 'warning',
  });
  const entry = `${dist}/envseal.mjs`;
  writeFileSync(entry, `#!/usr/bin/env node\n${readFileSync(entry, 'utf8')}`);
  chmodSync(entry, 0o755);
}

function compile(): void {
  const bun = prepareBun(`${root}node_modules/bun/bin/bun.exe`, `${root}.cache/bun`);
  const options = ['--compile', '--minify', '--bytecode', '--format=esm', '--splitting'];
  // Neither a .env file nor a bunfig.toml of the working directory is ours to obey.
  const sealed = [
    '--no-compile-autoload-dotenv',
    '--no-compile-autoload-bunfig',
    `--compile-executable-path=${bun}`,
  ];
  execFileSync(
    `${root}node_modules/bun/bin/bun.exe`,
    ['build', ...options, ...sealed, `${dist}/envseal.mjs`, '--outfile', `${dist}/envseal`],
    {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  const mebibytes = (statSync(`${dist}/envseal`).size / 1024 / 1024).toFixed(0);
  console.log(`dist/envseal ${version}, ${mebibytes} MiB`);
}
