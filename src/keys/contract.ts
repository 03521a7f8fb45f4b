/** What a key is to a sealed file: it wraps the file's data key, and only who may use the key unwraps it. */

/** A data key under one key, as a sealed file holds it. */
export type WrappedKey =
  | {
      readonly kind: 'aws-kms';
      /** ARN of the key, or of an alias. */
      readonly key: string;
      readonly wrapped: Uint8Array;
      /** Encryption context; KMS opens the data key only with the same. */
      readonly context: Readonly<Record<string, string>>;
      /** ARN of a role to assume first. */
      readonly role: string | undefined;
      /** Name of the profile in `~/.aws` to use. */
      readonly profile: string | undefined;
    }
  | {
      readonly kind: 'cloud-kms';
      /** `projects/…/locations/…/keyRings/…/cryptoKeys/…`, with or without a version. */
      readonly key: string;
      readonly wrapped: Uint8Array;
    }
  | {
      readonly kind: 'age';
      /** `age1…`, `ssh-ed25519 …` or `ssh-rsa …`. */
      readonly key: string;
      /** An age file, armored. */
      readonly wrapped: string;
    }
  | {
      /** One that envseal cannot use, such as a PGP key: another key of the file may do. */
      readonly kind: 'unsupported';
      /** For people: `pgp`, `azure_kv`, `hc_vault`… */
      readonly key: string;
    };

/**
 * The data key.
 *
 * Not allowed is an EnvsealError `denied`, no credentials or no identity `credentials`, a key that cannot be used
 * `key_unavailable`, a key that is not the one the data key was wrapped with `wrong_key`, changed bytes or another
 * context `corrupt`. It retries what can be retried within its deadline.
 */
export type Unwrap = (wrapped: WrappedKey) => Promise<Uint8Array>;

/** The mirror: `context` only for the keys of AWS KMS. Throws as `Unwrap` does. */
export type Wrap = (dataKey: Uint8Array, key: KeyToWrapWith) => Promise<WrappedKey>;

export type KeyToWrapWith =
  | {
      readonly kind: 'aws-kms';
      readonly key: string;
      readonly context: Readonly<Record<string, string>>;
      readonly role?: string;
      readonly profile?: string;
    }
  | { readonly kind: 'cloud-kms'; readonly key: string }
  | { readonly kind: 'age'; readonly key: string };
