/** The tools that compile and link a release, each by its hash. */
import { readdirSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { execaSync } from 'execa';
import type { Arch } from '../build/executable.ts';
import { type HostTarget, TARGETS } from '../build/host.ts';
import { type Resource, sha256, sha256OfFile } from './digest.ts';

/** The programs of a C compiler, and what of its libraries is in a static executable. */
const CC_PROGRAMS = ['cc1', 'as', 'ld'];
const CC_LIBRARIES = [
  ...['libc.a', 'libm.a', 'libgcc_eh.a', 'libgcc.a'],
  ...['crt1.o', 'crti.o', 'crtn.o', 'crtbeginT.o', 'crtend.o'],
];

/** The Node in the folder's node_modules, which runs the bundlers. */
export function nodeOf(root: string): Resource {
  const path = realpathSync(join(root, 'node_modules/.bin/node'));
  return file(path, `node ${line(path, '--version')}`);
}

export function rustTools(archs: readonly Arch[]): Resource[] {
  const sysroot = line('rustc', '--print', 'sysroot');
  const cargo = line('cargo', '--version');
  const rustc = line('rustc', '--version');
  const drivers = readdirSync(join(sysroot, 'lib')).filter((name) =>
    /^lib(?:rustc_driver|LLVM).*\.so/.test(name),
  );
  return [
    file(programOf(sysroot, 'cargo'), cargo),
    file(programOf(sysroot, 'rustc'), rustc),
    ...drivers.sort().map((name) => file(join(sysroot, 'lib', name), `${rustc}: ${name}`)),
    ...archs.map((arch) => standardLibrary((TARGETS[arch] as HostTarget).triple, rustc)),
  ];
}

/** rustup's `rustc` on the PATH is a program that starts the one of the toolchain. */
function programOf(sysroot: string, name: string): string {
  const own = join(sysroot, 'bin', name);
  return execaSync(own, ['--version'], { reject: false }).failed ? line('which', name) : own;
}

/** All its files as one: the hash of their names and hashes. */
function standardLibrary(triple: string, rustc: string): Resource {
  const folder = line('rustc', '--print', 'target-libdir', '--target', triple);
  const sums = readdirSync(folder)
    .filter((name) => name.endsWith('.rlib'))
    .sort()
    .map((name) => `${sha256OfFile(join(folder, name))}  ${name}\n`);
  return {
    name: `${rustc}: the rlibs of ${triple}, as sha256sum lists them`,
    digest: { sha256: sha256(sums.join('')) },
  };
}

export function cTools(archs: readonly Arch[]): Resource[] {
  return [...new Set([process.arch as Arch, ...archs])].flatMap((arch) => {
    const { cc } = TARGETS[arch] as HostTarget;
    const version = line(cc, '--version');
    const programs = CC_PROGRAMS.map((name) => line('which', line(cc, `-print-prog-name=${name}`)));
    const libraries = CC_LIBRARIES.map((name) => line(cc, `-print-file-name=${name}`));
    return [line('which', cc), ...programs, ...libraries].map((path) =>
      file(realpathSync(path), `${version}: ${basename(path)}`),
    );
  });
}

function file(path: string, name: string): Resource {
  return { name, digest: { sha256: sha256OfFile(path) } };
}

/** The first line that a program prints. */
function line(program: string, ...args: string[]): string {
  return execaSync(program, args).stdout.split('\n')[0] ?? '';
}
