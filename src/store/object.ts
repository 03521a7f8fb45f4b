/**
 * The contract of a store for reading: `s3/get.ts`, `gcs/get.ts`, their `sdk-get.ts` and `file/get.ts` fulfil
 * it, and the contract suite checks it.
 */

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
