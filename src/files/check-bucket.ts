/** Looks at the bucket before something is pushed into it, as far as the credentials may. */
import { EnvsealError } from '../errors.ts';
import type { Source } from '../source.ts';
import { unversioned } from './store-file.ts';
import { type Workspace, warn } from './workspace.ts';

/**
 * What gives the verdict: it warns of what could not be seen, and throws `exposed` for a bucket that is public, or
 * that neither keeps versions nor encrypts, and `unversioned` with `--require-versioning`. The request is made meanwhile.
 */
export async function inspectBucket(target: Source, workspace: Workspace): Promise<() => void> {
  if (target.scheme === 'file') return () => requireVersions(target, false, workspace);
  const store = await workspace.stores.writable(target.scheme);
  // The first request takes the SDK's time to load, and this one goes along.
  if (!workspace.flags.force) store.prepare(target);
  const state = await store.inspect(target);
  return () => {
    const { isPublic, isVersioned, isEncrypted } = state;
    const { bucket } = target;
    if (isPublic) {
      throw new EnvsealError('exposed', `the bucket ${bucket} is public`, {
        hint: 'block public access to it first: aws s3api put-public-access-block, gcloud storage buckets update --public-access-prevention',
      });
    }
    if (isVersioned === false && isEncrypted === false) {
      throw new EnvsealError(
        'exposed',
        `the bucket ${bucket} neither keeps versions nor encrypts by default`,
        {
          hint: 'turn both on: aws s3api put-bucket-versioning and put-bucket-encryption',
        },
      );
    }
    requireVersions(target, isVersioned, workspace);
    // Of S3 the answer to the write says it.
    if (target.scheme === 'gs' && isVersioned === false) warn(workspace, unversioned(target.uri));
    const unseen = [
      ...(isPublic === undefined ? ['who may read it'] : []),
      ...(isVersioned === undefined ? ['whether it keeps versions'] : []),
      ...(isEncrypted === undefined && !isVersioned ? ['whether it encrypts'] : []),
    ];
    if (unseen.length === 0) return;
    const text = `cannot look at the bucket ${bucket} (${unseen.join(', ')}), and goes on`;
    warn(workspace, new EnvsealError('denied', text, { hint: HOW_TO_ALLOW[target.scheme] }));
  };
}

const HOW_TO_ALLOW = {
  s3: 'allow s3:GetBucketVersioning, s3:GetEncryptionConfiguration, s3:GetBucketPublicAccessBlock and s3:GetBucketPolicyStatus',
  gs: 'allow storage.buckets.get and storage.buckets.getIamPolicy',
} as const;

/** For commands that change a file: asked only where versions are required. */
export async function checkVersioning(target: Source, workspace: Workspace): Promise<void> {
  if (!workspace.flags['require-versioning']) return;
  if (target.scheme === 'file') return requireVersions(target, false, workspace);
  const store = await workspace.stores.writable(target.scheme);
  requireVersions(target, (await store.inspect(target)).isVersioned, workspace);
}

function requireVersions(
  { uri, scheme }: Source,
  isVersioned: boolean | undefined,
  { flags }: Pick<Workspace, 'flags'>,
): void {
  if (!flags['require-versioning'] || isVersioned) return;
  const hint =
    isVersioned === undefined
      ? 'allow s3:GetBucketVersioning or storage.buckets.get, or leave --require-versioning out'
      : HOW_TO_VERSION[scheme];
  const problem =
    isVersioned === undefined ? 'cannot see whether it keeps older versions' : 'keeps no older versions';
  throw new EnvsealError('unversioned', `${uri}: ${problem}`, { hint });
}

const HOW_TO_VERSION = {
  s3: 'turn versioning on: aws s3api put-bucket-versioning',
  gs: 'turn versioning on: gcloud storage buckets update --versioning',
  file: 'keep the sealed file in git, and leave --require-versioning out',
} as const;
