/** Keys to seal with, and data keys wrapped with them: a row for each kind. The mirror of `kinds.ts`. */

import { EnvsealError } from '../errors.ts';
import type { AwsKey } from './aws-kms.ts';
import { isCloudKmsKey, withoutVersion } from './cloud-key-name.ts';
import type { KeyClients, KeyToWrapWith, UsableKey, Wrap } from './kinds.ts';
import { parseAwsKey } from './parse-aws-key.ts';

type WrapClients = Pick<KeyClients, 'aws' | 'google'>;

interface Kind<K> {
  /** As people name it; `undefined`: none of this kind. */
  readonly parse: (text: string, context: AwsKey['context']) => K | undefined;
  readonly wrap: (dataKey: Uint8Array, key: K, clients: WrapClients) => Promise<UsableKey>;
}

const KINDS: { readonly [K in KeyToWrapWith as K['kind']]: Kind<K> } = {
  'cloud-kms': {
    parse: (text) => (isCloudKmsKey(text) ? { kind: 'cloud-kms', key: text } : undefined),
    async wrap(dataKey, { kind, key }, clients) {
      const { encryptWithCloudKms } = await import('./cloud-kms-encrypt.ts');
      const input = { plaintext: dataKey, key, subject: `the data key under ${key}` };
      const wrapped = await encryptWithCloudKms(input, await clients.google());
      // sops takes no version here, and the ciphertext says which it was.
      return { kind, key: withoutVersion(key), wrapped };
    },
  },
  age: {
    parse: (text) => (/^age1[a-z0-9]+$/.test(text) ? { kind: 'age', key: text } : undefined),
    async wrap(dataKey, { key }) {
      const { wrapForAge } = await import('./age/age.ts');
      return await wrapForAge(dataKey, key);
    },
  },
  'aws-kms': {
    parse: parseAwsKey,
    async wrap(dataKey, key, clients) {
      const { wrapWithAws } = await import('./aws-kms.ts');
      return await wrapWithAws(dataKey, key, await clients.aws());
    },
  },
};

/**
 * A key of AWS KMS, of Cloud KMS (`projects/…/cryptoKeys/…`), or an age recipient. `context` is for keys of AWS KMS alone.
 *
 * Throws `configuration`. What is not a valid key is not shown: it could be an identity.
 */
export function parseKeyToWrapWith(text: string, context: AwsKey['context']): KeyToWrapWith {
  for (const { parse } of Object.values(KINDS)) {
    const key = parse(text, context);
    if (key !== undefined) return key;
  }
  throw new EnvsealError('configuration', 'unsupported key', {
    hint: 'use arn:aws:kms:REGION:ACCOUNT:key/ID, projects/…/locations/…/keyRings/…/cryptoKeys/KEY, or an age recipient (age1…)',
  });
}

/** A refusal names kms:Encrypt or cloudkms.cryptoKeyVersions.useToEncrypt. */
export function wrapWith(clients: WrapClients): Wrap {
  return async (dataKey, key) => {
    const { wrap } = KINDS[key.kind] as Kind<KeyToWrapWith>;
    return await wrap(dataKey, key, clients);
  };
}
