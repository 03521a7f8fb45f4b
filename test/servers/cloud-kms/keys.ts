/** Cloud KMS keys: their versions, and who may use them. */

import { permissionDenied } from '../google/refusals.ts';
import { StatusError } from '../google/status.ts';

/** https://docs.cloud.google.com/kms/docs/key-states */
export type VersionState = 'ENABLED' | 'DISABLED' | 'DESTROYED' | 'DESTROY_SCHEDULED' | 'PENDING_GENERATION';

/** https://docs.cloud.google.com/kms/docs/reference/permissions-and-roles */
export type Permission =
  | 'cloudkms.cryptoKeyVersions.useToDecrypt'
  | 'cloudkms.cryptoKeyVersions.useToEncrypt'
  | 'cloudkms.cryptoKeys.get'
  | 'cloudkms.cryptoKeyVersions.get';

export interface CloudKmsKey {
  /** `projects/P/locations/L/keyRings/R/cryptoKeys/K`. */
  readonly name: string;
  /** The states of versions 1, 2, …; default: one that is enabled. */
  readonly versions?: readonly VersionState[];
  /** The number of the primary version. Default: the last one. */
  readonly primary?: number;
  /** Default `SOFTWARE`. */
  readonly protectionLevel?: 'SOFTWARE' | 'HSM';
  /** Who may do what; a permission that is not named is granted to all. */
  readonly allow?: Partial<Readonly<Record<Permission, readonly string[]>>>;
  /** Wins over `allow`. */
  readonly deny?: Partial<Readonly<Record<Permission, readonly string[]>>>;
  /** Ciphertexts begin with `CiUA` instead of `CiQA`. */
  readonly longIdentifier?: boolean;
}

export interface KeyVersion {
  readonly key: CloudKmsKey;
  readonly number: number;
  readonly name: string;
  readonly state: VersionState;
}

export const SERVICE = 'cloudkms.googleapis.com';

const VERSION_SUFFIX = /^(.*)\/cryptoKeyVersions\/(\d+)$/;

export class CloudKmsKeys {
  readonly #byName = new Map<string, CloudKmsKey>();

  register(key: CloudKmsKey): void {
    this.#byName.set(key.name, key);
  }

  setState(versionName: string, state: VersionState): void {
    const { key, number } = this.version(versionName);
    const versions = versionsOf(key).map((version) => (version.number === number ? state : version.state));
    this.register({ ...key, versions });
  }

  /** Throws NOT_FOUND, or PERMISSION_DENIED for a project where there is nothing. */
  find(name: string, permission: Permission): CloudKmsKey {
    const key = this.#byName.get(name);
    if (key !== undefined) return key;
    const project = name.split('/').slice(0, 2).join('/');
    const isKnown = [...this.#byName.keys()].some((known) => known.startsWith(`${project}/`));
    if (!isKnown) throw permissionDenied(SERVICE, permission, name);
    throw new StatusError('NOT_FOUND', `CryptoKey ${name} not found.`);
  }

  version(name: string, permission: Permission = 'cloudkms.cryptoKeyVersions.get'): KeyVersion {
    const [, keyName = '', number] = VERSION_SUFFIX.exec(name) ?? [];
    const key = this.find(keyName, permission);
    const version = versionsOf(key).find((candidate) => candidate.number === Number(number));
    if (version === undefined) throw new StatusError('NOT_FOUND', `CryptoKeyVersion ${name} not found.`);
    return version;
  }
}

export function versionsOf(key: CloudKmsKey): KeyVersion[] {
  return (key.versions ?? ['ENABLED']).map((state, at) => ({
    key,
    number: at + 1,
    name: `${key.name}/cryptoKeyVersions/${at + 1}`,
    state,
  }));
}

export function primaryOf(key: CloudKmsKey): KeyVersion | undefined {
  const versions = versionsOf(key);
  return versions.find(({ number }) => number === (key.primary ?? versions.length));
}

/** The resource is the one that the request named. */
export function demandPermission(
  { allow = {}, deny = {} }: CloudKmsKey,
  permission: Permission,
  principal: string,
  resource: string,
): void {
  const isAllowed = allow[permission]?.includes(principal) ?? true;
  if (!isAllowed || deny[permission]?.includes(principal))
    throw permissionDenied(SERVICE, permission, resource);
}

/** The text and the violation are Google's: `gcloud kms encrypt` prints both for a disabled version. */
export function demandEnabled({ name, state }: KeyVersion): void {
  if (state === 'ENABLED') return;
  throw new StatusError('FAILED_PRECONDITION', `${name} is not enabled, current state is: ${state}.`, [
    { violations: [{ type: `KEY_${state}`, subject: name }] },
  ]);
}
