/** The state of the token endpoints, and what a test may change of it. */

import type { AccessKeys } from '../aws/access-keys.ts';
import { CLOUD_PLATFORM_SCOPE, SERVICE_ACCOUNT } from '../google/access-tokens.ts';
import type { Clock } from '../http/clock.ts';

export interface TokenSettings {
  /** For every access token but those of `generateAccessToken`. Google's is a second short of an hour. */
  readonly expiresInSeconds: number;
  /** What the refresh token's user consented to. */
  readonly userScopes: readonly string[];
  readonly refreshTokenRevoked: boolean;
  /** The service accounts that there are. */
  readonly serviceAccounts: readonly string[];
  /** The key of `SERVICE_ACCOUNT` was deleted: no assertion of its is signed right any more. */
  readonly serviceAccountKeyDeleted: boolean;
  /** The principals that may impersonate; null: all. */
  readonly impersonators: readonly string[] | null;
  /** The providers of workload identities are disabled. */
  readonly providersDisabled: boolean;
  /** What the URL provider hands out; null: a fresh token of the issuer's. */
  readonly subjectToken: string | null;
}

export interface TokenState {
  readonly clock: Clock;
  readonly accessKeys: AccessKeys;
  readonly settings: TokenSettings;
}

export const DEFAULTS: TokenSettings = {
  expiresInSeconds: 3599,
  userScopes: [CLOUD_PLATFORM_SCOPE, 'openid', 'https://www.googleapis.com/auth/userinfo.email'],
  refreshTokenRevoked: false,
  serviceAccounts: [SERVICE_ACCOUNT],
  serviceAccountKeyDeleted: false,
  impersonators: null,
  providersDisabled: false,
  subjectToken: null,
};
