/** From the bytes of a file that was sealed before it was stored to its variables. Loaded for those only. */
import type { AwsClient } from '../aws/aws-client.ts';
import { isAlias, regionOfKey } from '../aws/kms-key.ts';
import { EnvsealError } from '../errors.ts';
import type { GoogleClient } from '../gcp/google-client.ts';
import { isCloudKmsKey, withoutVersion } from '../gcp/key-name.ts';
import type { Opened } from '../keys/aws-kms.ts';
import type { Unwrap, WrappedKey } from '../keys/key-wrapper.ts';
import type { SecretMap } from '../secret-map.ts';
import type { Source } from '../store/source.ts';
import type { FetchedObject } from '../store/store.ts';
import { type EncryptionContext, refuseOtherPlace } from './encryption-context.ts';
import { openPlain } from './open.ts';
import { isPinned } from './pins.ts';
import { notPinned } from './policy.ts';
import { type Recognised, recognise } from './recognise.ts';
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
    case 'kms':
      return openContent(await openCiphertext(file, options), options);
    case 'berglas':
      return openContent(await openBerglasFile(file, options), options);
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

async function openCiphertext(
  file: SealedFile & { kind: 'kms' },
  options: OpenSealedOptions,
): Promise<Opened> {
  const { source, clients, pinnedKeys, encryptionContext } = options;
  const subject = source.uri;
  if (cloudOf(file, options) === 'google') {
    if (Object.keys(encryptionContext).length > 0) {
      throw new EnvsealError('configuration', `${subject} is of Cloud KMS, which has no encryption context`, {
        hint: 'leave --encryption-context out: it is for AWS KMS',
      });
    }
    const { decryptWithCloudKms } = await import('../keys/cloud-kms.ts');
    const key = chooseCloudKmsKey(options);
    const input = { ciphertext: file.ciphertext, key, subject };
    return { plaintext: await decryptWithCloudKms(input, await clients.google()), key };
  }
  const { decryptWithAws } = await import('../keys/aws-kms.ts');
  refuseOtherPlace(encryptionContext, source);
  const awsPins = pinnedKeys.filter((pin) => !isCloudKmsKey(pin) && !pin.startsWith('age1'));
  if (pinnedKeys.length > 0 && awsPins.length === 0) throw notPinned(subject, 'a key of AWS KMS');
  const client = await clients.aws();
  const [pin, ...others] = awsPins;
  const opened = await decryptWithAws(
    {
      ciphertext: file.ciphertext,
      // KMS itself refuses another key, where it can be told the only one.
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
  if (pinnedKeys.length > 0 && pin === undefined) throw notPinned(source.uri, 'a key of Cloud KMS');
  const isAmbiguous = pin !== undefined;
  throw new EnvsealError(
    'configuration',
    `${source.uri} does not say with which ${isAmbiguous ? 'of the pinned keys' : 'key of Cloud KMS'} it is sealed`,
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
  switch (source.scheme) {
    case 's3':
      return source.key;
    case 'gs':
      return source.object;
    case 'file':
      return source.path.slice(source.path.lastIndexOf('/') + 1);
  }
}

/** What was inside is an env file, and nothing that is sealed once more. */
function openContent({ plaintext, key }: Opened, { source }: OpenSealedOptions): OpenedFile {
  const content = recognise(plaintext, { source: source.uri });
  if (content.kind === 'dotenv' || content.kind === 'json') {
    return { variables: openPlain(plaintext, content.kind, source, content.text), keys: [key] };
  }
  throw new EnvsealError('malformed', `${source.uri} is sealed twice: inside it is ${content.kind}`, {
    hint: 'seal the plain env file',
  });
}
