/** Checks the bucket before something is pushed into it, as far as the credentials allow. */

import { EnvsealError } from '../errors.ts';
import type { Source } from '../source-uri.ts';
import { schemeOf } from '../store/schemes.ts';
import { requireVersions, unversioned } from './versioning.ts';
import { type Workspace, warn } from './workspace.ts';

/**
 * Returns the verdict: it warns of what could not be checked, and throws `exposed` for a bucket that is
 * public, or that neither keeps versions nor encrypts, and `unversioned` with `--require-versioning`. The
 * request is made in advance.
 */
export async function inspectBucket(target: Source, workspace: Workspace): Promise<() => void> {
  if (!('bucket' in target)) return () => requireVersions(target, false, workspace);
  const store = await workspace.stores.writable(target.scheme);
  // The first request takes the SDK's time to load, and this one goes along.
  if (!workspace.flags.force) store.prepare(target);
  const state = await store.inspect(target);
  return () => {
    const { isPublic, isVersioned, isEncrypted } = state;
    const { bucket } = target;
    const { showsVersioning, howToAllow } = schemeOf(target);
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
    if (!showsVersioning && isVersioned === false) warn(workspace, unversioned(target.uri));
    const unseen = [
      ...(isPublic === undefined ? ['public access'] : []),
      ...(isVersioned === undefined ? ['versioning'] : []),
      ...(isEncrypted === undefined && !isVersioned ? ['default encryption'] : []),
    ];
    if (unseen.length === 0) return;
    const text = `cannot check the bucket ${bucket} (${unseen.join(', ')}); continuing`;
    warn(workspace, new EnvsealError('denied', text, { hint: howToAllow }));
  };
}
