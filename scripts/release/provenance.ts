/**
 * The provenance of a release's files: an in-toto statement with SLSA's provenance as its predicate. It is
 * what this build says of itself. Until it is signed, it proves nothing; that the build is reproducible does.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Commit } from './commit.ts';
import type { Crate } from './crates.ts';
import { type Resource, sha256OfFile } from './digest.ts';

/** https://slsa.dev/spec/v1.0/provenance */
export function provenance(
  subject: readonly Resource[],
  madeOf: readonly Resource[],
  commit: Commit,
): object {
  const { version, revision, seconds } = commit;
  const isCommit = /^[0-9a-f]{40}$/.test(revision);
  const source = { name: 'source', ...(isCommit ? { digest: { gitCommit: revision } } : {}) };
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject,
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'urn:envseal:release:v2',
        externalParameters: { command: 'npm run release', version, revision },
        internalParameters: { SOURCE_DATE_EPOCH: seconds },
        resolvedDependencies: [source, ...madeOf],
      },
      runDetails: {
        // No service that others trust: whoever signs this vouches for the machine.
        builder: { id: 'urn:envseal:release:unattested' },
        metadata: {},
      },
    },
  };
}

/** The two files that pin everything else. */
export function lockFiles(root: string): Resource[] {
  return ['package-lock.json', 'host/Cargo.lock'].map((name) => ({
    name,
    digest: { sha256: sha256OfFile(join(root, name)) },
  }));
}

/** Every crate that is compiled, in the executable or to build it. */
export function crateResources(crates: readonly Crate[]): Resource[] {
  return crates.map(({ name, version, sha256 }) => {
    const uri = `pkg:cargo/${name}@${version}`;
    return { name, uri, digest: { sha256 } };
  });
}

/** Every npm package that package-lock.json pins for this machine or another one, as npm checks them. */
export function npmResources(root: string): Resource[] {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { readonly version: string; readonly integrity?: string }>;
  };
  return Object.entries(packages).flatMap(([path, { version, integrity = '' }]) => {
    const [, algorithm = '', base64 = ''] = /^(sha\d+)-(.*)$/.exec(integrity) ?? [];
    if (path === '') return [];
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const uri = `pkg:npm/${name.replace('@', '%40')}@${version}`;
    return [{ name, uri, digest: { [algorithm]: Buffer.from(base64, 'base64').toString('hex') } }];
  });
}
