/** The bundle that the host runs: `src/` for its system, without what the full program does alone. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type OutputChunk, type Plugin } from 'rolldown';
import { LATER } from '../../src/platform/later.ts';
import { LEFT_TO_FULL_PROGRAM, PACKAGES_LEFT_TO_FULL_PROGRAM } from './full-program-only.ts';
import { metafileOf } from './node-bundle.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const source = `${root}src/`;
/** Makes the globals that everything else takes for granted: first of all, and without anything else. */
const PLATFORM = `${source}platform/install.ts`;
/** Those that are made when they are asked for, each by a module of its own. */
const later = Object.fromEntries(Object.keys(LATER).map((name) => [name, `${source}platform/${name}.ts`]));

export interface HostBundleOptions {
  readonly define?: Readonly<Record<string, string>>;
  readonly plugins?: readonly Plugin[];
  /** What runs after the platform. */
  readonly entry?: string;
}

/** Writes the modules to `outdir`, and returns their paths: the platform, the program, and what these load. */
export async function bundleForHost(
  outdir: string,
  { define = {}, plugins = [], entry = `${source}main.ts` }: HostBundleOptions = {},
): Promise<string[]> {
  const { output } = await build({
    cwd: root,
    input: { platform: PLATFORM, envseal: entry, ...later },
    platform: 'neutral',
    resolve: { mainFields: ['module', 'main'], conditionNames: ['envseal-host', 'module', 'import'] },
    transform: { target: 'es2024', define },
    checks: { ineffectiveDynamicImport: false },
    plugins: [...plugins, leftToFullProgram, withoutNode],
    write: false,
    output: {
      format: 'esm',
      minify: true,
      comments: { legal: false, annotation: false, jsdoc: false },
      entryFileNames: '[name].mjs',
      chunkFileNames: 'chunk-[hash].mjs',
      codeSplitting: {
        groups: [
          { name: 'platform', priority: 2, test: (id) => id !== PLATFORM && platformFiles.has(id) },
          {
            name: 'start',
            tags: ['$initial'],
            test: (id) => id !== entry && id !== PLATFORM && !laterFiles.has(id),
          },
          // Small, and wanted by many: in `commands` or `sops`, each start that wants one of them would load those whole.
          {
            name: 'small',
            test: /\/src\/(?:nearest|json|net\/answer-body|system\/(?:base64|same-bytes))\.ts$/,
          },
          { name: 'places', test: /\/src\/(?:needs-full-program|source-uri)\.ts$/ },
          // What reads a command line that is not plain.
          {
            name: 'commands',
            test: /\/src\/(?:settings|nearest|commands\/(?:load|unknown-command)|cli\/(?:arguments|flags|flag-values)|run\/run-command)\.ts$/,
          },
          // What a start from a SOPS file needs more.
          {
            name: 'sops',
            test: /\/src\/(?:keys\/kinds|sealing\/(?:open-sealed|sops\/(?:open|data-key|metadata|key-fields|read\/dotenv|scalars|ciphertext|mac|rule|flatten)))\.ts$/,
          },
          // What a start with a sink needs more, whichever it is, and what those that POST do.
          {
            name: 'events',
            test: /\/src\/(?:audit\/(?:record-start|deliver-now|event-options|known-credentials|sink-context|secret-variables)|events\/(?:container-id|deliver|access-draft|event|from-draft|outcome|workload|principal|access-recorder|text|uuid|variable-names|sinks\/(?:registry|sink-uri)))\.ts$/,
          },
          { name: 'posts', test: /\/src\/events\/sinks\/(?:http-post|webhook)\.ts$/ },
          { name: 'aws-kms', test: /\/src\/(?:keys\/aws-kms|aws\/(?:kms|json-call))\.ts$/ },
        ],
      },
    },
  });
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(outdir, { recursive: true });
  const chunks = output.filter((file) => file.type === 'chunk');
  checkLater(chunks);
  for (const { fileName, code } of chunks) writeFileSync(`${outdir}/${fileName}`, withHostImports(code));
  writeFileSync(`${outdir}/metafile.json`, JSON.stringify(metafileOf(chunks)));
  const first = ['platform.mjs', 'envseal.mjs'];
  const rest = chunks.map(({ fileName }) => fileName).filter((name) => !first.includes(name));
  return [...first, ...rest.sort()].map((name) => `${outdir}/${name}`);
}

/**
 * The host evaluates such a module whenever it is asked to, and `install.ts` makes a global of each export: a chunk that
 * imported one would get another instance, and an export more would be a global more.
 */
function checkLater(chunks: readonly OutputChunk[]): void {
  const expected: Readonly<Record<string, readonly string[]>> = LATER;
  for (const { fileName, imports, dynamicImports, exports } of chunks) {
    const imported = [...imports, ...dynamicImports].find((name) => name.replace(/\.mjs$/, '') in expected);
    if (imported !== undefined)
      throw new Error(`${fileName} imports ${imported}, which only the host may load`);
    const names = expected[fileName.replace(/\.mjs$/, '')];
    if (names !== undefined && exports.toSorted().join() !== names.toSorted().join())
      throw new Error(`${fileName} exports ${exports.join(', ')} instead of ${names.join(', ')}`);
  }
}

/**
 * QuickJS finds what `import()` is relative to in a function's debug information, which takes a third of the time that it
 * takes to read the bytecode. All modules are in one folder, so the host's own function needs none.
 */
function withHostImports(code: string): string {
  return code.replaceAll(/\bimport\((["'`])\.\//g, 'envsealImport($1./');
}

/** What the platform and its later globals are made of; the other files of their folder are for the system's adapter. */
const platformFiles = new Set([PLATFORM]);
const laterFiles = new Set(Object.values(later));

/** Each of these is loaded by `import()` where it is needed: there it throws what `continueInFullProgram` waits for. */
const leftToFullProgram: Plugin = {
  name: 'left-to-full-program',
  resolveId: {
    order: 'pre',
    handler(path, importer, { kind }) {
      const file = importer === undefined ? '' : resolve(dirname(importer), path);
      if (kind !== 'dynamic-import' && importer !== undefined && file.startsWith(`${source}platform/`)) {
        for (const files of [platformFiles, laterFiles]) if (files.has(importer)) files.add(file);
      }
      const what = PACKAGES_LEFT_TO_FULL_PROGRAM[path];
      if (what !== undefined) return `\0left:${what}`;
      if (importer === undefined || !/^\.{1,2}\/.*\.ts$/.test(path)) return null;
      const standIn = resolve(dirname(importer), path.replace(/\.ts$/, '.host.ts'));
      return existsSync(standIn) && importer !== standIn ? standIn : null;
    },
  },
  load(id) {
    const what = id.startsWith('\0left:')
      ? id.slice('\0left:'.length)
      : LEFT_TO_FULL_PROGRAM[relative(source, id)];
    if (what === undefined) return null;
    const code = `import { NeedsFullProgram } from '${source}needs-full-program.ts'; throw new NeedsFullProgram(${JSON.stringify(what)}); export {};`;
    return { code, moduleType: 'js', moduleSideEffects: true };
  },
};

/** Nothing of Node, and no SDK, may get in by a detour. */
const withoutNode: Plugin = {
  name: 'without-node',
  resolveId: {
    order: 'pre',
    handler(path, importer = '') {
      if (/^(?:node:|@aws-sdk\/|@smithy\/|@google-cloud\/|@grpc\/|google-|gaxios)/.test(path))
        throw new Error(
          `${relative(root, importer)} imports ${path}, which the host does not have: see full-program-only.ts`,
        );
      return null;
    },
  },
};
