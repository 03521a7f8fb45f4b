/** From the bytes of a file that was sealed before it was stored to its variables. Loaded for those only. */
import { EnvsealError } from '../errors.ts';
import { isAlias } from '../keys/aws-key-name.ts';
import { isCloudKmsKey, withoutVersion } from '../keys/cloud-key-name.ts';
import { unwrapKey } from '../keys/kinds.ts';
import { isPinned } from '../keys/pins.ts';
import { refuseOtherPlace } from './encryption-context.ts';
import { notPinned } from './policy.ts';
import type { OpenedFile, OpenSealedOptions, SealedFile } from './sealed-file.ts';
import type { OpenSopsOptions } from './sops/open.ts';

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
    throw new EnvsealError('configuration', `${source.uri}: --kms-key names a key version`, {
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

/** The keys that may open a SOPS file, and how they do. */
export function sopsOptions(options: OpenSealedOptions): OpenSopsOptions {
  refuseVersions(options);
  const { source, clients, pinnedKeys } = options;
  return {
    source: source.uri,
    unwrap: async (wrapped) => {
      const { plaintext, key } = await unwrapKey(wrapped, clients);
      // The file may name an alias, which leads wherever its owner wants.
      if (pinnedKeys.length > 0 && !isPinned(key, pinnedKeys)) throw notPinned(wrapped.key, key);
      return plaintext;
    },
    // Which key an alias leads to is known when it has unwrapped, and is checked then.
    isAllowed: ({ key }) => pinnedKeys.length === 0 || isPinned(key, pinnedKeys) || isAlias(key),
    checkKey: ({ context }) => refuseOtherPlace(context, source),
  };
}
