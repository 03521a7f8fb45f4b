/** From the bytes of a file that was sealed before it was stored to its variables. Loaded for those only. */
import type { AwsClient } from '../aws/client.ts';
import { EnvsealError } from '../errors.ts';
import type { GoogleClient } from '../gcp/client.ts';
import { isAlias } from '../keys/aws-key-name.ts';
import { isCloudKmsKey, withoutVersion } from '../keys/cloud-key-name.ts';
import type { Unwrap, WrappedKey } from '../keys/contract.ts';
import { isPinned } from '../keys/pins.ts';
import type { SecretMap } from '../secret-map.ts';
import type { Source } from '../source.ts';
import type { FetchedObject } from '../store/object.ts';
import type { Recognised } from './detect.ts';
import { type EncryptionContext, refuseOtherPlace } from './encryption-context.ts';
import { notPinned } from './policy.ts';
import type { OpenSopsOptions } from './sops/open.ts';

/** Each made when its first key needs it. */
export interface KeyClients {
  aws(): Promise<AwsClient>;
  google(): Promise<GoogleClient>;
  age(): Promise<Unwrap>;
}

export interface OpenSealedOptions {
  readonly source: Source;
  readonly object: FetchedObject;
  readonly clients: KeyClients;
  /** Keys that may open the file, aliases resolved; empty: any key. */
  readonly pinnedKeys: readonly string[];
  readonly encryptionContext: EncryptionContext;
  /** Whether the key that the object's metadata name is taken without a pin. */
  readonly allowMetadataKey: boolean;
}

/** The variables, and the keys that opened them. */
export interface OpenedFile {
  readonly variables: SecretMap;
  readonly keys: readonly string[];
}

export type SealedFile = Extract<Recognised, { kind: 'sops' | 'kms' | 'berglas' }>;

/** Throws as the policy does for keys that are not pinned, and what the keys and the formats throw. */
export async function openSealed(file: SealedFile, options: OpenSealedOptions): Promise<OpenedFile> {
  if (file.kind !== 'sops') refuseVersions(options);
  switch (file.kind) {
    case 'sops':
      return await openSopsFile(file, options);
    default:
      return await (await import('./open-ciphertext.ts')).openCiphertextFile(file, options);
  }
}

/** Cloud KMS does not say which version of a key has opened something, so a pin of one could not be kept. */
function refuseVersions({ source, pinnedKeys }: OpenSealedOptions): void {
  for (const pin of pinnedKeys) {
    if (!isCloudKmsKey(pin) || withoutVersion(pin) === pin) continue;
    throw new EnvsealError('configuration', `${source.uri}: --kms-key names a version of a key`, {
      hint: `a version can be pinned for objects that Cloud Storage seals; here, pin the key: ${withoutVersion(pin)}`,
    });
  }
}

async function openSopsFile(
  file: SealedFile & { kind: 'sops' },
  options: OpenSealedOptions,
): Promise<OpenedFile> {
  const { openSops } = await import('./sops/open.ts');
  return await openSops(options.object.bytes, file.sops, { ...sopsOptions(options), text: file.text });
}

/** Which keys may open a SOPS file, and how they do. */
export function sopsOptions(options: OpenSealedOptions): OpenSopsOptions {
  refuseVersions(options);
  const { source, pinnedKeys } = options;
  return {
    source: source.uri,
    unwrap: unwrapWith(options),
    // Which key an alias leads to is known when it has unwrapped, and is checked then.
    isAllowed: ({ key }) => pinnedKeys.length === 0 || isPinned(key, pinnedKeys) || isAlias(key),
    checkKey: (key) => {
      if (key.kind === 'aws-kms') refuseOtherPlace(key.context, source);
    },
  };
}

function unwrapWith({ clients, pinnedKeys }: OpenSealedOptions): Unwrap {
  return async (wrapped: WrappedKey) => {
    switch (wrapped.kind) {
      case 'aws-kms': {
        const { unwrapWithAws } = await import('../keys/aws-kms.ts');
        const { plaintext, key } = await unwrapWithAws(wrapped, await clients.aws());
        // The file may name an alias, which leads wherever its owner wants.
        if (pinnedKeys.length > 0 && !isPinned(key, pinnedKeys)) throw notPinned(wrapped.key, key);
        return plaintext;
      }
      case 'cloud-kms': {
        const { decryptWithCloudKms } = await import('../keys/cloud-kms.ts');
        const subject = `the data key under ${wrapped.key}`;
        const input = { ciphertext: wrapped.wrapped, key: wrapped.key, subject };
        return await decryptWithCloudKms(input, await clients.google());
      }
      case 'age':
        return await (await clients.age())(wrapped);
      case 'unsupported':
        throw new EnvsealError('key_unavailable', `envseal cannot use ${wrapped.key}`);
    }
  };
}
