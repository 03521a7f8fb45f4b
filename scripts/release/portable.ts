/**
 * Makes an executable for glibc run in any image: it names a dynamic loader of its own, in /opt/envseal, and that loader
 * looks for libraries nowhere else. The executable is still what the kernel starts, so `/proc/self/exe` is envseal.
 */
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Glibc } from './debian-glibc.ts';
import type { Platform } from './platforms.ts';
import { type Replacement, replace } from './replacement.ts';

const FOLDER = '/opt/envseal';
const LOADER = `${FOLDER}/ld.so`;
/** What Bun's runtime asks for, beside the loader. */
const LIBRARIES = ['libc.so.6', 'libdl.so.2', 'libm.so.6', 'libpthread.so.0'];
export const LOADER_NAMES: Record<Platform['arch'], string> = {
  x64: 'ld-linux-x86-64.so.2',
  arm64: 'ld-linux-aarch64.so.1',
};

/** Same length: `/./` and `//` mean nothing to the kernel. */
function padded(path: string, length: number): string {
  const fill = length - path.length;
  return path + (fill % 2 === 0 ? '' : '/') + '/.'.repeat(Math.floor(fill / 2));
}

/** `/opt/envseal` for the first of the folders that are built in, and for the others one that is never there. */
function searchFolders(triplet: string): Replacement {
  const folders = [`/lib/${triplet}/`, `/usr/lib/${triplet}/`, '/lib/', '/usr/lib/'];
  const changed = folders.map((folder, index) =>
    index < 2 ? `${padded(FOLDER, folder.length - 1)}/` : `${padded('/\x01', folder.length - 1)}/`,
  );
  const text = (names: string[]) => `${names.join('\0')}\0`;
  // For the search, and for what the loader says of itself.
  return { from: text(folders), to: text(changed), count: 2 };
}

/** The image's own cache and preloads name libraries for the image's own libc. */
const FILES: readonly Replacement[] = ['/etc/ld.so.cache', '/etc/ld.so.preload'].map((path) => ({
  from: `\0${path}\0`,
  to: `\0${padded(`${FOLDER}/-`, path.length)}\0`,
  count: 1,
}));

/**
 * `LD_LIBRARY_PATH`, `LD_PRELOAD` and the others are for the command, which still gets them. The loader compares the
 * first three bytes of each variable's name with `LD_`; the second comparison (D) is made to look at the first byte
 * again, which has just been found to be L.
 */
const VARIABLES: Record<Platform['arch'], Replacement> = {
  x64: {
    from: '\x80\x38L\x75\xee\x80\x78\x01D\x75\xe8\x80\x78\x02_',
    to: '\x80\x38L\x75\xee\x80\x78\x00D\x75\xe8\x80\x78\x02_',
    count: 1,
  },
  arm64: {
    from: '\x02\x00\x40\x39\x5f\x30\x01\x71\x81\xff\xff\x54\x02\x04\x40\x39\x5f\x10\x01\x71',
    to: '\x02\x00\x40\x39\x5f\x30\x01\x71\x81\xff\xff\x54\x02\x00\x40\x39\x5f\x10\x01\x71',
    count: 1,
  },
};

/** Writes `opt/envseal` and `usr/local/bin/envseal` to the root of an image. */
export function makePortable(root: string, executable: string, glibc: Glibc, arch: Platform['arch']): void {
  const folder = join(root, FOLDER);
  mkdirSync(folder, { recursive: true });
  const program = readFileSync(executable);
  setInterpreter(program, LOADER);
  writeFileSync(join(folder, 'envseal'), program, { mode: 0o755 });
  const loader = readFileSync(join(glibc.libraries, LOADER_NAMES[arch]));
  const triplet = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[arch];
  for (const change of [searchFolders(triplet), ...FILES, VARIABLES[arch]]) replace(loader, change);
  writeFileSync(join(folder, 'ld.so'), loader, { mode: 0o755 });
  for (const name of LIBRARIES) copyFileSync(join(glibc.libraries, name), join(folder, name));
  mkdirSync(join(root, 'usr/local/bin'), { recursive: true });
  symlinkSync(join('../../..', FOLDER, 'envseal'), join(root, 'usr/local/bin/envseal'));
}

const PT_INTERP = 3;

/** In place: the new path is not longer. `Elf64_Ehdr`, `Elf64_Phdr`: https://man7.org/linux/man-pages/man5/elf.5.html */
export function setInterpreter(program: Buffer, path: string): void {
  const headers = Number(program.readBigUInt64LE(32));
  const [size, count] = [program.readUInt16LE(54), program.readUInt16LE(56)];
  for (let at = headers; at < headers + size * count; at += size) {
    if (program.readUInt32LE(at) !== PT_INTERP) continue;
    const [offset, length] = [8, 32].map((field) => Number(program.readBigUInt64LE(at + field))) as [
      number,
      number,
    ];
    if (path.length >= length) throw new Error(`the path of the loader has only ${length} bytes`);
    program.fill(0, offset, offset + length).write(path, offset, 'latin1');
    return;
  }
  throw new Error('the executable names no loader');
}
