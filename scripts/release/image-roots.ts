/** The roots of the images in docker/Dockerfile: each file at its place, with its mode. */
import {
  chmodSync,
  copyFileSync,
  globSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Arch } from '../build/executable.ts';

export const IMAGES = ['envseal', 'cli'] as const;
export type Image = (typeof IMAGES)[number];

/** As image registries call them, and the builders' TARGETARCH. */
export const IMAGE_ARCHS: Record<Arch, string> = { x64: 'amd64', arm64: 'arm64' };

export interface ImageRoot {
  readonly arch: Arch;
  /** The container executable for that architecture. */
  readonly executable: string;
  /** Where the full program is: `envseal.mjs` and its chunks. */
  readonly dist: string;
  /** When the files were last changed, in seconds since 1970. */
  readonly seconds: number;
}

/** Makes `IMAGE-ARCH` in the folder, in place of what is there. */
export function makeImageRoot(
  image: Image,
  { arch, executable, dist, seconds }: ImageRoot,
  folder: string,
): void {
  const root = join(folder, `${image}-${IMAGE_ARCHS[arch]}`);
  rmSync(root, { recursive: true, force: true });
  const bin = join(root, 'usr/local/bin');
  mkdirSync(bin, { recursive: true });
  if (image === 'envseal') copyFileSync(executable, join(bin, 'envseal'));
  else fillCli(root, executable, dist);
  settle(root, seconds);
}

/** The executable looks for the full program beside its own file. */
function fillCli(root: string, executable: string, dist: string): void {
  const lib = join(root, 'usr/local/lib/envseal');
  mkdirSync(lib, { recursive: true });
  copyFileSync(executable, join(lib, 'envseal'));
  for (const name of globSync('*.mjs', { cwd: dist })) copyFileSync(join(dist, name), join(lib, name));
  symlinkSync('../lib/envseal/envseal', join(root, 'usr/local/bin/envseal'));
}

/** Modes depend on nothing but the names: containers that are not root read and start all of it. */
function settle(path: string, seconds: number): void {
  const status = lstatSync(path);
  if (status.isDirectory()) for (const name of readdirSync(path)) settle(join(path, name), seconds);
  if (!status.isSymbolicLink()) chmodSync(path, path.includes('/chunk-') ? 0o644 : 0o755);
  lutimesSync(path, seconds, seconds);
}
