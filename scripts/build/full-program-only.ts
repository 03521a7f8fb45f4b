/**
 * Modules that only the full program has, by their path in `src/`, with what to call their feature. Each is loaded by
 * `import()`, which in the container executable throws `NeedsFullProgram`. Where that would come too late or say too
 * little, `NAME.host.ts` stands in the place of `NAME.ts` instead.
 */
export const LEFT_TO_FULL_PROGRAM: Readonly<Record<string, string>> = {
  'cli/push.ts': 'envseal push',
  'cli/set.ts': 'envseal set and unset',
  'cli/edit.ts': 'envseal edit',
  'cli/get.ts': 'envseal get',
  'cli/list.ts': 'envseal list',
  'cli/diff.ts': 'envseal diff',
  'cli/history.ts': 'envseal history',
  'cli/rollback.ts': 'envseal rollback',
  'cli/copy.ts': 'envseal copy',
  'cli/rotate.ts': 'envseal rotate',
  'cli/keygen.ts': 'envseal keygen',
  'store/s3-store.ts': 'changes in S3',
  'store/gcs-store.ts': 'changes in Cloud Storage',
  'store/file-store.ts': 'changes of files',
  'store/s3-sdk.ts': 'endpoints of S3 that only its SDK knows, such as multi-region access points',
  'store/gcs-sdk.ts': 'emulators of Cloud Storage, and universes other than googleapis.com',
  'gcp/library-credentials.ts': 'Google credential files that name a program to run',
  'keys/cloud-kms-sdk.ts': 'universes other than googleapis.com',
  'keys/chacha-by-node.ts': 'ChaCha20-Poly1305 without WebCrypto',
};

/** The same for packages. */
export const PACKAGES_LEFT_TO_FULL_PROGRAM: Readonly<Record<string, string>> = {
  'age-encryption': 'post-quantum identities of age',
};
