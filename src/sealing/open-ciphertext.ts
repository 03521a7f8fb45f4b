/** From the bytes of a ciphertext of a KMS, or of an object of berglas, to its variables. Loaded for those only. */
import type { AwsClient } from '../aws/client.ts';
import { EnvsealError } from '../errors.ts';
import { regionOfKey } from '../keys/aws-key-name.ts';
import type { Opened } from '../keys/aws-kms.ts';
import { isCloudKmsKey } from '../keys/cloud-key-name.ts';
import { isPinned } from '../keys/pins.ts';
import { locationOf, type Source } from '../source-uri.ts';
import { detect } from './detect.ts';
import { refuseOtherPlace } from './encryption-context.ts';
import { openPlain } from './open-plain.ts';
import { notPinned } from './policy.ts';
import type { OpenedFile, OpenSealedOptions, SealedFile } from './sealed-file.ts';

type CiphertextFile = Exclude<SealedFile, { kind: 'sops' }>;

/** Throws as `openSealed` does. */
export async function openCiphertextFile(
  file: CiphertextFile,
  options: OpenSealedOptions,
): Promise<OpenedFile> {
  const opened =
    file.kind === 'kms' ? await openCiphertext(file, options) : await openBerglasFile(file, options);
  return openContent(opened, options);
}

async function openCiphertext(
  file: SealedFile & { kind: 'kms' },
  options: OpenSealedOptions,
): Promise<Opened> {
  const { source, clients, pinnedKeys, encryptionContext } = options;
  const subject = source.uri;
  if (cloudOf(file, options) === 'google') {
    if (Object.keys(encryptionContext).length > 0) {
      throw new EnvsealError(
        'configuration',
        `${subject} is sealed by Cloud KMS, which has no encryption context`,
        {
          hint: 'remove --encryption-context: it is for AWS KMS',
        },
      );
    }
    const { decryptWithCloudKms } = await import('../keys/cloud-kms.ts');
    const key = chooseCloudKmsKey(options);
    const input = { ciphertext: file.ciphertext, key, subject };
    return { plaintext: await decryptWithCloudKms(input, await clients.google()), key };
  }
  const { decryptWithAws } = await import('../keys/aws-kms.ts');
  refuseOtherPlace(encryptionContext, source);
  const awsPins = pinnedKeys.filter((pin) => !isCloudKmsKey(pin) && !pin.startsWith('age1'));
  if (pinnedKeys.length > 0 && awsPins.length === 0) throw notPinned(subject, 'an AWS KMS key');
  const client = await clients.aws();
  const [pin, ...others] = awsPins;
  const opened = await decryptWithAws(
    {
      ciphertext: file.ciphertext,
      // KMS itself refuses any other key, where there is only one to pass to it.
      key: others.length === 0 ? pin : undefined,
      context: encryptionContext,
      region: regionFor(options, client),
      subject,
    },
    client,
  );
  if (pinnedKeys.length > 0 && !isPinned(opened.key, pinnedKeys)) throw notPinned(subject, opened.key);
  return opened;
}

/** A ciphertext whose bytes do not say where it is from belongs to the pinned key's cloud, or else the store's. */
function cloudOf(
  file: SealedFile & { kind: 'kms' },
  { source, pinnedKeys }: OpenSealedOptions,
): 'aws' | 'google' {
  if (file.cloud !== undefined) return file.cloud;
  const isGoogle = pinnedKeys.length > 0 ? pinnedKeys.every(isCloudKmsKey) : source.scheme === 'gs';
  return isGoogle ? 'google' : 'aws';
}

function regionFor({ source, pinnedKeys }: OpenSealedOptions, { settings }: AwsClient): string {
  const ofPin = pinnedKeys.map(regionOfKey).find((region) => region !== undefined);
  const ofSource = source.scheme === 's3' ? source.region : undefined;
  return ofPin ?? ofSource ?? settings.region ?? 'us-east-1';
}

/**
 * A ciphertext of Cloud KMS does not say its key. Who can write the object can write its metadata, so a key from there
 * counts only when the caller knows it, or says that any will do.
 */
function chooseCloudKmsKey({ source, object, pinnedKeys, allowMetadataKey }: OpenSealedOptions): string {
  const named = object.namedKey;
  const pins = pinnedKeys.filter(isCloudKmsKey);
  if (named !== undefined && pins.length > 0 && !isPinned(named, pins)) throw notPinned(source.uri, named);
  if (named !== undefined && (pins.length > 0 || (pinnedKeys.length === 0 && allowMetadataKey))) return named;
  const [pin, ...others] = pins;
  if (pin !== undefined && others.length === 0) return pin;
  if (pinnedKeys.length > 0 && pin === undefined) throw notPinned(source.uri, 'a Cloud KMS key');
  const isAmbiguous = pin !== undefined;
  throw new EnvsealError(
    'configuration',
    `${source.uri} does not say which ${isAmbiguous ? 'of the pinned keys' : 'Cloud KMS key'} it is sealed with`,
    {
      hint: isAmbiguous
        ? 'name one key in --kms-key, or the key in the metadata field kms-key of the object'
        : `name it: --kms-key ${named !== undefined && isCloudKmsKey(named) ? named : 'projects/…/cryptoKeys/KEY'}`,
    },
  );
}

async function openBerglasFile(
  file: SealedFile & { kind: 'berglas' },
  options: OpenSealedOptions,
): Promise<Opened> {
  const { openBerglas } = await import('./berglas.ts');
  const { decryptWithCloudKms } = await import('../keys/cloud-kms.ts');
  const { source, clients } = options;
  const key = chooseCloudKmsKey(options);
  const plaintext = await openBerglas(file, {
    source: source.uri,
    objectName: objectNameOf(source),
    unwrap: async (ciphertext, additionalData) =>
      await decryptWithCloudKms(
        { ciphertext, additionalData, key, subject: source.uri },
        await clients.google(),
      ),
  });
  return { plaintext, key };
}

/** berglas binds a file to its name in the bucket, without the bucket. */
function objectNameOf(source: Source): string {
  const place = locationOf(source);
  if ('bucket' in source) return place.slice(`${source.scheme}://${source.bucket}/`.length);
  return place.slice(place.lastIndexOf('/') + 1);
}

/** What was inside is an env file, and nothing that is sealed once more. */
function openContent({ plaintext, key }: Opened, { source }: OpenSealedOptions): OpenedFile {
  const content = detect(plaintext, { source: source.uri });
  if (content.kind === 'dotenv' || content.kind === 'json') {
    return { variables: openPlain(plaintext, content.kind, source, content.text), keys: [key] };
  }
  throw new EnvsealError('malformed', `${source.uri} is sealed twice: it contains ${content.kind}`, {
    hint: 'seal the plain env file',
  });
}
