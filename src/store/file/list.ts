/** The files below a directory. */
import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { EnvsealError } from '../../errors.ts';
import type { FoundFile } from '../contract.ts';

/** Regular files, sorted by path. Directories that start with a dot are not looked into, and locks are no files. */
export async function* findFiles(directory: string): AsyncGenerator<FoundFile> {
  const base = directory.endsWith('/') ? directory : `${directory}/`;
  const entries = await readDirectory(base);
  const names = new Set(entries.map(({ name }) => name));
  for (const entry of entries) {
    const path = base + entry.name;
    if (entry.isDirectory()) {
      if (!entry.name.startsWith('.')) yield* findFiles(`${path}/`);
      continue;
    }
    const isLock = entry.name.endsWith('.lock') && names.has(entry.name.slice(0, -'.lock'.length));
    if (!entry.isFile() || isLock) continue;
    const found = await stat(path).catch(() => undefined);
    // It was deleted in the meantime.
    if (found !== undefined) yield { uri: path, size: found.size, modified: found.mtime };
  }
}

/** With its slash, a directory sorts as its files do. */
async function readDirectory(path: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    const sortable = (entry: Dirent) => Buffer.from(entry.isDirectory() ? `${entry.name}/` : entry.name);
    return entries.sort((a, b) => Buffer.compare(sortable(a), sortable(b)));
  } catch (error) {
    const { code = 'EIO' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new EnvsealError('not_found', `no such directory: ${path}`, {
        hint: 'check the path',
        cause: error,
      });
    }
    if (code === 'EACCES' || code === 'EPERM') {
      const hint = 'check its mode and owner';
      throw new EnvsealError('denied', `no permission to list ${path}`, { hint, cause: error });
    }
    throw new EnvsealError('unreachable', `cannot list ${path}: ${code}`, { cause: error });
  }
}
