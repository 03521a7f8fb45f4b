/** The size of a program on disk. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Bytes of files, and of all files in folders. */
export function sizeOf(paths: readonly string[]): number {
  return paths.flatMap(filesIn).reduce((sum, path) => sum + statSync(path).size, 0);
}

function filesIn(path: string): string[] {
  if (statSync(path).isFile()) return [path];
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
