/** The bundle that the host runs: `src/` for its system, without what the full program does alone. */
import { existsSync } from 'node:fs';
import { basename, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { LEFT_TO_FULL_PROGRAM } from './full-program-only.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Writes the modules to `outdir`, and returns their paths: the platform, the program, and what these import. */
export async function bundleForHost(
  outdir: string,
  define: Readonly<Record<string, string>>,
  plugins: readonly Plugin[] = [],
): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { platform: 'src/platform/install.ts', envseal: 'src/main.ts' },
    outdir,
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunk-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['envseal-host', 'module', 'import'],
    target: 'es2024',
    minify: true,
    legalComments: 'none',
    define: { ...define },
    metafile: true,
    logLevel: 'warning',
    plugins: [...plugins, leftToFullProgram, withoutNode],
  });
  const files = Object.keys(metafile.outputs)
    .filter((file) => file.endsWith('.mjs'))
    .sort();
  const first = ['platform.mjs', 'envseal.mjs'];
  const rest = files.filter((file) => !first.includes(basename(file)));
  return [...first, ...rest.map((file) => basename(file))].map((name) => `${outdir}/${name}`);
}

/** Each of these is loaded by `import()` where it is needed: there it throws what `continueInFullProgram` waits for. */
const leftToFullProgram: Plugin = {
  name: 'left-to-full-program',
  setup(context) {
    context.onResolve({ filter: /\.ts$/ }, ({ path, resolveDir, importer }) => {
      const standIn = resolve(resolveDir, path.replace(/\.ts$/, '.host.ts'));
      return existsSync(standIn) && importer !== standIn ? { path: standIn } : undefined;
    });
    context.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const what = LEFT_TO_FULL_PROGRAM[relative(`${root}src`, path)];
      if (what === undefined) return undefined;
      const contents = `import { NeedsFullProgram } from '${root}src/full-program.ts'; throw new NeedsFullProgram(${JSON.stringify(what)});`;
      return { contents, loader: 'ts' };
    });
  },
};

/** Nothing of Node, and no SDK, may get in by a detour. */
const withoutNode: Plugin = {
  name: 'without-node',
  setup(context) {
    context.onResolve(
      { filter: /^(?:node:|@aws-sdk\/|@smithy\/|@google-cloud\/|@grpc\/|google-|gaxios)/ },
      ({ path, importer }) => ({
        errors: [
          {
            text: `${relative(root, importer)} imports ${path}, which the host does not have; see full-program-only.ts`,
          },
        ],
      }),
    );
  },
};
