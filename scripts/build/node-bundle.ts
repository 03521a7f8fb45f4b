/** The full program: Rolldown bundles `src/` and the SDKs into chunks for Node. */
import { isBuiltin } from 'node:module';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type OutputChunk, type Plugin } from 'rolldown';
import { stubPlugin } from './stub-plugin.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

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
    // The SDK's ES modules shake to a third of its CommonJS ones.
    resolve: { mainFields: ['module', 'main'], conditionNames: ['module', 'import'] },
    transform: {
      target: 'node24',
      // Where Google's library would look for files that are in the bundle. An ES module on Node has no such variable.
      define: { __dirname: '"/"', ...define },
    },
    // That it cannot split a chunk further where the groups below do not.
    checks: { ineffectiveDynamicImport: false },
    plugins: [...plugins, withoutRequire, stubPlugin],
    output: {
      dir: outdir,
      format: 'esm',
      minify: true,
      comments: { legal: false, annotation: false, jsdoc: false },
      entryFileNames: '[name].mjs',
      chunkFileNames: 'chunk-[hash].mjs',
      // Not the entry itself: it waits for the command to end, and so would whatever takes something from its chunk.
      codeSplitting: {
        groups: [{ name: 'start', tags: ['$initial'], test: (id) => id !== entry }],
      },
    },
  });
  return metafileOf(output.filter((file) => file.type === 'chunk'));
}

export function metafileOf(chunks: readonly OutputChunk[]): Metafile {
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
