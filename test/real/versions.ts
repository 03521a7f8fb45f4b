/** The versions that the tests are written for, and the version of a program that is there. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Debian 12 brings this one. Debian's updates change only what follows the first dot. */
export const CEPH_MAJOR = '16';

const UNKNOWN = 'a version that does not show';

/** The version of a Python package in requirements.txt. Throws when it has none. */
export function requiredPackage(name: string): string {
  return only('requirements.txt', new RegExp(`^${name}==(\\S+)$`, 'm'));
}

/** The version of the program of a Go module in go-tools.txt, such as `v1.2.3`. Throws when it has none. */
export function requiredModule(program: string): string {
  return only('go-tools.txt', new RegExp(`/${program}(?:/v\\d+)?@(\\S+)$`, 'm'));
}

function only(file: string, line: RegExp): string {
  const version = line.exec(readFileSync(join(import.meta.dirname, file), 'utf8'))?.[1];
  if (version === undefined) throw new Error(`${file} has no line like ${line}`);
  return version;
}

/** The version of a package where a script written in Python finds it. */
export function packageOfScript(script: string, name: string): string {
  const named = /^#!\s*(\/\S*python\S*)/.exec(head(script))?.[1];
  // pyenv's scripts are for bash; the Python that they choose lies beside them.
  const python = [named, join(dirname(script), 'python3')].find((path) => path && existsSync(path));
  return python ? packageOf(python, name) : UNKNOWN;
}

/** The version of a package of a Python. */
export function packageOf(python: string, name: string): string {
  const program = `import importlib.metadata; print(importlib.metadata.version('${name}'))`;
  return printed(python, ['-c', program], /^(\S+)$/m);
}

/** The version of the module of which a Go program was built, as Go notes it in each program. */
export function moduleOf(program: string): string {
  return /\nmod\t\S+\t(\S+)/.exec(readFileSync(program, 'latin1'))?.[1] ?? UNKNOWN;
}

/** The first number of the version of Ceph. */
export function cephMajor(radosgw: string): string {
  return printed(radosgw, ['--version'], /^ceph version (\d+)\./);
}

function printed(program: string, args: readonly string[], pattern: RegExp): string {
  const { stdout } = spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return pattern.exec(stdout ?? '')?.[1] ?? UNKNOWN;
}

function head(file: string): string {
  return readFileSync(file).toString('latin1', 0, 512);
}
