/**
 * Starts processes with nothing of a shell or a runtime's `spawn` in the measured time, and reads what the kernel
 * counted for them: libc's posix_spawn and wait4 through Bun's FFI.
 */
/// <reference path="../src/system/bun-ffi.d.ts" />
import { dlopen, ptr } from 'bun:ffi';

export interface Measured {
  /** From before the spawn until it was reaped, in ms. */
  readonly wallMs: number;
  /** User and system time, in ms. */
  readonly cpuMs: number;
  /** Peak resident memory, in MiB. */
  readonly memoryMiB: number;
  readonly status: number;
}

export interface Started {
  /** Waits for the end. Only the last few of many are asked in order, so wall times of a crowd are upper bounds. */
  finish(): Measured;
}

const libc = dlopen('libc.so.6', {
  posix_spawn: { args: ['ptr', 'ptr', 'ptr', 'ptr', 'ptr', 'ptr'], returns: 'i32' },
  wait4: { args: ['i32', 'ptr', 'i32', 'ptr'], returns: 'i32' },
}).symbols;

/** @param words the file and its arguments; the file is not looked up in PATH */
export function start(words: readonly string[], env: Readonly<Record<string, string>>): Started {
  const file = cString(words[0] as string);
  const argv = pointers(words);
  const envp = pointers(Object.entries(env).map(([name, value]) => `${name}=${value}`));
  const pid = new Int32Array(1);
  const begin = performance.now();
  const problem = libc.posix_spawn(ptr(pid), ptr(file), 0, 0, ptr(argv.list), ptr(envp.list));
  if (problem !== 0) throw new Error(`posix_spawn ${words[0]}: ${problem}`);
  return { finish: () => reap(pid[0] as number, begin) };
}

export function run(words: readonly string[], env: Readonly<Record<string, string>>): Measured {
  return start(words, env).finish();
}

function reap(pid: number, begin: number): Measured {
  const status = new Int32Array(1);
  // struct rusage: two struct timeval, then ru_maxrss in KiB. https://man7.org/linux/man-pages/man2/getrusage.2.html
  const usage = new BigInt64Array(18);
  if (libc.wait4(pid, ptr(status), 0, ptr(usage)) !== pid) throw new Error('wait4 failed');
  const wallMs = performance.now() - begin;
  const [userS = 0n, userUs = 0n, systemS = 0n, systemUs = 0n, maxRssKiB = 0n] = usage;
  const cpuMs = Number(userS + systemS) * 1000 + Number(userUs + systemUs) / 1000;
  const code = status[0] as number;
  return {
    wallMs,
    cpuMs,
    memoryMiB: Number(maxRssKiB) / 1024,
    status: code & 0x7f ? 128 + (code & 0x7f) : code >> 8,
  };
}

function cString(text: string): Uint8Array {
  return Buffer.from(`${text}\0`);
}

/** `strings` is returned so that it lives as long as the pointers into it. */
function pointers(words: readonly string[]): { list: BigUint64Array; strings: Uint8Array[] } {
  const strings = words.map(cString);
  return { list: new BigUint64Array([...strings.map((string) => BigInt(ptr(string))), 0n]), strings };
}
