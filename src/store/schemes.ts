/** What differs between stores besides their requests: a row for each scheme. For the commands that change files. */
import { EnvsealError } from '../errors.ts';
import type { Source } from '../source-uri.ts';

interface Scheme<S extends Source> {
  /** How a file is sealed unless something else is asked for. */
  readonly seal: 'sse-kms' | 'cmek' | 'sops';
  /** The version that a source names. */
  readonly versionOf: (source: S) => string | undefined;
  /** Throws `usage` with that hint for what is not a valid version, `unversioned` where there are none. */
  readonly atVersion: (source: S, version: string, usage: string) => S;
  /** Whether what a write answers says that the bucket keeps no versions. */
  readonly showsVersioning: boolean;
  readonly howToVersion: string;
  /** Looking at the bucket; empty where there is none. */
  readonly howToAllow: string;
}

const SCHEMES: { readonly [S in Source as S['scheme']]: Scheme<S> } = {
  s3: {
    seal: 'sse-kms',
    versionOf: ({ versionId }) => versionId,
    atVersion: (source, versionId) => ({ ...source, versionId }),
    showsVersioning: true,
    howToVersion: 'turn versioning on: aws s3api put-bucket-versioning',
    howToAllow:
      'allow s3:GetBucketVersioning, s3:GetEncryptionConfiguration, s3:GetBucketPublicAccessBlock and s3:GetBucketPolicyStatus',
  },
  gs: {
    seal: 'cmek',
    versionOf: ({ generation }) => generation,
    atVersion(source, generation, hint) {
      if (/^\d+$/.test(generation)) return { ...source, generation };
      throw new EnvsealError('usage', 'a version in Cloud Storage is a generation number', { hint });
    },
    showsVersioning: false,
    howToVersion: 'turn versioning on: gcloud storage buckets update --versioning',
    howToAllow: 'allow storage.buckets.get and storage.buckets.getIamPolicy',
  },
  file: {
    seal: 'sops',
    versionOf: () => undefined,
    atVersion({ uri }) {
      throw new EnvsealError('unversioned', `${uri}: local files keep no older versions`, {
        hint: 'keep the sealed file in git, and restore the older one from there',
      });
    },
    showsVersioning: false,
    howToVersion: 'keep the sealed file in git, and drop --require-versioning',
    howToAllow: '',
  },
};

export function schemeOf({ scheme }: Source): Scheme<Source> {
  return SCHEMES[scheme] as Scheme<Source>;
}
