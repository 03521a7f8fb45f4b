/** The keys in the metadata of a SOPS file, by kind: what their lists and entries are called. For reading and writing. */
import type { UsableKey } from '../../keys/kinds.ts';

export interface KeyList {
  readonly list: string;
  /** The field of an entry that names its key. */
  readonly name: string;
  /** Printable, so that an error may say it. */
  readonly pattern: RegExp;
  /** `enc` is text as it is, and no time is beside it. */
  readonly isArmored?: boolean;
  /** An entry can have a context, a role and a profile. */
  readonly hasContext?: boolean;
}

export const ARN = /^arn:[!-~]{1,508}$/;

/** In the order in which they are tried. */
export const KEY_LISTS: Readonly<Record<UsableKey['kind'], KeyList>> = {
  'aws-kms': { list: 'kms', name: 'arn', pattern: ARN, hasContext: true },
  'cloud-kms': { list: 'gcp_kms', name: 'resource_id', pattern: /^projects\/[!-~]{1,503}$/ },
  // Post-quantum recipients are 2 KB long.
  age: {
    list: 'age',
    name: 'recipient',
    pattern: /^(?:age1[a-z0-9-]{1,4000}|ssh-[ -~]{1,4000})$/,
    isArmored: true,
  },
};

/** Those that envseal has no use for. */
export const UNSUPPORTED_LISTS: readonly string[] = ['pgp', 'azure_kv', 'hc_vault', 'hckms'];
