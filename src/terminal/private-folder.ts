/** A folder in memory for its owner alone: what is in it never gets to a disk. */
import { chmodSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { EnvsealError } from '../errors.ts';
import type { Host } from '../host.ts';

/** https://man7.org/linux/man-pages/man2/statfs.2.html: TMPFS_MAGIC and RAMFS_MAGIC. */
const MEMORY_FILE_SYSTEMS: readonly number[] = [0x01021994, 0x858458f6];

/** Makes one with mode 0700. Throws `configuration` where no file system in memory can be written to. */
export function makePrivateFolder(variables: Host['variables']): string {
  for (const parent of candidates(variables)) {
    const path = tryToMake(parent);
    if (path !== undefined) return path;
  }
  throw new EnvsealError('configuration', 'no tmpfs to keep the file in while it is edited', {
    hint: 'mount one on /dev/shm (docker run --tmpfs /dev/shm), or set XDG_RUNTIME_DIR to a folder in one: values are not written to a disk',
  });
}

/** With everything that an editor has left there. */
export function removePrivateFolder(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 3 });
}

function candidates({ XDG_RUNTIME_DIR = '' }: Host['variables']): string[] {
  const own = userId();
  return [
    ...(XDG_RUNTIME_DIR.startsWith('/') ? [XDG_RUNTIME_DIR] : []),
    ...(own === undefined ? [] : [`/run/user/${own}`]),
    '/dev/shm',
  ];
}

/** A container's user often has no entry in /etc/passwd, which is an error for Node. */
function userId(): number | undefined {
  try {
    return userInfo().uid;
  } catch {
    return undefined;
  }
}

function tryToMake(parent: string): string | undefined {
  let path: string | undefined;
  try {
    if (!isInMemory(parent)) return undefined;
    path = mkdtempSync(join(parent, 'envseal-'));
    chmodSync(path, 0o700);
    // Looked at again: the parent may have been mounted over, or replaced.
    if (isInMemory(path)) return path;
  } catch {}
  if (path !== undefined) removePrivateFolder(path);
  return undefined;
}

function isInMemory(path: string): boolean {
  return MEMORY_FILE_SYSTEMS.includes(statfsSync(path).type);
}
