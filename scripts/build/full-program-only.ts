/**
 * Modules that only the full program has, by their path in `src/`, with the subject of the sentence that says so. The
 * container executable hands a start that needs one of them to the full program, or ends with 78.
 */
export const LEFT_TO_FULL_PROGRAM: Readonly<Record<string, string>> = {
  'cli/push.ts': 'envseal push',
  'cli/set.ts': 'envseal set',
  'cli/edit.ts': 'envseal edit',
  'cli/get.ts': 'envseal get',
  'cli/list.ts': 'envseal list',
  'cli/diff.ts': 'envseal diff',
  'cli/history.ts': 'envseal history',
  'cli/rollback.ts': 'envseal rollback',
  'cli/copy.ts': 'envseal copy',
  'cli/rotate.ts': 'envseal rotate',
  'cli/keygen.ts': 'envseal keygen',
  'store/s3-store.ts': 'writing to S3',
  'store/gcs-store.ts': 'writing to Cloud Storage',
  'store/file-store.ts': 'writing files',
  'store/s3-sdk.ts': 'an endpoint of S3 that only its SDK can sign for',
  'store/gcs-sdk.ts': 'a universe of its own',
  'keys/chacha-by-node.ts': 'ChaCha20-Poly1305 without WebCrypto',
  'keys/cloud-kms-sdk.ts': 'a universe of its own',
};
