/** What a store is: the contract that `s3.ts`, `gcs.ts`, their SDKs' and `file.ts` fulfil and the contract suite checks. */

/** How the bytes were sealed where they lay, as the service itself says. */
export type Sealing =
  | { readonly kind: 'sse-kms'; readonly key: string | undefined; readonly isDual: boolean }
  /** `key` with the version that sealed it. */
  | { readonly kind: 'cmek'; readonly key: string }
  | { readonly kind: 'none' };

export interface FetchedObject {
  readonly bytes: Uint8Array;
  readonly sealing: Sealing;
  readonly version: string | undefined;
  /** The KMS key that the object's own metadata name for its content: whoever wrote the object chose it. */
  readonly namedKey: string | undefined;
  /** What joins this to the cloud's own audit log. */
  readonly requestIds: readonly string[];
  /** Tries of the request for the bytes; 0 where there is none. */
  readonly attempts: number;
}

/**
 * Fetches one whole object.
 *
 * Absent is an EnvsealError `not_found`, not allowed is `denied`, bad credentials `credentials`, a key that cannot be
 * used `key_unavailable`, a body that is not what the service promised `corrupt`, over MAX_SOURCE_BYTES `too_large`.
 * The store retries what can be retried, within the deadline it was made with, whose reason it throws at its end.
 */
export type Fetch<S> = (source: S) => Promise<FetchedObject>;
