/** Cloud Storage's description of an object, whichever client asks. */
import { EnvsealError } from '../../errors.ts';
import type { GcsSource } from '../../source-uri.ts';
import type { FetchedObject, Sealing } from '../object.ts';

/** What is asked for of https://docs.cloud.google.com/storage/docs/json_api/v1/objects#resource */
export interface ObjectResource {
  readonly generation?: string | number;
  readonly kmsKeyName?: string;
  readonly crc32c?: string;
  readonly metadata?: Readonly<Record<string, string | number | boolean | null>>;
}

/** All but the bytes. Google's own encryption is always there and means nothing: whoever may read the object can. */
export function toObject({
  generation,
  kmsKeyName,
  metadata,
}: ObjectResource): Pick<FetchedObject, 'sealing' | 'version' | 'namedKey'> {
  const isKey = typeof kmsKeyName === 'string' && kmsKeyName !== '';
  const sealing: Sealing = isKey ? { kind: 'cmek', key: kmsKeyName } : { kind: 'none' };
  const named = metadata?.['berglas-kms-key'] ?? metadata?.['kms-key'];
  return {
    sealing,
    version: generation === undefined ? undefined : String(generation),
    namedKey: typeof named === 'string' ? named : undefined,
  };
}

export function replaced(cause?: unknown): EnvsealError {
  return new EnvsealError('unreachable', 'the object was replaced while it was being read', {
    hint: 'retried; check what writes it so often',
    cause,
    retryable: true,
  });
}

export const WRONG_CHECKSUM = 'the crc32c checksum does not match';

export function damaged(message: string, cause?: unknown): EnvsealError {
  return new EnvsealError('corrupt', message, {
    hint: 'the bytes were changed in transit: try again, and check for a proxy or gateway in between',
    cause,
  });
}

export function refuseEncoded(encoding: string | null | undefined): void {
  if (encoding === null || encoding === undefined || encoding === '' || encoding === 'identity') return;
  throw new EnvsealError('malformed', 'the object is stored with a content encoding', {
    hint: 'store the env file without compression (gcloud storage cp without --gzip-local)',
  });
}

/** What messages say of the object: the URI as given, and the permission and the resource that a policy would name. */
export function describe({ uri, bucket, object }: GcsSource) {
  return {
    subject: uri,
    permission: 'storage.objects.get',
    resource: `projects/_/buckets/${bucket}/objects/${object}`,
  };
}
