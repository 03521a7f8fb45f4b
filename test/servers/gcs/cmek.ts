/**
 * Customer-managed keys: which key seals an object, and whether it can be used now.
 * https://docs.cloud.google.com/storage/docs/encryption/customer-managed-keys
 */

import { open, seal } from '../aws/kms-keys.ts';
import { GcsError } from './errors.ts';

/** `denied`: Cloud Storage's own service account, which uses the key for every caller, may not. */
export type CmekState = 'enabled' | 'disabled' | 'destroyed' | 'missing' | 'denied';

export interface CmekKey {
  /** `projects/P/locations/L/keyRings/R/cryptoKeys/K`. A key that no test mentions is enabled. */
  readonly name: string;
  readonly state?: CmekState;
  /** What seals new objects. Default 1. */
  readonly primaryVersion?: number;
}

const KEY_NAME = /^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/;
const VERSION = /\/cryptoKeyVersions\/\d+$/;
/** Google's own key, which needs no permission. */
const DEFAULT_KEY = 'google-managed';

export class CmekKeys {
  readonly #byName = new Map<string, CmekKey>();

  register(key: CmekKey): void {
    this.#byName.set(key.name, key);
  }

  /** The name of the version that seals, as metadata have it. A version cannot be asked for. */
  forSealing(name: string): string {
    if (!KEY_NAME.test(name))
      throw new GcsError('CloudKmsBadKey', { details: `Bad Cloud KMS crypto key: ${name}` });
    this.#check(name, 'CloudKmsEncryptionKeyNotFound');
    return `${name}/cryptoKeyVersions/${this.#byName.get(name)?.primaryVersion ?? 1}`;
  }

  checkForOpening(versionName: string): void {
    this.#check(versionName.replace(VERSION, ''), 'CloudKmsDecryptionKeyNotFound');
  }

  #check(name: string, whenMissing: 'CloudKmsEncryptionKeyNotFound' | 'CloudKmsDecryptionKeyNotFound'): void {
    switch (this.#byName.get(name)?.state ?? 'enabled') {
      case 'enabled':
        return;
      case 'missing':
        throw new GcsError(whenMissing);
      case 'denied':
        throw new GcsError('AccessDenied', {
          details:
            'Permission denied on Cloud KMS key. Please ensure that your Cloud Storage service account has been ' +
            'authorized to use this key.',
        });
      case 'disabled':
      case 'destroyed':
        throw new GcsError('CloudKmsDisabledKey');
    }
  }
}

export function sealBytes(plaintext: Buffer, versionName: string | undefined, context: string): Buffer {
  return seal({ arn: versionName ?? DEFAULT_KEY }, plaintext, context);
}

/** Every read of an object that a customer's key seals asks Cloud KMS. */
export function openBytes(
  sealed: Buffer,
  versionName: string | undefined,
  context: string,
  keys: CmekKeys,
): Buffer {
  if (versionName !== undefined) keys.checkForOpening(versionName);
  return open({ arn: versionName ?? DEFAULT_KEY }, sealed, context);
}
