/** Local files. What lies on a disk is never sealed by a service. */
import { EnvsealError } from '../errors.ts';
import { MAX_SOURCE_BYTES } from '../limits.ts';
import { ErrnoError, type System } from '../system/system.ts';
import type { FileSource } from './source.ts';
import type { FetchedObject } from './store.ts';

export async function fetchFile(source: FileSource, system: System): Promise<FetchedObject> {
  const bytes = read(source.path, system);
  if (bytes.length > MAX_SOURCE_BYTES) {
    throw new EnvsealError('too_large', `the source is over ${MAX_SOURCE_BYTES} bytes`, {
      hint: 'an env file has to fit into the environment of a process; check the path',
    });
  }
  return {
    bytes,
    sealing: { kind: 'none' },
    version: undefined,
    namedKey: undefined,
    requestIds: [],
    attempts: 0,
  };
}

function read(path: string, system: System): Uint8Array {
  try {
    return system.readFile(Buffer.from(path).toString('latin1'), MAX_SOURCE_BYTES + 1);
  } catch (error) {
    const errno = error instanceof ErrnoError ? error.errno : 'EIO';
    if (errno === 'ENOENT' || errno === 'ENOTDIR') {
      throw new EnvsealError('not_found', 'no such file', {
        hint: 'check the path, and that the file is mounted into the container',
        cause: error,
      });
    }
    if (errno === 'EISDIR') {
      throw new EnvsealError('configuration', 'it is a directory', {
        hint: 'name a file; where a file to mount does not exist, container engines make a directory of its name',
        cause: error,
      });
    }
    if (errno !== 'EACCES' && errno !== 'EPERM') {
      throw new EnvsealError('unreachable', `cannot read it: ${errno}`, { cause: error });
    }
    throw new EnvsealError('denied', 'no permission to read it', {
      hint: 'check the mode and owner of the file, and the user of the container',
      cause: error,
    });
  }
}
