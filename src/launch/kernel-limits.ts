/** The kernel's limits on what execve is given, checked before it so that the error can name the variable. */
import { EnvsealError } from '../errors.ts';
import { MAX_ENV_STRING_BYTES } from '../limits.ts';
import type { ByteString } from '../system/system.ts';
import { nameOf } from './environ.ts';

/** `bprm_stack_limits` in Linux's fs/exec.c: a quarter of the stack's soft limit, between 128 KiB and 6 MiB. */
const MIN_TOTAL_BYTES = 131_072;
const MAX_TOTAL_BYTES = 6 * 1024 * 1024;
const POINTER_BYTES = 8;

/**
 * Throws `too_large`. `stackLimit` is RLIMIT_STACK's soft limit in bytes. What the kernel itself adds (the file name,
 * the auxiliary vector's strings) is left a page of room.
 */
export function checkKernelLimits(
  argv: readonly ByteString[],
  environ: readonly ByteString[],
  stackLimit: number,
): void {
  const [args, variables] = [measure(argv), measure(environ)];
  const long = variables.longest;
  if (long.length + 1 > MAX_ENV_STRING_BYTES) {
    throw new EnvsealError(
      'too_large',
      `${printable(nameOf(long))} is ${long.length + 1} bytes with its name, over the kernel's ${MAX_ENV_STRING_BYTES}`,
      {
        hint: 'store large content in a file of its own and pass its location',
      },
    );
  }
  if (args.longest.length + 1 > MAX_ENV_STRING_BYTES) {
    throw new EnvsealError(
      'too_large',
      `an argument of the command is over the kernel's ${MAX_ENV_STRING_BYTES} bytes`,
    );
  }
  const limit = Math.max(MIN_TOTAL_BYTES, Math.min(MAX_TOTAL_BYTES, Math.floor(stackLimit / 4))) - 4096;
  const total = args.bytes + variables.bytes;
  if (total <= limit) return;
  throw new EnvsealError(
    'too_large',
    `arguments and environment are ${total} bytes, over the kernel's ${limit}`,
    {
      hint: `the largest variable is ${printable(nameOf(long))} with ${long.length} bytes; take fewer with --only or --exclude`,
    },
  );
}

/** `bytes`: each string with its NUL and the pointer to it. */
function measure(strings: readonly ByteString[]): { bytes: number; longest: ByteString } {
  let bytes = (1 + POINTER_BYTES) * strings.length;
  let longest = '';
  for (let i = 0; i < strings.length; i++) {
    const { length } = strings[i] as ByteString;
    bytes += length;
    if (length > longest.length) longest = strings[i] as ByteString;
  }
  return { bytes, longest };
}

/** An inherited name can hold any byte. */
function printable(name: ByteString): string {
  return name.replace(/[^\x20-\x7e]/g, '?').slice(0, 100);
}
