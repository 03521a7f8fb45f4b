/** Stores that keep no older versions: what is refused with `--require-versioning`, and what is warned of. */
import { EnvsealError } from '../errors.ts';
import type { Source } from '../source-uri.ts';
import { schemeOf } from '../store/schemes.ts';
import type { Stored } from './store-file.ts';
import { type Workspace, warn } from './workspace.ts';

/** For commands that change a file: asked only where versions are required. */
export async function checkVersioning(target: Source, workspace: Workspace): Promise<void> {
  if (!workspace.flags['require-versioning']) return;
  if (!('bucket' in target)) return requireVersions(target, false, workspace);
  const store = await workspace.stores.writable(target.scheme);
  requireVersions(target, (await store.inspect(target)).isVersioned, workspace);
}

export function requireVersions(
  target: Source,
  isVersioned: boolean | undefined,
  { flags }: Pick<Workspace, 'flags'>,
): void {
  if (!flags['require-versioning'] || isVersioned) return;
  const hint =
    isVersioned === undefined
      ? 'allow s3:GetBucketVersioning or storage.buckets.get, or drop --require-versioning'
      : schemeOf(target).howToVersion;
  const problem =
    isVersioned === undefined ? 'cannot check whether it keeps older versions' : 'keeps no older versions';
  throw new EnvsealError('unversioned', `${target.uri}: ${problem}`, { hint });
}

export function warnUnversioned(workspace: Workspace, { uri, written }: Stored): void {
  if (isUnversioned(uri, written.version)) warn(workspace, unversioned(uri));
}

/** Without versions, S3 names none; a generation of Cloud Storage says nothing. */
export function isUnversioned(uri: string, version: string | undefined): boolean {
  return /^s3:|^arn:/.test(uri) && (version === undefined || version === 'null');
}

export function unversioned(uri: string): EnvsealError {
  return new EnvsealError('unversioned', `${uri}: its bucket keeps no older versions`, {
    hint: 'turn versioning on, so that envseal rollback can undo this',
  });
}
