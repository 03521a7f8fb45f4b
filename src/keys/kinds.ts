/**
 * What a key is to a sealed file: it wraps the file's data key, and only identities that may use the key can
 * unwrap it. All kinds, and how each unwraps; `wrap.ts` is the mirror, which no startup loads.
 */
import type { AwsClient } from '../aws/client.ts';
import { EnvsealError } from '../errors.ts';
import type { GoogleClient } from '../gcp/client.ts';
import type { AgeKey, AgeWrappedKey } from './age/age.ts';
import type { AwsKey, AwsWrappedKey, Opened } from './aws-kms.ts';
import type { CloudKmsKey, CloudKmsWrappedKey } from './cloud-kms.ts';

/** A key as people name it, or as a file names it. */
export type KeyToWrapWith = AwsKey | CloudKmsKey | AgeKey;

export type UsableKey = AwsWrappedKey | CloudKmsWrappedKey | AgeWrappedKey;

/** A data key under one key, as a sealed file holds it. */
export type WrappedKey =
  | UsableKey
  | {
      /** One that envseal cannot use, such as a PGP key: another key of the file may do. */
      readonly kind: 'unsupported';
      /** For people: `pgp`, `azure_kv`, `hc_vault`… */
      readonly key: string;
    };

/** One that unwraps only with the same encryption context. */
export type BoundKey = Extract<WrappedKey, { context: object }>;

/**
 * The data key.
 *
 * Not allowed is an EnvsealError `denied`, no credentials or no identity `credentials`, a key that cannot be used
 * `key_unavailable`, a key that is not the one the data key was wrapped with `wrong_key`, changed bytes or another
 * context `corrupt`. It retries what can be retried within its deadline.
 */
export type Unwrap = (wrapped: WrappedKey) => Promise<Uint8Array>;

/** The mirror. Throws as `Unwrap` does. */
export type Wrap = (dataKey: Uint8Array, key: KeyToWrapWith) => Promise<UsableKey>;

/** Each made when its first key needs it. */
export interface KeyClients {
  aws(): Promise<AwsClient>;
  google(): Promise<GoogleClient>;
  age(): Promise<(wrapped: AgeWrappedKey) => Promise<Uint8Array>>;
}

/** Throws as `Unwrap` does. */
export async function unwrapKey(wrapped: WrappedKey, clients: KeyClients): Promise<Opened> {
  const { key } = wrapped;
  switch (wrapped.kind) {
    case 'aws-kms': {
      const { unwrapWithAws } = await import('./aws-kms.ts');
      return await unwrapWithAws(wrapped, await clients.aws());
    }
    case 'cloud-kms': {
      const { decryptWithCloudKms } = await import('./cloud-kms.ts');
      const input = { ciphertext: wrapped.wrapped, key, subject: `the data key under ${key}` };
      return { plaintext: await decryptWithCloudKms(input, await clients.google()), key };
    }
    case 'age':
      return { plaintext: await (await clients.age())(wrapped), key };
    case 'unsupported':
      throw new EnvsealError('key_unavailable', `envseal cannot use ${key}`);
  }
}
