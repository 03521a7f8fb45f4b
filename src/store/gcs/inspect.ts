/** The state of a bucket in Cloud Storage, as far as the credentials may look. */
import { EnvsealError } from '../../errors.ts';
import type { GcsSource } from '../../source-uri.ts';
import type { BucketState } from '../contract.ts';
import { request } from './sdk-client.ts';
import type { GcsAccess } from './sdk-get.ts';

/**
 * Google encrypts every bucket. Soft deletion keeps what was replaced for some days, but it is not
 * versioning: neither `history` nor `rollback` reaches it.
 */
export async function inspectBucket(source: GcsSource, access: GcsAccess): Promise<BucketState> {
  const [bucket, members] = await Promise.all([getBucket(source, access), getMembers(source, access)]);
  const isPrevented = bucket?.iamConfiguration?.publicAccessPrevention === 'enforced';
  return {
    isVersioned: bucket && (bucket.versioning?.enabled ?? false),
    isEncrypted: true,
    isPublic: isPrevented ? false : members?.some((member) => PUBLIC_MEMBERS.includes(member)),
  };
}

/** https://docs.cloud.google.com/iam/docs/principals-overview#all-users */
const PUBLIC_MEMBERS = ['allUsers', 'allAuthenticatedUsers'];

/** From https://docs.cloud.google.com/storage/docs/json_api/v1/buckets#resource */
interface BucketResource {
  readonly versioning?: { readonly enabled?: boolean };
  readonly encryption?: { readonly defaultKmsKeyName?: string };
  readonly iamConfiguration?: { readonly publicAccessPrevention?: string };
}

/** `undefined` where the credentials may not look. */
export async function getBucket(source: GcsSource, access: GcsAccess): Promise<BucketResource | undefined> {
  return await look(source, 'storage.buckets.get', access, async ({ storage }) => {
    const [resource] = await storage.bucket(source.bucket).getMetadata();
    return resource as BucketResource;
  });
}

/** Throws `configuration` where the bucket has no default key, or it may not be looked at: nothing is stored unsealed. */
export async function requireDefaultKey(source: GcsSource, access: GcsAccess): Promise<void> {
  const bucket = await getBucket(source, access);
  if (bucket?.encryption?.defaultKmsKeyName) return;
  const problem =
    bucket === undefined
      ? 'cannot see whether its bucket has a default key'
      : 'its bucket has no default key';
  throw new EnvsealError('configuration', `${source.uri}: ${problem}`, {
    hint: 'name a key: --kms-key projects/…/locations/…/keyRings/…/cryptoKeys/KEY',
  });
}

/** Who has a role that can read, on the bucket itself: a project's own cannot be granted to everyone. */
async function getMembers(source: GcsSource, access: GcsAccess): Promise<readonly string[] | undefined> {
  return await look(source, 'storage.buckets.getIamPolicy', access, async ({ storage }) => {
    const [policy] = await storage.bucket(source.bucket).iam.getPolicy({ requestedPolicyVersion: 3 });
    return policy.bindings.filter(({ role }) => role !== LISTS_ONLY).flatMap(({ members }) => members ?? []);
  });
}

/** https://docs.cloud.google.com/storage/docs/access-control/iam-roles#legacy-roles */
const LISTS_ONLY = 'roles/storage.legacyBucketReader';

async function look<T>(
  { uri, bucket }: GcsSource,
  permission: string,
  access: GcsAccess,
  send: (access: GcsAccess) => Promise<T>,
): Promise<T | undefined> {
  const subject = { subject: uri, permission, resource: `projects/_/buckets/${bucket}` };
  try {
    return await request(() => send(access), subject, access.client);
  } catch (error) {
    // Emulators have no policies, and answer as a gateway would.
    if (error instanceof EnvsealError && /^(denied|configuration)$/.test(error.code)) return undefined;
    throw error;
  }
}
