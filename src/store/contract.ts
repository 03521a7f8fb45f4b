/**
 * What the commands that change env files ask of a store: the contract that the `store.ts` of
 * each folder fulfils and the contract suite checks. Reading at startup is `object.ts`, which needs none of
 * this.
 */
import type { Folder, Source } from '../source-uri.ts';
import type { FetchedObject, Sealing } from './object.ts';

/** Identifies one state of an object: an ETag, a generation, a hash. Not for people. */
export type Revision = string;

export interface StoredObject extends FetchedObject {
  readonly revision: Revision;
  readonly modified: Date | undefined;
  readonly attributes: Attributes;
}

/** What is stored beside the bytes, and a new version keeps. */
export interface Attributes {
  readonly contentType: string | undefined;
  /** The user's own, without `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** S3's tags. */
  readonly tags: Readonly<Record<string, string>>;
}

export const NO_ATTRIBUTES: Attributes = { contentType: undefined, metadata: {}, tags: {} };

/** How the store is to seal what it gets. `store`: by its own default, for bytes that are sealed already. */
export type SealAtRest =
  /** Without a key: the bucket's default key, else the account's own for S3 (`aws/s3`). */
  | { readonly kind: 'sse-kms'; readonly key: string | undefined; readonly isDual: boolean }
  /** Without a key: the bucket's default key; `write` throws `configuration` where it has none. */
  | { readonly kind: 'cmek'; readonly key: string | undefined }
  | { readonly kind: 'store' };

/** What has to be there for a write to happen: that revision, nothing, or `anything`. */
export type Expected = { readonly revision: Revision } | 'nothing' | 'anything';

export interface WriteOptions {
  readonly seal: SealAtRest;
  readonly expected: Expected;
  readonly attributes: Attributes;
}

export interface Written {
  readonly version: string | undefined;
  readonly revision: Revision;
  /** The key that the store says it sealed with. */
  readonly sealing: Sealing;
  readonly requestIds: readonly string[];
}

export interface FoundFile {
  /** That opens this file. */
  readonly uri: string;
  /** Bytes as stored. */
  readonly size: number;
  readonly modified: Date | undefined;
}

export interface ListedFile extends FoundFile {
  /** `undefined`: the credentials may list the file and not look at it. */
  readonly sealing: Sealing | undefined;
  readonly version: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface FileVersion {
  /** Version id or generation. */
  readonly version: string;
  readonly modified: Date | undefined;
  /** Bytes as stored; 0 for a deletion. */
  readonly size: number;
  readonly isCurrent: boolean;
  /** S3's delete marker; in Cloud Storage a deletion has no version of its own. */
  readonly isDeletion: boolean;
}

/** `undefined`: the credentials may not look. */
export interface BucketState {
  readonly isVersioned: boolean | undefined;
  /** By default, with any key; `undefined` too where versions are kept, which nothing more is asked of. */
  readonly isEncrypted: boolean | undefined;
  /** Anyone may read its contents. */
  readonly isPublic: boolean | undefined;
}

/**
 * Absent is an EnvsealError `not_found`, not allowed is `denied`, bad credentials `credentials`, a key that cannot be
 * used `key_unavailable`, a body that is not what the service promised `corrupt`, over MAX_SOURCE_BYTES `too_large`.
 * Besides, a write whose condition does not hold is `conflict` and names the version that
 * is there; nothing was written then. Each retries what can be retried within the deadline, and a write whose answer
 * was lost counts as done where what is there now is what was written.
 */
export interface EnvStore<S extends Source = Source> {
  read(source: S): Promise<StoredObject>;
  /**
   * Begins what a write under a condition needs to know, while something else is done. Failures are reported
   * by `write`.
   */
  prepare(source: S): void;
  /** Throws `unconditional` where the store would write whatever is there, and the condition is not `anything`. */
  write(source: S, bytes: Uint8Array, options: WriteOptions): Promise<Written>;
  /** One pass of the listing alone. */
  find(folder: Folder): AsyncIterable<FoundFile>;
  /** The same, and for each file the one request that its sealing takes, some at the same time. */
  list(folder: Folder): AsyncIterable<ListedFile>;
  /** Newest first. Throws `unversioned` for a store without versions, `not_found` without any. */
  versions(source: S): Promise<readonly FileVersion[]>;
  inspect(source: S): Promise<BucketState>;
}
