/** KMS keys: how they are found, who may use them, and what they encrypt. */

import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { type AccessKey, implicitDenial } from './access-keys.ts';

export type KeyState = 'Enabled' | 'Disabled' | 'PendingDeletion' | 'NotFound';
export type KmsAction = 'kms:Decrypt' | 'kms:GenerateDataKey' | 'kms:Encrypt' | 'kms:DescribeKey';

export interface KmsKey {
  /** `arn:aws:kms:REGION:ACCOUNT:key/ID`. */
  readonly arn: string;
  /** Default `Enabled`. */
  readonly state?: KeyState;
  /** With `alias/`. */
  readonly aliases?: readonly string[];
  /** Which access key ids may do an action; an action that is not named is allowed to all. */
  readonly allow?: Partial<Readonly<Record<KmsAction, readonly string[]>>>;
}

type KmsErrorCode =
  | 'AccessDeniedException'
  | 'DisabledException'
  | 'IncorrectKeyException'
  | 'InvalidCiphertextException'
  | 'KMSInvalidStateException'
  | 'NotFoundException';

export class KmsError extends Error {
  readonly code: KmsErrorCode;

  constructor(code: KmsErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

const IV_BYTES = 12;
const TAG_BYTES = 16;

export class KmsKeys {
  readonly #byArn = new Map<string, KmsKey>();

  register(key: KmsKey): void {
    this.#byArn.set(key.arn, key);
  }

  /**
   * Finds a key by id, key ARN, alias name or alias ARN in one region and asks whether the caller may do this to it;
   * no caller is the test itself. `DescribeKey` works on every key that exists, the other actions only on enabled ones.
   */
  use(action: KmsAction, reference: string, region: string, caller: AccessKey | undefined): KmsKey {
    const key = this.#find(reference, region);
    if (key === undefined) throw notFound(reference, region);
    const { arn, state = 'Enabled', allow = {} } = key;
    if (state === 'NotFound') throw new KmsError('NotFoundException', `Key '${arn}' does not exist`);
    if (caller !== undefined && allow[action]?.includes(caller.accessKeyId) === false)
      throw denied(caller, action, arn);
    if (action === 'kms:DescribeKey') return key;
    if (state === 'Disabled') throw new KmsError('DisabledException', `${arn} is disabled.`);
    if (state === 'PendingDeletion')
      throw new KmsError('KMSInvalidStateException', `${arn} is pending deletion.`);
    return key;
  }

  #find(reference: string, region: string): KmsKey | undefined {
    return [...this.#byArn.values()].find(
      (key) => regionOf(key.arn) === region && names(key).includes(reference),
    );
  }
}

/** AES-256-GCM: nonce, ciphertext, tag. */
export function seal({ arn }: KmsKey, plaintext: Buffer, context: string): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', material(arn), iv).setAAD(Buffer.from(context));
  return Buffer.concat([iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** Throws InvalidCiphertextException when the bytes, the key or the context are not those of `seal`. */
export function open({ arn }: KmsKey, sealed: Buffer, context: string): Buffer {
  try {
    const decipher = createDecipheriv('aes-256-gcm', material(arn), sealed.subarray(0, IV_BYTES));
    decipher.setAAD(Buffer.from(context)).setAuthTag(sealed.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch {
    throw new KmsError('InvalidCiphertextException', '');
  }
}

/** Derived, so that two server processes that know the same key open each other's ciphertexts. */
function material(arn: string): Buffer {
  return createHash('sha256').update(`key material of ${arn}`).digest();
}

function names({ arn, aliases = [] }: KmsKey): string[] {
  const [prefix = '', id = ''] = arn.split('key/');
  return [arn, id, ...aliases, ...aliases.map((alias) => prefix + alias)];
}

function regionOf(arn: string): string {
  return arn.split(':')[3] ?? '';
}

export function accountOf(arn: string): string {
  return arn.split(':')[4] ?? '';
}

function notFound(reference: string, region: string): KmsError {
  if (reference.startsWith('arn:') && regionOf(reference) !== region)
    return new KmsError('NotFoundException', `Invalid arn ${regionOf(reference)}`);
  if (reference.includes('alias/'))
    return new KmsError('NotFoundException', `Alias ${reference} is not found.`);
  if (reference.startsWith('arn:'))
    return new KmsError('NotFoundException', `Key '${reference}' does not exist`);
  return new KmsError('NotFoundException', `Invalid keyId '${reference}'`);
}

function denied({ arn }: AccessKey, action: KmsAction, keyArn: string): KmsError {
  const what = `User: ${arn} is not authorized to perform: ${action} on resource: ${keyArn}`;
  return new KmsError('AccessDeniedException', `${what} ${implicitDenial(action)}`);
}
