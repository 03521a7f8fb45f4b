/** The crates of the container executable, as cargo resolved them for both architectures. */
import { existsSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execaSync } from 'execa';
import { ARCHS } from '../build/executable.ts';
import { TARGETS } from '../build/host.ts';
import { sha256OfFile } from './digest.ts';

export interface Crate {
  readonly name: string;
  readonly version: string;
  /** SPDX expression. */
  readonly license: string;
  readonly repository: string | undefined;
  /** The checksum of the `.crate` file, from Cargo.lock. */
  readonly sha256: string;
  /** Where its files are. */
  readonly folder: string;
  /** Whether its code is in the executable; the others build it. */
  readonly isLinked: boolean;
}

/** https://doc.rust-lang.org/cargo/commands/cargo-metadata.html */
interface Metadata {
  readonly packages: readonly {
    readonly id: string;
    readonly name: string;
    readonly version: string;
    readonly license: string | null;
    readonly repository: string | null;
    readonly manifest_path: string;
    readonly source: string | null;
    readonly targets: readonly { readonly kind: readonly string[] }[];
  }[];
  readonly resolve: {
    readonly root: string;
    readonly nodes: readonly {
      readonly id: string;
      readonly deps: readonly {
        readonly pkg: string;
        readonly dep_kinds: readonly { readonly kind: string | null }[];
      }[];
    }[];
  };
}

/** Ours is not among them. */
export function cratesOf(root: string, lockFile: string): Crate[] {
  const found = new Map<string, Crate>();
  const checksums = checksumsIn(lockFile);
  for (const arch of ARCHS) {
    const metadata = readMetadata(root, TARGETS[arch]?.triple ?? '');
    const linked = reachable(metadata, (kind) => kind === null);
    const used = reachable(metadata, (kind) => kind !== 'dev');
    for (const each of metadata.packages.filter(({ id, source }) => used.has(id) && source !== null)) {
      const isLinked = linked.has(each.id);
      const name = `${each.name}@${each.version}`;
      found.set(name, {
        name: each.name,
        version: each.version,
        license: (each.license ?? '').replaceAll('/', ' OR '),
        repository: each.repository ?? undefined,
        sha256: checksums.get(name) ?? '',
        folder: dirname(each.manifest_path),
        isLinked: isLinked || found.get(name)?.isLinked === true,
      });
    }
  }
  return [...found.values()].sort((a, b) => (`${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1));
}

function readMetadata(root: string, triple: string): Metadata {
  const args = ['metadata', '--format-version=1', '--locked', '--filter-platform', triple];
  const { stdout } = execaSync('cargo', args, { cwd: join(root, 'host'), stderr: 'ignore' });
  return JSON.parse(stdout) as Metadata;
}

/** The ids of what the root reaches over dependencies of such kinds. Macros run in the compiler: they are not linked. */
function reachable(
  { packages, resolve }: Metadata,
  follows: (kind: string | null) => boolean,
): ReadonlySet<string> {
  const macros = new Set(
    packages
      .filter(({ targets }) => targets.some(({ kind }) => kind.includes('proc-macro')))
      .map(({ id }) => id),
  );
  const seen = new Set<string>();
  const visit = (id: string) => {
    if (seen.has(id) || (macros.has(id) && !follows('build'))) return;
    seen.add(id);
    const { deps = [] } = resolve.nodes.find((node) => node.id === id) ?? {};
    for (const { pkg, dep_kinds } of deps) if (dep_kinds.some(({ kind }) => follows(kind))) visit(pkg);
  };
  visit(resolve.root);
  return seen;
}

/** By `NAME@VERSION`. */
export function checksumsIn(lockFile: string): ReadonlyMap<string, string> {
  const packages = lockFile.matchAll(
    /^name = "(.+)"\nversion = "(.+)"\nsource = ".+"\nchecksum = "([0-9a-f]{64})"$/gm,
  );
  return new Map(
    Array.from(packages, ([, name, version, checksum]) => [`${name}@${version}`, checksum as string]),
  );
}

/**
 * Throws where what cargo compiles is not what Cargo.lock says: cargo checks a crate when it fetches it, and never again.
 */
export function verifyCrate({ name, version, sha256, folder }: Crate): void {
  const archive = archiveOf(name, version);
  if (sha256 === '' || sha256OfFile(archive) !== sha256)
    throw new Error(`${archive} is not what Cargo.lock says: remove it, and cargo fetches it again`);
  const place = mkdtempSync(join(tmpdir(), 'envseal-crate-'));
  try {
    execaSync('tar', ['-xzf', archive, '-C', place]);
    const unpacked = join(place, `${name}-${version}`);
    const args = ['--recursive', '--brief', '--exclude=.cargo-ok', unpacked, folder];
    if (execaSync('diff', args, { reject: false }).failed)
      throw new Error(`${folder} is not what its archive has: remove it, and cargo unpacks it again`);
  } finally {
    rmSync(place, { recursive: true });
  }
}

function archiveOf(name: string, version: string): string {
  const cache = join(process.env.CARGO_HOME ?? join(homedir(), '.cargo'), 'registry/cache');
  const [file = ''] = globSync(`*/${name}-${version}.crate`, { cwd: cache });
  const path = join(cache, file);
  if (file === '' || !existsSync(path)) throw new Error(`cargo has no archive of ${name} ${version}`);
  return path;
}
