/** The Dockerfiles of examples/docker, and the folder that each is built from. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Instruction, parseDockerfile } from './dockerfile.ts';

export const FOLDER = 'examples/docker';

/** Such as `distroless/Dockerfile.static`. */
export const DOCKERFILES = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter((path) => /(?:^|\/)Dockerfile[^/]*$/.test(path))
  .toSorted();

export function read(path: string): string {
  return readFileSync(join(FOLDER, path), 'utf8');
}

export function instructionsOf(path: string): Instruction[] {
  return parseDockerfile(read(path));
}

/** The images that differ in their base alone share a program. */
const WITH_THE_API = ['alpine', 'debian', 'distroless', 'scratch', 'ubi'];

export function contextOf(path: string): string {
  const folder = dirname(path);
  return WITH_THE_API.includes(folder) ? 'api' : folder;
}
