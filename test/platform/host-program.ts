/**
 * The tests' program on the host: bundled, compiled by the host itself and linked. `HOST_LIBRARY` names the host's
 * library (`libenvseal_host.a`); without it, and without one in the usual folder, these tests are skipped.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import type { Json } from './operations.ts';

const TRIPLE = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-unknown-linux-gnu`;
const LIBRARY = process.env.HOST_LIBRARY ?? resolve(`host/target/${TRIPLE}/release/libenvseal_host.a`);
const TABLE = `
.section .rodata
.balign 16
.globl envseal_bytecode_start
envseal_bytecode_start: .incbin "table"
.globl envseal_bytecode_end
envseal_bytecode_end:
.section .note.GNU-stack,"",@progbits
`;
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

export const hasHost = existsSync(LIBRARY);

export interface HostProgram {
  /** What each operation comes to. */
  perform(operations: readonly (readonly [string, ...Json[]])[]): Json[];
  remove(): void;
}

export async function makeHostProgram(): Promise<HostProgram> {
  const folder = mkdtempSync(join(tmpdir(), 'envseal-platform-'));
  const bundle = join(folder, 'on-host.mjs');
  await build({
    entryPoints: ['test/platform/on-host.ts'],
    outfile: bundle,
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2024',
    logLevel: 'error',
  });
  writeFileSync(join(folder, 'table'), '');
  const compiler = link(folder, 'compiler');
  execFileSync(compiler, ['compile', join(folder, 'table'), bundle]);
  const program = link(folder, 'program');
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

function link(cwd: string, out: string): string {
  writeFileSync(join(cwd, 'table.S'), TABLE);
  execFileSync('cc', ['-c', 'table.S'], { cwd });
  const words = [
    '-static',
    '-no-pie',
    '-Wl,--gc-sections',
    '-o',
    out,
    LIBRARY,
    'table.o',
    '-lm',
    '-lpthread',
    '-ldl',
  ];
  // The linker warns of what in the library would need a shared libc.
  execFileSync('cc', words, { cwd, stdio: ['ignore', 'ignore', 'ignore'] });
  return join(cwd, out);
}

/** ASCII alone, so that reading it leans on nothing that is tested. */
function toAscii(json: string): string {
  return json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
