/** A new file that only its owner can read. */
import { closeSync, fsyncSync, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { EnvsealError } from '../errors.ts';
import { syncDirectory } from '../store/file/write.ts';

/** Hints for a file that cannot be created. */
const HINTS: Readonly<Record<string, (path: string) => string>> = {
  EEXIST: () => 'files are never overwritten: give another name, or move that file away',
  ENOENT: (path) => `create its directory first: mkdir -p ${dirname(path)}`,
  ENOTDIR: (path) => `${dirname(path)} is not a directory: give another`,
  EACCES: (path) => `this user may not write to ${dirname(path)}: give another directory`,
  EROFS: (path) => `${dirname(path)} is read-only: give another directory`,
  ENOSPC: (path) => `free some space on the disk of ${dirname(path)}`,
};

/** On the disk when it returns, and gone when it throws `configuration`. */
export function writeNewFile(path: string, text: string): void {
  // Exclusive, so that neither a file nor what a symbolic link points to is overwritten.
  const fd = attempt('create', path, () => openSync(path, 'wx', 0o600));
  try {
    attempt('write', path, () => {
      writeFileSync(fd, text);
      fsyncSync(fd);
    });
  } catch (error) {
    unlinkSync(path);
    throw error;
  } finally {
    closeSync(fd);
  }
  syncDirectory(dirname(path));
}

function attempt<T>(what: string, path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const { code = 'EIO' } = error as NodeJS.ErrnoException;
    const hint = HINTS[code]?.(path);
    const details = { cause: error, ...(hint === undefined ? {} : { hint }) };
    throw new EnvsealError('configuration', `cannot ${what} ${path}: ${code}`, details);
  }
}
