/** How a program is made: Rolldown bundles it into chunks, and Bun compiles the bundle into an executable. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type OutputChunk, type Plugin } from 'rolldown';
import { lean } from './lean.ts';
import { prepareBun } from './prepare-bun.ts';
import { ownPlatform } from './release/platforms.ts';
import { runtimeOf } from './release/runtime.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const bun = `${root}node_modules/bun/bin/bun.exe`;
/** Of every executable, inside: what it is called in a folder is its user's business. */
const NAME = 'envseal';

/** What went into which file, by paths from the repository. */
export interface Metafile {
  readonly outputs: Readonly<
    Record<string, { readonly bytes: number; readonly inputs: Readonly<Record<string, number>> }>
  >;
}

export interface BundleOptions {
  readonly define?: Readonly<Record<string, string>>;
  readonly plugins?: readonly Plugin[];
}

/**
 * Writes `NAME.mjs` and its chunks to `outdir`, and returns what went into which. Split, so that a start reads only what
 * it needs; and what every start needs is one chunk, because to find, link and run another costs as much as 3 KB of code.
 */
export async function bundle(
  name: string,
  entry: string,
  outdir: string,
  { define = {}, plugins = [] }: BundleOptions = {},
): Promise<Metafile> {
  const { output } = await build({
    cwd: root,
    input: { [name]: entry },
    platform: 'node',
    // Of programs that are only for Bun: the bench's.
    external: ['bun:ffi'],
    // The SDK's ES modules shake to a third of its CommonJS ones.
    resolve: { mainFields: ['module', 'main'], conditionNames: ['module', 'import'] },
    transform: {
      target: 'node24',
      // Where Google's library would look for files that are in the bundle. An ES module on Node has no such variable.
      define: { __dirname: '"/"', ...define },
    },
    // That it cannot split a chunk further where the groups below do not.
    checks: { ineffectiveDynamicImport: false },
    plugins: [...plugins, withoutRequire, lean],
    output: {
      dir: outdir,
      format: 'esm',
      minify: true,
      comments: { legal: false, annotation: false, jsdoc: false },
      entryFileNames: '[name].mjs',
      chunkFileNames: 'chunk-[hash].mjs',
      // Not the entry itself: it waits for the command to end, and so would whatever takes something from its chunk.
      codeSplitting: {
        groups: [
          { name: 'start', tags: ['$initial'], test: (id) => id !== entry },
          // What a start from a SOPS file needs more.
          {
            name: 'sops',
            test: /\/src\/sealing\/(?:open-sealed|sops\/(?:open|data-key|metadata|read-dotenv|read-json|typed|ciphertext|shamir|mac|regex|rule|flatten))\.ts$/,
          },
          { name: 'aws-kms', test: /\/src\/(?:keys\/aws-kms|aws\/(?:assume-role|kms|json-call)|json)\.ts$/ },
        ],
      },
    },
  });
  const chunks = output.filter((file) => file.type === 'chunk');
  return { outputs: Object.fromEntries(chunks.map((chunk) => [chunk.fileName, contentsOf(chunk)])) };
}

function contentsOf({ code, modules }: OutputChunk): Metafile['outputs'][string] {
  const inputs = Object.entries(modules).map(([id, { renderedLength }]) => [
    relative(root, id),
    renderedLength,
  ]);
  return { bytes: Buffer.byteLength(code), inputs: Object.fromEntries(inputs) };
}

/** CommonJS asks for Node's own modules with `require`, which an ES module on Node does not have. */
const withoutRequire: Plugin = {
  name: 'without-require',
  resolveId: {
    order: 'pre',
    handler: (source, _, { kind }) =>
      kind === 'require-call' && isBuiltin(source) ? `\0builtin:${source}` : null,
  },
  load: (id) =>
    id.startsWith('\0builtin:')
      ? `module.exports = process.getBuiltinModule(${JSON.stringify(id.slice('\0builtin:'.length))});`
      : null,
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
