/**
 * Access tokens as Google's are to a client: opaque, of a principal, with scopes and an end. Signed, so that one server
 * process can issue them and another check them.
 */

import { createHmac } from 'node:crypto';

export interface AccessToken {
  /** A service account's email, a user's, or a `principal://…` of a workload identity pool. */
  readonly principal: string;
  readonly scopes: readonly string[];
  /** In ms since 1970. */
  readonly expiresAt: number;
}

export const SERVICE_ACCOUNT = 'app@envseal-test.iam.gserviceaccount.com';
/** https://docs.cloud.google.com/docs/authentication#authorization-gcp */
export const CLOUD_PLATFORM_SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

const KEY = 'known to all test servers';
const PREFIX = 'ya29.';

export function issueAccessToken(token: AccessToken): string {
  const payload = Buffer.from(JSON.stringify(token)).toString('base64url');
  return `${PREFIX}${payload}.${signature(payload)}`;
}

/** `undefined` for what no test server issued, and for a token whose end is before `now`. */
export function verifyAccessToken(text: string, now: number): AccessToken | undefined {
  const [payload = '', signed] = text.slice(PREFIX.length).split('.');
  if (!text.startsWith(PREFIX) || signed !== signature(payload)) return undefined;
  const token: AccessToken = JSON.parse(Buffer.from(payload, 'base64url').toString());
  return token.expiresAt > now ? token : undefined;
}

function signature(payload: string): string {
  return createHmac('sha256', KEY).update(payload).digest('base64url');
}

/** A token of an hour that may do everything, unless set otherwise. */
export function accessToken(token: Partial<AccessToken> = {}): string {
  const expiresAt = Date.now() + 3_600_000;
  return issueAccessToken({
    principal: SERVICE_ACCOUNT,
    scopes: [CLOUD_PLATFORM_SCOPE],
    expiresAt,
    ...token,
  });
}
