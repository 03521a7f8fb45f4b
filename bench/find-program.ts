/** Programs on the PATH, and elsewhere. */
import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';

/** Where the shell looks. */
export function pathFolders(): string[] {
  return (process.env.PATH ?? '').split(':').filter((folder) => folder !== '');
}

/** @param folders in the order in which they are looked at */
export function findProgram(name: string, folders: readonly string[]): string | undefined {
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
