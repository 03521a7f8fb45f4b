/**
 * Objects and buckets as the JSON API shows them.
 * https://docs.cloud.google.com/storage/docs/json_api/v1/objects#resource-representations
 */

import { jsonTag } from './conditions.ts';
import type { StoredObject } from './objects.ts';
import type { Bucket } from './state.ts';

export function objectResource(object: StoredObject) {
  const { md5, crc32c } = object;
  return { ...listedObject(object), md5Hash: md5, crc32c };
}

/**
 * A list has no checksums of objects that a customer's key seals.
 * https://docs.cloud.google.com/storage/docs/encryption/customer-managed-keys#restrictions
 */
export function listedObject(object: StoredObject, live = true) {
  const { bucket, name, generation, metageneration, kmsKeyName, contentEncoding, metadata, md5, crc32c } =
    object;
  return {
    kind: 'storage#object',
    id: `${bucket}/${name}/${generation}`,
    name,
    bucket,
    generation: String(generation),
    metageneration: String(metageneration),
    contentType: object.contentType,
    ...(contentEncoding && { contentEncoding }),
    storageClass: 'STANDARD',
    size: String(object.size),
    ...(kmsKeyName === undefined ? { md5Hash: md5, crc32c } : { kmsKeyName }),
    etag: jsonTag(generation),
    ...(Object.keys(metadata).length > 0 && { metadata }),
    timeCreated: new Date(object.createdMs).toISOString(),
    updated: new Date(object.updatedMs).toISOString(),
    ...(!live && { timeDeleted: new Date(object.updatedMs).toISOString() }),
  };
}

/** https://docs.cloud.google.com/storage/docs/json_api/v1/buckets/getIamPolicy */
export function policyResource({ name, bindings = {} }: Bucket) {
  return {
    kind: 'storage#policy',
    resourceId: `projects/_/buckets/${name}`,
    version: 1,
    etag: 'CAE=',
    bindings: Object.entries(bindings).map(([role, members]) => ({ role, members })),
  };
}

export function bucketResource({
  name,
  versioning,
  defaultKmsKeyName,
  createdMs,
  publicAccessPrevention = 'inherited',
}: Bucket) {
  return {
    kind: 'storage#bucket',
    id: name,
    name,
    metageneration: '1',
    location: 'US',
    storageClass: 'STANDARD',
    versioning: { enabled: versioning },
    iamConfiguration: { uniformBucketLevelAccess: { enabled: true }, publicAccessPrevention },
    ...(defaultKmsKeyName && { encryption: { defaultKmsKeyName } }),
    timeCreated: new Date(createdMs).toISOString(),
  };
}
