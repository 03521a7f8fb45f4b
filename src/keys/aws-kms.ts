/**
 * Keys of AWS KMS. https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html
 * https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html
 */

import type { AwsClient } from '../aws/client.ts';
import { callKms } from '../aws/kms.ts';
import { EnvsealError } from '../errors.ts';
import { fromBase64 } from '../system/base64.ts';
import { toBase64 } from '../system/bytes.ts';
import { parseArn } from './arn.ts';
import { regionOfKey } from './aws-key-name.ts';

export interface AwsCiphertext {
  readonly ciphertext: Uint8Array;
  /** The only key that may open it; `undefined`: the one that the ciphertext is of. */
  readonly key: string | undefined;
  readonly context: Readonly<Record<string, string>>;
  readonly region: string;
  /** What it is, for people. */
  readonly subject: string;
}

export interface Opened {
  readonly plaintext: Uint8Array;
  /** The key that opened it, as KMS says. */
  readonly key: string;
}

/** Throws `corrupt` for what no such key encrypted with such a context, `wrong_key` for another than `key`. */
export async function decryptWithAws(input: AwsCiphertext, client: AwsClient): Promise<Opened> {
  const { ciphertext, key, context, region, subject } = input;
  const answer = await callKms(
    {
      operation: 'Decrypt',
      input: {
        CiphertextBlob: toBase64(ciphertext),
        EncryptionContext: context,
        ...(key === undefined ? {} : { KeyId: key }),
      },
      region,
      resource: key ?? `the KMS key of ${subject}`,
      subject,
      explain: (code) => explain(code, input),
    },
    client,
  );
  const { Plaintext, KeyId } = answer;
  const plaintext = typeof Plaintext === 'string' ? fromBase64(Plaintext) : undefined;
  if (plaintext === undefined || typeof KeyId !== 'string') {
    throw new EnvsealError('unreachable', 'KMS answered without a plaintext', {
      hint: 'check AWS_ENDPOINT_URL_KMS: the server there is not KMS',
    });
  }
  return { plaintext, key: KeyId };
}

/** KMS does not say what is wrong about a ciphertext. */
function explain(code: string, { subject, key, region, context }: AwsCiphertext): EnvsealError | undefined {
  if (code === 'InvalidCiphertextException') {
    const names = Object.keys(context);
    const given = names.length === 0 ? 'none is given' : `given: ${names.join(', ')}`;
    return new EnvsealError(
      'corrupt',
      `KMS cannot open ${subject}: changed bytes, another region or context`,
      {
        hint: `seal it again; the encryption context must be the one it was sealed with (${given}), and so must the region (${region})`,
      },
    );
  }
  if (code === 'IncorrectKeyException') {
    return new EnvsealError('wrong_key', `${subject} is sealed with a key other than ${key}`, {
      hint: 'someone replaced the file or its key: investigate; if intended, change --kms-key',
    });
  }
  return undefined;
}

export interface AwsKey {
  readonly kind: 'aws-kms';
  /** ARN of the key, or of an alias; before it wraps, also an alias or id alone. */
  readonly key: string;
  /** Encryption context; KMS opens the data key only with the same. */
  readonly context: Readonly<Record<string, string>>;
  /** ARN of a role to assume first. */
  readonly role?: string | undefined;
  /** Name of the profile in `~/.aws` to use. */
  readonly profile?: string | undefined;
}

export interface AwsWrappedKey extends AwsKey {
  readonly wrapped: Uint8Array;
}

/** The data key of a SOPS file, as the role or profile that the file names for it. */
export async function unwrapWithAws(wrapped: AwsWrappedKey, client: AwsClient): Promise<Opened> {
  const { key, context } = wrapped;
  const region = regionFor(key, client);
  const subject = `the data key under ${key}`;
  return await decryptWithAws(
    { ciphertext: wrapped.wrapped, key, context, region, subject },
    await clientFor(wrapped, region, client),
  );
}

/**
 * The mirror. An alias becomes the key that it leads to now, because an alias in a file would open nothing once it leads
 * elsewhere, and a pin is of a key. Throws `key_unavailable` for a key that cannot encrypt, `denied` without kms:Encrypt.
 */
export async function wrapWithAws(
  dataKey: Uint8Array,
  wanted: AwsKey,
  client: AwsClient,
): Promise<AwsWrappedKey> {
  const { key, context } = wanted;
  const region = regionFor(key, client);
  const answer = await callKms(
    {
      operation: 'Encrypt',
      input: {
        KeyId: key,
        Plaintext: toBase64(dataKey),
        EncryptionContext: context,
      },
      region,
      resource: key,
      subject: `the data key under ${key}`,
      explain: (code) => (code === 'InvalidKeyUsageException' ? cannotEncrypt(key) : undefined),
    },
    await clientFor(wanted, region, client),
  );
  const { CiphertextBlob, KeyId } = answer;
  const arn = [KeyId, key].find((name) => typeof name === 'string' && parseArn(name) !== undefined);
  if (typeof CiphertextBlob !== 'string' || CiphertextBlob === '' || arn === undefined) {
    throw new EnvsealError('unreachable', 'KMS answered without a ciphertext and the ARN of its key', {
      hint: 'check AWS_ENDPOINT_URL_KMS: the server there is not KMS',
    });
  }
  return { ...wanted, key: arn as string, wrapped: Buffer.from(CiphertextBlob, 'base64') };
}

function cannotEncrypt(key: string): EnvsealError {
  return new EnvsealError('key_unavailable', `the KMS key ${key} cannot encrypt`, {
    hint: 'use a symmetric key (SYMMETRIC_DEFAULT, ENCRYPT_DECRYPT)',
  });
}

function regionFor(key: string, { settings }: AwsClient): string {
  return regionOfKey(key) ?? settings.region ?? 'us-east-1';
}

async function clientFor({ role, profile }: AwsKey, region: string, client: AwsClient): Promise<AwsClient> {
  const own = profile === undefined ? client : await withProfile(profile, client);
  if (role === undefined) return own;
  const { assumeRole } = await import('../aws/credentials/assume-role.ts');
  return own.as({ credentials: () => assumeRole({ role, region }, own) });
}

/**
 * A container has other credentials than the person who sealed the file, and seldom the profiles of a
 * workstation.
 */
async function withProfile(name: string, client: AwsClient): Promise<AwsClient> {
  const variables = { ...client.variables, AWS_PROFILE: name };
  const { readAwsSettings } = await import('../aws/read-settings.ts');
  const settings = readAwsSettings(variables, client.system);
  return settings.profile.settings === undefined ? client : client.as({ settings, variables });
}
