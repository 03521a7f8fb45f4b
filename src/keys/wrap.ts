/** Data keys wrapped with keys of all kinds: the mirror of what opens sealed files. */
import type { AwsClient } from '../aws/client.ts';
import type { GoogleClient } from '../gcp/client.ts';
import { withoutVersion } from './cloud-key-name.ts';
import type { Wrap } from './contract.ts';

/** Each made when the first key of its cloud needs it. */
export interface WrapClients {
  aws(): Promise<AwsClient>;
  google(): Promise<GoogleClient>;
}

/** Throws as `Wrap` does; a refusal names kms:Encrypt or cloudkms.cryptoKeyVersions.useToEncrypt. */
export function wrapWith(clients: WrapClients): Wrap {
  return async (dataKey, key) => {
    switch (key.kind) {
      case 'aws-kms': {
        const { wrapWithAws } = await import('./aws-kms.ts');
        return await wrapWithAws(dataKey, key, await clients.aws());
      }
      case 'cloud-kms': {
        const { encryptWithCloudKms } = await import('./cloud-kms-encrypt.ts');
        const subject = `the data key under ${key.key}`;
        const input = { plaintext: dataKey, key: key.key, subject };
        const wrapped = await encryptWithCloudKms(input, await clients.google());
        // sops takes no version here, and the ciphertext says which it was.
        return { kind: 'cloud-kms', key: withoutVersion(key.key), wrapped };
      }
      case 'age': {
        const { wrapForAge } = await import('./age/age.ts');
        return await wrapForAge(dataKey, key.key);
      }
    }
  };
}
