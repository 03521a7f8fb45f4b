/** What every start of the container executable reads: the chunks of its bundle that are imported, by the files in them. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import type { OutputChunk, Plugin } from 'rolldown';
import { bundleForHost } from '../../scripts/build/host-bundle.ts';

const root = resolve(import.meta.dirname, '../..');
/** The platform, and then the program. */
const ENTRIES = ['platform.mjs', 'envseal.mjs'];
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const define = { __ENVSEAL_VERSION__: JSON.stringify(version) };

/** Each file with its code as it is bundled: without types and without what nothing uses. */
export async function startFiles(): Promise<ReadonlyMap<string, string>> {
  const chunks = new Map<string, OutputChunk>();
  const collect: Plugin = {
    name: 'collect',
    generateBundle(_, bundle) {
      for (const file of Object.values(bundle)) if (file.type === 'chunk') chunks.set(file.fileName, file);
    },
  };
  const folder = mkdtempSync(join(tmpdir(), 'envseal-start-'));
  await bundleForHost(folder, { define, plugins: [collect] });
  rmSync(folder, { recursive: true });

  const imported = new Set(ENTRIES);
  const files = new Map<string, string>();
  for (const name of imported) {
    const chunk = chunks.get(name) as OutputChunk;
    for (const other of chunk.imports) imported.add(other);
    for (const [id, { code }] of Object.entries(chunk.modules)) files.set(relative(root, id), code ?? '');
  }
  return files;
}

/** As `bundleForHost` takes it: a program that writes the files of each chunk that it has read to stderr, before it execs. */
export const TELLING_WHAT_IT_READS = {
  define,
  plugins: [
    {
      name: 'tell',
      transform: (code: string, id: string) =>
        id === join(root, 'src/platform/callbacks.ts') ? `${TELL}${code}` : null,
      renderChunk: (code: string, { moduleIds }: { readonly moduleIds: readonly string[] }) => {
        const files = moduleIds.map((id) => relative(root, id));
        return { code: `(globalThis.filesRead ??= []).push(...${JSON.stringify(files)});${code}` };
      },
    } satisfies Plugin,
  ],
};

const TELL = `
  const told = globalThis.envsealHost;
  const { execve } = told;
  told.execve = (...all) => {
    told.write(2, told.encodeLatin1(JSON.stringify(globalThis.filesRead)));
    execve(...all);
  };
`;
