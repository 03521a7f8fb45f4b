/** Errors of file calls, explained for a write. */
import { dirname } from 'node:path';
import { EnvsealError, type ErrorCode } from '../../errors.ts';

interface Meaning {
  readonly code: ErrorCode;
  readonly says: string;
  readonly hint?: (path: string) => string;
}

const MEANINGS: Readonly<Record<string, Meaning>> = {
  ENOENT: { code: 'not_found', says: 'no such directory', hint: (path) => `mkdir -p ${dirname(path)}` },
  ENOTDIR: { code: 'not_found', says: 'no such directory', hint: (path) => `check ${dirname(path)}` },
  EACCES: denied((path) => `check mode and owner of ${dirname(path)}: a lock file must be created beside it`),
  EPERM: denied((path) => `check mode and owner of ${dirname(path)}`),
  EROFS: denied((path) => `the file system of ${dirname(path)} is read-only`),
  EISDIR: { code: 'configuration', says: 'it is not a regular file', hint: () => 'name a file' },
  ELOOP: { code: 'configuration', says: 'its symbolic links form a loop' },
};

function denied(hint: (path: string) => string): Meaning {
  return { code: 'denied', says: 'no permission to write it', hint };
}

export function explainErrno(error: unknown, path: string): unknown {
  if (error instanceof EnvsealError) return error;
  const { code = 'EIO' } = error as NodeJS.ErrnoException;
  const meaning = MEANINGS[code];
  if (meaning === undefined)
    return new EnvsealError('unreachable', `cannot write it: ${code}`, { cause: error });
  const hint = meaning.hint?.(path);
  return new EnvsealError(meaning.code, meaning.says, { cause: error, ...(hint && { hint }) });
}
