/** Roles and who may assume them. */

import { randomBytes } from 'node:crypto';
import type { AccessKey } from '../aws/access-keys.ts';

export interface Role {
  readonly arn: string;
  /** The web identity tokens it trusts; with `expired` true for those whose time is over. */
  readonly webIdentityTokens?: readonly { readonly token: string; readonly expired?: boolean }[];
  /** The access keys that may call AssumeRole; absent: all. */
  readonly trustedAccessKeys?: readonly string[];
  /** What AssumeRole must bring along. */
  readonly externalId?: string;
}

export interface AssumableRole extends Role {
  /** The credentials it gives: the same ones every time. */
  readonly session: AccessKey;
}

export function newSession(roleArn: string): AccessKey {
  return {
    accessKeyId: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64'),
    sessionToken: randomBytes(96).toString('base64'),
    arn: `${roleArn.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/session`,
  };
}
