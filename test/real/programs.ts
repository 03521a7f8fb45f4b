/** Locations of the programs that tests use and npm does not bring. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import {
  CEPH_MAJOR,
  cephMajor,
  moduleOf,
  packageOf,
  packageOfScript,
  requiredModule,
  requiredPackage,
} from './versions.ts';

const repository = join(import.meta.dirname, '../..');

/** Where `.ci/run` and the lines in available.ts put moto; `moto_server` on the PATH does as well. */
export const VENV = '.cache/moto';
/** Where `.ci/run` and the lines in available.ts put programs written in Go; those on the PATH do as well. */
export const GO_BIN = '.cache/go/bin';

const PROTO = 'opentelemetry-proto';

/** A search for a program whose answers depend on its version. */
export interface Search {
  readonly wanted: string;
  /** Where the wanted version is. */
  readonly path: string | undefined;
  /** The first one that is there, where none has the wanted version. */
  readonly other: { readonly path: string; readonly version: string } | undefined;
}

/** Tests use these in one version only: what another one does differently is not envseal's fault. */
const PINNED = {
  ceph: () => search(onPath('radosgw'), cephMajor, CEPH_MAJOR),
  'fake-gcs': () => searchGo('fake-gcs-server'),
  hclfmt: () => searchGo('hclfmt'),
  kustomize: () => searchGo('kustomize'),
  moto: () =>
    search(inVenvOrOnPath('moto_server'), (path) => packageOfScript(path, 'moto'), requiredPackage('moto')),
  otlp: () => search(inVenv('python'), (path) => packageOf(path, PROTO), requiredPackage(PROTO)),
  sops: () => searchGo('sops'),
} as const;

export type Pinned = keyof typeof PINNED;

const searches = new Map<Pinned, Search>();

export function isPinned(name: string): name is Pinned {
  return Object.hasOwn(PINNED, name);
}

/** Looks once: reading the version takes a moment. */
export function searchFor(name: Pinned): Search {
  const found = searches.get(name) ?? PINNED[name]();
  searches.set(name, found);
  return found;
}

/** The path of a program in the pinned version. Throws where it is not; `available` asks first. */
export function pinnedProgram(name: Pinned): string {
  const { path } = searchFor(name);
  if (path === undefined) throw new Error(`there is no ${name} of the pinned version`);
  return path;
}

/** The path of `pip`, or `undefined`. */
export function pipProgram(): string | undefined {
  return inVenvOrOnPath('pip')[0];
}

/** The path of `helm`, or `undefined`: building it takes minutes, so nothing here installs it. */
export function helmProgram(): string | undefined {
  return ofGoOrOnPath('helm')[0];
}

/** The path of `systemd-analyze`, or `undefined`: a container has none. */
export function systemdAnalyzeProgram(): string | undefined {
  return onPath('systemd-analyze')[0];
}

export function isOnPath(program: string): boolean {
  return onPath(program).length > 0;
}

function searchGo(program: string): Search {
  return search(ofGoOrOnPath(program), moduleOf, requiredModule(program));
}

/** The first of the wanted version: one on the PATH may be right where the one of an older checkout is not. */
export function search(
  paths: readonly string[],
  versionOf: (path: string) => string,
  wanted: string,
): Search {
  let other: Search['other'];
  for (const path of paths) {
    const version = versionOf(path);
    if (version === wanted) return { wanted, path, other: undefined };
    other ??= { path, version };
  }
  return { wanted, path: undefined, other };
}

function inVenv(name: string): string[] {
  return executables(name, [join(repository, VENV, 'bin')]);
}

function inVenvOrOnPath(name: string): string[] {
  return [...inVenv(name), ...onPath(name)];
}

function ofGoOrOnPath(name: string): string[] {
  return [...executables(name, [join(repository, GO_BIN)]), ...onPath(name)];
}

/** A user's PATH often has no sbin, where Debian puts runc and debootstrap. */
function onPath(name: string): string[] {
  return executables(name, [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']);
}

function executables(name: string, directories: readonly string[]): string[] {
  return directories.map((directory) => join(directory, name)).filter(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
