/** Programs on the PATH. */
import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';

/** @param folders where it may be beside the PATH; the PATH goes first */
export function findProgram(name: string, folders: readonly string[] = []): string | undefined {
  const path = (process.env.PATH ?? '').split(':').filter((folder) => folder !== '');
  return [...path, ...folders].map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
