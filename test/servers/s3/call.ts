/** One authenticated request for one bucket, as the operations see it. */

import type { AccessKey } from '../aws/access-keys.ts';
import type { KeyUse } from './encryption.ts';
import { S3Error } from './errors.ts';
import type { Bucket, S3State } from './state.ts';

export interface Call {
  readonly state: S3State;
  readonly bucket: Bucket;
  readonly key: string;
  /** Absent: the test itself, which may do everything. */
  readonly caller?: AccessKey;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const VERSION_ID = /^(null|[A-Za-z0-9._]{32})$/;

/** Undefined when the request names no version. */
export function versionIdOf(query: URLSearchParams): string | undefined {
  const versionId = query.get('versionId') ?? undefined;
  if (versionId !== undefined && !VERSION_ID.test(versionId)) {
    const fields = { ArgumentName: 'versionId', ArgumentValue: versionId };
    throw new S3Error('InvalidArgument', fields, 'Invalid version id specified');
  }
  return versionId;
}

/** Buckets that never had versioning do not speak of versions. */
export function versionHeader({ versioning }: Bucket, versionId: string): Record<string, string> {
  return versioning === 'Off' ? {} : { 'x-amz-version-id': versionId };
}

export function keyUse({ state, bucket, caller }: Call): KeyUse {
  return { kmsKeys: state.kmsKeys, region: bucket.region, caller };
}
