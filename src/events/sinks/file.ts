/**
 * Appends one line of JSON for each event to a file: O_APPEND and one write(2) for each line, so that containers can share
 * it. It is opened anew for each delivery, so that it can be rotated. Symbolic links are followed, as by a shell's `>>`:
 * images link log files to /dev/stdout, and who may change the folder may change the file anyway.
 */
import { EnvsealError } from '../../errors.ts';
import { toByteString } from '../../system/bytes.ts';
import { ErrnoError } from '../../system/system.ts';
import type { MakeSink } from '../sink.ts';
import { decode, misused, readQuery, sinkName } from './sink-uri.ts';

export const file: MakeSink = (url, { system }) => {
  readQuery(url, []);
  if (url.host !== '') throw misused(url, 'names a host', 'use file:///PATH');
  const path = decode(url, url.pathname);
  if (path.endsWith('/')) throw misused(url, 'names no file', 'use file:///PATH');
  return {
    name: sinkName(url),
    async deliver(events) {
      const lines = events.map((event) => `${JSON.stringify(event)}\n`);
      try {
        await system.append(toByteString(path), lines);
      } catch (error) {
        throw explain(error);
      }
    },
  };
};

function explain(error: unknown): EnvsealError {
  const errno = error instanceof ErrnoError ? error.errno : 'EIO';
  switch (errno) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new EnvsealError('configuration', 'its folder does not exist', {
        hint: 'create the folder, or mount it into the container',
        cause: error,
      });
    case 'EISDIR':
      return new EnvsealError('configuration', 'it is a directory', {
        hint: 'name a file in it',
        cause: error,
      });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new EnvsealError('denied', `no permission to append to it: ${errno}`, {
        hint: 'check the mode and owner of the file and its folder, the user of the container, and whether the mount is read-only',
        cause: error,
      });
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return new EnvsealError('undelivered', `no space left for it: ${errno}`, {
        hint: 'free some space, or raise the quota',
        cause: error,
      });
    default:
      return new EnvsealError('undelivered', `cannot append to it: ${errno}`, {
        hint:
          errno === 'ENXIO' ? 'no process reads from this pipe' : 'look up the error in open(2) and write(2)',
        cause: error,
      });
  }
}
