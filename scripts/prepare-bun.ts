/**
 * Makes the runtime that goes into the executable invisible. Bun obeys variables of its own and changes what a process
 * inherits; both would be felt by the command that envseal becomes. The changes are to names of fixed length, each
 * counted: where a new version of Bun has other counts, the build fails, not the promise.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Platform } from './release/platforms.ts';
import { type Replacement, replace } from './release/replacement.ts';

/** No entry of an environment can be named by bytes that start with NUL. */
const INERT_VARIABLES: readonly Replacement[] = [
  { from: 'BUN_BE_BUN', to: '\0UN_BE_BUN', count: 1 },
  { from: 'BUN_OPTIONS', to: '\0UN_OPTIONS', count: 2 },
  // Would print each request with its headers.
  { from: 'BUN_CONFIG_VERBOSE_FETCH', to: '\0UN_CONFIG_VERBOSE_FETCH', count: 2 },
  // BUN_INSPECT, BUN_INSPECT_CONNECT_TO and BUN_INSPECT_PRELOAD: a debugger, which sees every value.
  { from: '\0BUN_INSPECT', to: '\0\0UN_INSPECT', count: 3 },
  // Would write files.
  { from: '\0BUN_BYTECODE_', to: '\0\0UN_BYTECODE_', count: 3 },
  // Would ask the kernel to kill the command when its parent ends.
  { from: '\0BUN_FEATURE_FLAG_NO_ORPHANS\0', to: '\0\0UN_FEATURE_FLAG_NO_ORPHANS\0', count: 1 },
  // Would take over the channel between the command and its parent.
  { from: '\0NODE_CHANNEL_FD\0', to: '\0\0ODE_CHANNEL_FD\0', count: 1 },
  // Would take away what `bun:ffi` needs.
  { from: '\0JavaScriptCoreUseJIT\0', to: '\0\0avaScriptCoreUseJIT\0', count: 1 },
];

/**
 * Prefixes that are not text in the file but part of the instructions that compare with them, in the forms that they have
 * on Linux.
 */
const INERT_PREFIXES: Record<Platform['arch'], readonly Replacement[]> = {
  x64: [
    // `BUN_JSC_`, options of the JavaScript engine, compared byte by byte. The second comparison (U) is made to look at
    // the first byte again, which the first has found to be B.
    {
      from: '\x41\x80\x7e\x01U\x75\xde\x41\x80\x7e\x02N',
      to: '\x41\x80\x7e\x00U\x75\xde\x41\x80\x7e\x02N',
      count: 1,
    },
    // `mimalloc_`, options of the allocator; upper and lower case are the same to it. It puts the option's name behind
    // the prefix, so this one has to stay a string: one that nobody has.
    { from: '\x49\xbdmimalloc', to: '\x49\xbd\x01imalloc', count: 1 },
  ],
  arm64: [
    {
      from: '\x2a\x05\x40\x39\x5f\x55\x01\x71\xa1\xfe\xff\x54',
      to: '\x2a\x01\x40\x39\x5f\x55\x01\x71\xa1\xfe\xff\x54',
      count: 1,
    },
    { from: '\x05\0mimalloc\x10\x11', to: '\x05\0\x01imalloc\x10\x11', count: 1 },
  ],
};

/**
 * Names in the dynamic symbol table. `signal` is called only to ignore SIGPIPE and SIGXFSZ, which the command would
 * inherit; `setrlimit` only to raise the soft limit of open files. Functions with as many arguments and no effect stand
 * in for them: getpid ignores its registers, getrlimit reads the limit into the caller's own struct.
 */
const INERT_SYMBOLS: Record<NonNullable<Platform['libc']>, readonly Replacement[]> = {
  glibc: [
    { from: '\0signal\0', to: '\0getpid\0', count: 1 },
    { from: '\0setrlimit\0', to: '\0getrlimit\0', count: 2, firstOnly: true },
  ],
  musl: [
    { from: '\0signal\0', to: '\0getpid\0', count: 1 },
    { from: '\0setrlimit\0', to: '\0getrlimit\0', count: 1 },
  ],
};

/** What is changed in a runtime for that platform. macOS runs no containers: there only the variables are made inert. */
export function changesFor({ os, arch, libc }: Platform): readonly Replacement[] {
  if (os === 'darwin') return INERT_VARIABLES;
  return [...INERT_VARIABLES, ...INERT_PREFIXES[arch], ...INERT_SYMBOLS[libc ?? 'glibc']];
}

/** What a user of that platform's executable should know that a user on Linux need not; empty where nothing. */
export function unchangedOn({ os }: Platform): readonly string[] {
  if (os !== 'darwin') return [];
  return [
    'BUN_JSC_* and MIMALLOC_* variables still reach the runtime',
    'the command inherits ignored SIGPIPE and SIGXFSZ, and the raised limit of open files, unless envseal undoes it',
  ];
}

/** Writes the prepared runtime to `target` unless it is there already, and returns `target`. */
export function prepareBun(source: string, target: string, platform: Platform): string {
  const newest = Math.max(...[source, fileURLToPath(import.meta.url)].map((path) => statSync(path).mtimeMs));
  if (existsSync(target) && statSync(target).mtimeMs > newest) return target;
  const bytes = readFileSync(source);
  for (const change of changesFor(platform)) replace(bytes, change);
  mkdirSync(dirname(target), { recursive: true });
  const fresh = `${target}.${process.pid}`;
  writeFileSync(fresh, bytes);
  chmodSync(fresh, 0o755);
  renameSync(fresh, target);
  return target;
}
