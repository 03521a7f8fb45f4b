/** libc through `node:ffi`: Node 26 has it, as an experiment; before there is nothing. https://nodejs.org/api/ffi.html */
import { NO_LIMIT_LEFT, PR_SET_DUMPABLE, RLIMIT_CORE } from '../core-dumps.ts';

interface Ffi {
  dlopen(
    path: string,
    symbols: Record<string, { readonly arguments: readonly string[]; readonly return: string }>,
  ): { readonly functions: Record<string, (...args: (number | bigint | Uint8Array)[]) => number> };
}

export function forbidByExperimentalFfi(): void {
  const ffi = process.getBuiltinModule('node:ffi') as unknown as Ffi | undefined;
  if (ffi === undefined || process.platform !== 'linux') return;
  try {
    const { functions } = ffi.dlopen('libc.so.6', {
      setrlimit: { arguments: ['int32', 'buffer'], return: 'int32' },
      prctl: { arguments: ['int32', 'uint64', 'uint64', 'uint64', 'uint64'], return: 'int32' },
    });
    functions.setrlimit?.(RLIMIT_CORE, NO_LIMIT_LEFT);
    functions.prctl?.(PR_SET_DUMPABLE, 0n, 0n, 0n, 0n);
  } catch {
    // Forbidden by Node's own permissions, or changed since.
  }
}
