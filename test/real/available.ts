/** What a test needs beyond npm: whether it is here, and what to do when it is not. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, test } from 'vitest';

const repository = join(import.meta.dirname, '../..');

/** Where `.ci/run` and the line below put moto; `moto_server` on the PATH does as well. */
const MOTO_VENV = '.cache/moto';

const INSTALL = {
  ceph: 'apt-get install --no-install-recommends radosgw ceph-mon ceph-osd ceph-common curl',
  moto: `python3 -m venv ${MOTO_VENV} && ${MOTO_VENV}/bin/pip install -r test/real/requirements.txt`,
  podman: 'as root: apt-get install --no-install-recommends podman runc debootstrap',
  strace: 'apt-get install strace',
} as const;

export type Need = keyof typeof INSTALL;

/** `undefined` when a test can use it here, and otherwise one line that says what to install. */
export function available(need: Need): string | undefined {
  return usable[need]() ? undefined : `needs ${need}: ${INSTALL[need]}`;
}

const usable: Record<Need, () => boolean> = {
  ceph: () => ['radosgw', 'radosgw-admin', 'ceph-mon', 'ceph-osd', 'ceph', 'curl', 'setpriv'].every(onPath),
  moto: () => motoServer() !== undefined && onPath('curl') && onPath('setpriv'),
  podman: () => process.getuid?.() === 0 && ['podman', 'runc', 'debootstrap', 'tar'].every(onPath),
  // A sandbox may have strace and forbid ptrace.
  strace: () => onPath('strace') && spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0,
};

/** The path of `moto_server`, or `undefined`. */
export function motoServer(): string | undefined {
  return findProgram('moto_server', [join(repository, MOTO_VENV, 'bin'), ...searchPath()]);
}

/**
 * `describe`, for tests that need something from outside npm. Where it is missing, CI fails with the line that says
 * what to install: a suite that is skipped there would look like one that passes. Elsewhere the suite is skipped, and
 * the line is printed.
 */
export function describeReal(needs: Need | readonly Need[], title: string, suite: () => void): void {
  const missing = [needs]
    .flat()
    .map(available)
    .find((line) => line !== undefined);
  if (missing === undefined) {
    describe(title, suite);
  } else if (process.env.CI) {
    test(title, () => {
      throw new Error(missing);
    });
  } else {
    console.warn(`skipped: ${title}: ${missing}`);
    describe.skip(title, suite);
  }
}

function onPath(program: string): boolean {
  return findProgram(program, searchPath()) !== undefined;
}

/** A user's PATH often has no sbin, where Debian puts runc and debootstrap. */
function searchPath(): string[] {
  return [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
}

function findProgram(name: string, directories: readonly string[]): string | undefined {
  return directories.map((directory) => join(directory, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
