/**
 * The kernel's limits on execve's arguments, checked before the call so that the error can name the variable.
 */
import { MAX_ENV_STRING_BYTES } from '../limits-and-defaults.ts';
import type { CStrings } from '../system/c-strings.ts';

/** `bprm_stack_limits` in Linux's fs/exec.c: a quarter of the stack's soft limit, between 128 KiB and 6 MiB. */
const MIN_TOTAL_BYTES = 131_072;
const MAX_TOTAL_BYTES = 6 * 1024 * 1024;
const POINTER_BYTES = 8;

/**
 * Throws `too_large`. `stackLimit` is RLIMIT_STACK's soft limit in bytes. What the kernel itself adds (the file name,
 * the auxiliary vector's strings) is left a page of room.
 */
export async function checkKernelLimits(
  argv: CStrings,
  environ: CStrings,
  stackLimit: number,
): Promise<void> {
  const limit = Math.max(MIN_TOTAL_BYTES, Math.min(MAX_TOTAL_BYTES, Math.floor(stackLimit / 4))) - 4096;
  const total = totalBytes(argv) + totalBytes(environ);
  if (total <= limit && !hasTooLong(argv) && !hasTooLong(environ)) return;
  throw (await import('./too-large.ts')).explainTooLarge({ argv, environ, total, limit });
}

/** Each string with its NUL and the pointer to it. */
function totalBytes({ count, block }: CStrings): number {
  return block.length + POINTER_BYTES * count;
}

/**
 * A string longer than the limit covers at least one of the places that are that many bytes apart, so
 * thousands of strings need no look.
 */
function hasTooLong({ block }: CStrings): boolean {
  for (let at = MAX_ENV_STRING_BYTES; at < block.length; at += MAX_ENV_STRING_BYTES) {
    const start = block.lastIndexOf(0, at - 1) + 1;
    if (block.indexOf(0, at) + 1 - start > MAX_ENV_STRING_BYTES) return true;
  }
  return false;
}
