/** What a test needs beyond npm: whether it is here, and what to do when it is not. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, test } from 'vitest';

const repository = join(import.meta.dirname, '../..');

/** Where `.ci/run` and the line below put moto; `moto_server` on the PATH does as well. */
const MOTO_VENV = '.cache/moto';
/** Where `.ci/run` and the line below put programs written in Go; those on the PATH do as well. */
const GO_BIN = '.cache/go/bin';

const INSTALL = {
  ceph: 'apt-get install --no-install-recommends radosgw ceph-mon ceph-osd ceph-common curl',
  moto: `python3 -m venv ${MOTO_VENV} && ${MOTO_VENV}/bin/pip install -r test/real/requirements.txt`,
  busybox: 'apt-get install busybox-static',
  'fake-gcs': `with Go: ${goInstall('fake-gcs-server')}`,
  otlp: `python3 -m venv ${MOTO_VENV} && ${MOTO_VENV}/bin/pip install -r test/real/requirements.txt`,
  hclfmt: `with Go: ${goInstall('hclfmt')}`,
  kustomize: `with Go: ${goInstall('kustomize/v5')}`,
  pip: `python3 -m venv ${MOTO_VENV}`,
  podman: 'as root: apt-get install --no-install-recommends podman runc debootstrap',
  python3: 'apt-get install python3',
  qemu: 'apt-get install qemu-user-static',
  sops: `with Go: ${goInstall('sops')}`,
  strace: 'apt-get install strace',
} as const;

export type Need = keyof typeof INSTALL;

/** `undefined` when a test can use it here, and otherwise one line that says what to install. */
export function available(need: Need): string | undefined {
  return usable[need]() ? undefined : `needs ${need}: ${INSTALL[need]}`;
}

const usable: Record<Need, () => boolean> = {
  // Another busybox may need libraries.
  busybox: () => existsSync('/usr/share/doc/busybox-static'),
  ceph: () => ['radosgw', 'radosgw-admin', 'ceph-mon', 'ceph-osd', 'ceph', 'curl', 'setpriv'].every(onPath),
  'fake-gcs': () => fakeGcsServer() !== undefined && onPath('curl') && onPath('setpriv'),
  hclfmt: () => hclfmtProgram() !== undefined,
  kustomize: () => kustomizeProgram() !== undefined,
  moto: () => motoServer() !== undefined && onPath('curl') && onPath('setpriv'),
  otlp: () => pythonOfVenv() !== undefined && onPath('setpriv'),
  pip: () => pipProgram() !== undefined,
  podman: () => process.getuid?.() === 0 && ['podman', 'runc', 'debootstrap', 'tar'].every(onPath),
  python3: () => onPath('python3'),
  qemu: () => onPath('qemu-aarch64-static'),
  sops: () => sopsProgram() !== undefined,
  // A sandbox may have strace and forbid ptrace.
  strace: () => onPath('strace') && spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0,
};

/** The path of `moto_server`, or `undefined`. */
export function motoServer(): string | undefined {
  return findProgram('moto_server', [join(repository, MOTO_VENV, 'bin'), ...searchPath()]);
}

/** The path of `pip`, or `undefined`. */
export function pipProgram(): string | undefined {
  return findProgram('pip', [join(repository, MOTO_VENV, 'bin'), ...searchPath()]);
}

/** The path of a Python that has `opentelemetry-proto`, or `undefined`. */
export function pythonOfVenv(): string | undefined {
  const python = findProgram('python', [join(repository, MOTO_VENV, 'bin')]);
  if (python === undefined) return undefined;
  const proto = 'import opentelemetry.proto.collector.logs.v1.logs_service_pb2';
  return spawnSync(python, ['-c', proto]).status === 0 ? python : undefined;
}

/** The path of `fake-gcs-server`, or `undefined`. */
export function fakeGcsServer(): string | undefined {
  return goProgram('fake-gcs-server');
}

/** The path of `sops`, or `undefined`. */
export function sopsProgram(): string | undefined {
  return goProgram('sops');
}

/** The path of `hclfmt`, which checks Terraform's language, or `undefined`. */
export function hclfmtProgram(): string | undefined {
  return goProgram('hclfmt');
}

/** The path of `kustomize`, or `undefined`. */
export function kustomizeProgram(): string | undefined {
  return goProgram('kustomize');
}

/** The path of `helm`, or `undefined`: building it takes minutes, so nothing here installs it. */
export function helmProgram(): string | undefined {
  return goProgram('helm');
}

/** The path of `systemd-analyze`, or `undefined`: a container has none. */
export function systemdAnalyzeProgram(): string | undefined {
  return findProgram('systemd-analyze', searchPath());
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

function goProgram(name: string): string | undefined {
  return findProgram(name, [join(repository, GO_BIN), ...searchPath()]);
}

function goInstall(name: string): string {
  return `GOBIN=$PWD/${GO_BIN} go install $(grep ${name}@ test/real/go-tools.txt)`;
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
