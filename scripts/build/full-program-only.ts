/**
 * Modules that only the full program has, by their path in `src/`, with what to call their feature. Each is loaded by
 * `import()`, which in the container executable throws `NeedsFullProgram`. Where that would come too late or say too
 * little, `NAME.host.ts` stands in the place of `NAME.ts` instead.
 */
export const LEFT_TO_FULL_PROGRAM: Readonly<Record<string, string>> = {
  'commands/push.ts': 'envseal push',
  'commands/set.ts': 'envseal set and unset',
  'commands/edit.ts': 'envseal edit',
  'commands/get.ts': 'envseal get',
  'commands/list.ts': 'envseal list',
  'commands/diff.ts': 'envseal diff',
  'commands/history.ts': 'envseal history',
  'commands/rollback.ts': 'envseal rollback',
  'commands/copy.ts': 'envseal copy',
  'commands/rotate.ts': 'envseal rotate',
  'commands/keygen.ts': 'envseal keygen',
  'store/s3/store.ts': 'changes in S3',
  'store/gcs/store.ts': 'changes in Cloud Storage',
  'store/file/store.ts': 'changes of files',
  'store/s3/sdk-get.ts': 'endpoints of S3 that only its SDK knows, such as multi-region access points',
  'store/gcs/sdk-get.ts': 'emulators of Cloud Storage, and universes other than googleapis.com',
  'gcp/credentials/library.ts': 'Google credential files that name a program to run',
  'keys/cloud-kms-sdk.ts': 'universes other than googleapis.com',
  'keys/age/chacha-by-node.ts': 'ChaCha20-Poly1305 without WebCrypto',
};

/** The same for packages. */
export const PACKAGES_LEFT_TO_FULL_PROGRAM: Readonly<Record<string, string>> = {
  'age-encryption': 'post-quantum identities of age',
};
