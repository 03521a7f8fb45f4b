/** Local files. What lies on a disk is never sealed by a service. */
import { EnvsealError } from '../../errors.ts';
import { MAX_SOURCE_BYTES } from '../../limits-and-defaults.ts';
import { type Deadline, withDeadline } from '../../net/deadline.ts';
import type { FileSource } from '../../source-uri.ts';
import { toByteString } from '../../system/bytes.ts';
import { ErrnoError, type System } from '../../system/system.ts';
import type { FetchedObject } from '../object.ts';

/** Pipes too, such as `<(…)` of a shell, as long as the deadline lasts. */
export async function fetchFile(
  source: FileSource,
  { system, deadline }: { readonly system: System; readonly deadline: Deadline },
): Promise<FetchedObject> {
  const bytes = await read(source.path, system, deadline);
  if (bytes.length > MAX_SOURCE_BYTES) {
    throw new EnvsealError('too_large', `the source is over ${MAX_SOURCE_BYTES} bytes`, {
      hint: 'an env file must fit into the environment of a process; check the path',
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

async function read(path: string, system: System, deadline: Deadline): Promise<Uint8Array> {
  const bytes = toByteString(path);
  const limit = MAX_SOURCE_BYTES + 1;
  try {
    return (
      system.readFileAtOnce(bytes, limit) ?? (await withDeadline(system.readSlowly(bytes, limit), deadline))
    );
  } catch (error) {
    throw error instanceof EnvsealError ? error : explain(error);
  }
}

function explain(error: unknown): EnvsealError {
  const errno = error instanceof ErrnoError ? error.errno : 'EIO';
  if (errno === 'ENOENT' || errno === 'ENOTDIR') {
    return new EnvsealError('not_found', 'no such file', {
      hint: 'check the path, and that the file is mounted into the container',
      cause: error,
    });
  }
  if (errno === 'EISDIR') {
    return new EnvsealError('configuration', 'it is a directory', {
      hint: 'name a file; if a file to mount does not exist, container engines create a directory with its name',
      cause: error,
    });
  }
  if (errno !== 'EACCES' && errno !== 'EPERM') {
    return new EnvsealError('unreachable', `cannot read it: ${errno}`, { cause: error });
  }
  return new EnvsealError('denied', 'no permission to read it', {
    hint: 'check the mode and owner of the file, and the user of the container',
    cause: error,
  });
}
