/**
 * Requirements of tests beyond npm: whether each is here in the right version, and what to do when it is not.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { arm64Executable } from '../container/arm64.ts';
import { skipFor } from '../skip.ts';
import { GO_BIN, isOnPath, isPinned, pipProgram, type Search, searchFor, VENV } from './programs.ts';

const repository = join(import.meta.dirname, '../..');
const VENV_INSTALL = `python3 -m venv ${VENV} && ${VENV}/bin/pip install -r test/real/requirements.txt`;

const INSTALL = {
  arm64: 'npm run release, or npm run build -- --all',
  ceph: 'on Debian 12: apt-get install --no-install-recommends radosgw ceph-mon ceph-osd ceph-common curl',
  moto: VENV_INSTALL,
  busybox: 'apt-get install busybox-static',
  'fake-gcs': `with Go: ${goInstall('fake-gcs-server')}`,
  otlp: VENV_INSTALL,
  host: 'npm run build with cargo on the PATH, as README.md says',
  hclfmt: `with Go: ${goInstall('hclfmt')}`,
  kustomize: `with Go: ${goInstall('kustomize/v5')}`,
  pip: `python3 -m venv ${VENV}`,
  podman: 'as root: apt-get install --no-install-recommends podman runc debootstrap',
  python3: 'apt-get install python3',
  qemu: 'apt-get install qemu-user-static',
  release: 'npm run release',
  sops: `with Go: ${goInstall('sops')}`,
  strace: 'apt-get install strace',
} as const;

export type Need = keyof typeof INSTALL;

/** `undefined` when a test can use it here, and otherwise one line that says what is there and what to install. */
export function available(need: Need): string | undefined {
  const search = isPinned(need) ? searchFor(need) : undefined;
  if ((search === undefined || search.path !== undefined) && (usable[need]?.() ?? true)) return undefined;
  return `needs ${need}${search ? describeVersions(search) : ''}: ${INSTALL[need]}`;
}

export function describeVersions({ wanted, other }: Search): string {
  return ` ${wanted}${other ? `, and found ${other.version} (${other.path})` : ''}`;
}

/** Beyond the version of those that are pinned. */
const usable: Partial<Record<Need, () => boolean>> = {
  arm64: () => arm64Executable() !== undefined,
  // Another busybox may need libraries.
  busybox: () => existsSync('/usr/share/doc/busybox-static'),
  ceph: () => ['radosgw-admin', 'ceph-mon', 'ceph-osd', 'ceph', 'curl', 'setpriv'].every(isOnPath),
  'fake-gcs': () => isOnPath('curl') && isOnPath('setpriv'),
  host: () => existsSync(join(repository, 'dist/envseal')),
  moto: () => isOnPath('curl') && isOnPath('setpriv'),
  otlp: () => isOnPath('setpriv'),
  pip: () => pipProgram() !== undefined,
  podman: () => process.getuid?.() === 0 && ['podman', 'runc', 'debootstrap', 'tar'].every(isOnPath),
  python3: () => isOnPath('python3'),
  qemu: () => isOnPath('qemu-aarch64-static'),
  release: () => existsSync(join(repository, 'dist/release/SHA256SUMS')),
  // A sandbox may have strace and forbid ptrace.
  strace: () => isOnPath('strace') && spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0,
};

/**
 * `describe`, for tests that need something from outside npm, or nothing where `needs` is empty. Where it is missing, or
 * is of another version than the pinned one, CI fails with the line that says what to install: a suite that is skipped
 * there would look like one that passes. Elsewhere the suite is skipped, and the line is in the table at the end.
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
    describe(title, skipFor(missing), suite);
  }
}

function goInstall(name: string): string {
  return `GOBIN=$PWD/${GO_BIN} go install $(grep ${name}@ test/real/go-tools.txt)`;
}
