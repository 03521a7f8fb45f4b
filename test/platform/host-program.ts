/**
 * The tests' program on the host: bundled, compiled by the host itself and linked. It takes the library that
 * `npm run build` leaves (`HOST_LIBRARY` names another one); where there is none, these tests are skipped.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { compileBytecode, type HostTarget, link, TARGETS } from '../../scripts/build/host.ts';
import { withHostImports } from '../../scripts/build/host-bundle.ts';
import type { Json } from './operations.ts';

const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;
const target = TARGETS[process.arch] as HostTarget;
const library = process.env.HOST_LIBRARY ?? libraryIn(process.env.CARGO_TARGET_DIR ?? 'host/target');

export const hasHost = existsSync(library);

export interface HostProgram {
  /** What each operation comes to. */
  perform(operations: readonly (readonly [string, ...Json[]])[]): Json[];
  remove(): void;
}

export async function makeHostProgram(): Promise<HostProgram> {
  const folder = mkdtempSync(join(tmpdir(), 'envseal-platform-'));
  const { metafile } = await build({
    entryPoints: {
      platform: 'src/platform/install.ts',
      tests: 'test/platform/on-host.ts',
      rest: 'src/platform/rest.ts',
    },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2024',
    metafile: true,
    logLevel: 'error',
  });
  // The host starts the first two, and the third when it is asked for.
  const first = ['platform.mjs', 'tests.mjs', 'rest.mjs'];
  const rest = Object.keys(metafile.outputs)
    .map((file) => basename(file))
    .filter((file) => !first.includes(file));
  const modules = [...first, ...rest].map((file) => join(folder, file));
  for (const module of modules) writeFileSync(module, withHostImports(readFileSync(module, 'utf8')));
  const program = join(folder, 'program');
  link(library, compileBytecode(library, modules, folder), program, target);
  return {
    perform(operations) {
      const input = toAscii(JSON.stringify(operations));
      const { stdout, stderr, status } = spawnSync(program, { input, maxBuffer: MAX_OUTPUT_BYTES });
      if (status !== 0) throw new Error(`the program ended with ${status}: ${stderr}`);
      return JSON.parse(stdout.toString('latin1')) as Json[];
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

function libraryIn(folder: string): string {
  return `${folder}/${target?.triple}/release/libenvseal_host.a`;
}

/** Reading it leans on nothing that is tested. */
function toAscii(json: string): string {
  return json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
