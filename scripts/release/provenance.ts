/**
 * How the files of a release came to be: an in-toto statement with SLSA's provenance as its predicate. It is what this
 * build says of itself. Until whoever ran it signs it, it proves nothing; that the build is reproducible does.
 */
import type { Commit } from './commit.ts';

/** A file or package and its digests. https://github.com/in-toto/attestation/blob/main/spec/v1/resource_descriptor.md */
export interface Resource {
  readonly name: string;
  readonly uri?: string;
  readonly digest: Readonly<Record<string, string>>;
}

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
        buildType: 'urn:envseal:release:v1',
        externalParameters: { command: 'npm run release', version, revision },
        internalParameters: { SOURCE_DATE_EPOCH: seconds, node: process.version },
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
