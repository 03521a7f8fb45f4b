/**
 * The tests' program on the host: bundled, compiled by the host itself and linked. It takes the library that
 * `npm run build` leaves (`HOST_LIBRARY` names another one); where there is none, these tests are skipped.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { compileBytecode, type HostTarget, link, TARGETS } from '../../scripts/build/host.ts';
import { bundleForHost, type HostBundleOptions } from '../../scripts/build/host-bundle.ts';
import type { Json } from './operations.ts';

const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;
const target = TARGETS[process.arch] as HostTarget;
const library = process.env.HOST_LIBRARY ?? libraryIn(process.env.CARGO_TARGET_DIR ?? 'host/target');

/** Why there is none. */
export const noHost = existsSync(library)
  ? undefined
  : 'needs the host as a library: npm run build with cargo on the PATH, as README.md says';

export interface HostProgram {
  /** What each operation comes to. */
  perform(operations: readonly (readonly [string, ...Json[]])[]): Json[];
  remove(): void;
}

export async function makeHostProgram(): Promise<HostProgram> {
  const { program, remove } = await linkForHost({ entry: resolve('test/platform/on-host.ts') });
  return {
    remove,
    perform(operations) {
      const input = toAscii(JSON.stringify(operations));
      const { stdout, stderr, status } = spawnSync(program, { input, maxBuffer: MAX_OUTPUT_BYTES });
      if (status !== 0) throw new Error(`the program ended with ${status}: ${stderr}`);
      return JSON.parse(stdout.toString('latin1')) as Json[];
    },
  };
}

/** An executable of a bundle, by its path. */
export async function linkForHost(
  options: HostBundleOptions,
): Promise<{ readonly program: string; remove(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'envseal-platform-'));
  const modules = await bundleForHost(join(folder, 'bundle'), options);
  const program = join(folder, 'program');
  link(library, compileBytecode(library, modules, folder), program, target);
  return { program, remove: () => rmSync(folder, { recursive: true }) };
}

function libraryIn(folder: string): string {
  return `${folder}/${target?.triple}/release/libenvseal_host.a`;
}

/** Reading it leans on nothing that is tested. */
function toAscii(json: string): string {
  return json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
