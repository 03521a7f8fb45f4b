/** Stores an object, whichever way it came. */

import { createHash } from 'node:crypto';
import { checksum } from '../s3/checksums.ts';
import { sealBytes } from './cmek.ts';
import type { NewObject, StoredObject } from './objects.ts';
import type { GcsState } from './state.ts';

/** Makes the bucket when there is none. */
export function insertObject(state: GcsState, given: NewObject): StoredObject {
  const bucket = state.buckets.get(given.bucket) ?? state.configureBucket(given.bucket, {});
  const { bytes, contentEncoding, kmsKeyName: asked = bucket.defaultKmsKeyName } = given;
  const kmsKeyName = asked === undefined ? undefined : state.kmsKeys.forSealing(asked);
  const object: StoredObject = {
    bucket: bucket.name,
    name: given.name,
    generation: state.nextGeneration(),
    metageneration: 1,
    createdMs: state.clock.now(),
    updatedMs: state.clock.now(),
    size: bytes.length,
    md5: createHash('md5').update(bytes).digest('base64'),
    crc32c: checksum('crc32c', bytes).base64,
    contentType: given.contentType ?? 'application/octet-stream',
    metadata: given.metadata ?? {},
    hideKeyHeader: given.hideKeyHeader ?? false,
    ...(contentEncoding && { contentEncoding }),
    ...(kmsKeyName && { kmsKeyName }),
    sealed: sealBytes(bytes, kmsKeyName, given.name),
  };
  bucket.objects.add(object, bucket.versioning);
  return object;
}
