/** The caller and their permissions: the token's scopes first, then those of the principal. */

import { type AccessToken, SERVICE_ACCOUNT, verifyAccessToken } from '../google/access-tokens.ts';
import type { Received } from '../http/exchange.ts';
import { type Api, GcsError } from './errors.ts';

const SCOPE_PREFIX = 'https://www.googleapis.com/auth/';

/** https://docs.cloud.google.com/storage/docs/oauth-scopes */
const WRITE_SCOPES = ['cloud-platform', 'devstorage.read_write', 'devstorage.full_control'];
const READ_SCOPES = [...WRITE_SCOPES, 'cloud-platform.read-only', 'devstorage.read_only'];

/** https://docs.cloud.google.com/storage/docs/access-control/iam-permissions */
const READ_PERMISSION = /\.(get|list)$/;

const EVERYTHING = '*';

/** Principal and bucket to permissions: what is said for a bucket wins over what is said for all of them. */
export class Permissions {
  readonly #granted = new Map<string, ReadonlyMap<string, readonly string[]>>([
    [SERVICE_ACCOUNT, new Map([[EVERYTHING, [EVERYTHING]]])],
  ]);

  /** Replaces what the principal might do there before. */
  allow(principal: string, permissions: readonly string[], bucket = EVERYTHING): void {
    this.#granted.set(principal, new Map([...(this.#granted.get(principal) ?? []), [bucket, permissions]]));
  }

  has(principal: string, permission: string, bucket: string): boolean {
    const granted = this.#granted.get(principal);
    const permissions = granted?.get(bucket) ?? granted?.get(EVERYTHING) ?? [];
    return permissions.includes(EVERYTHING) || permissions.includes(permission);
  }
}

/** Undefined is an anonymous caller. Throws 401 for a token that is not valid, or not any more. */
export function identify({ headers }: Received, now: number): AccessToken | undefined {
  if (headers.authorization === undefined) return undefined;
  const [, text = ''] = /^Bearer +(\S+)$/i.exec(headers.authorization) ?? [];
  const token = verifyAccessToken(text, now);
  if (token !== undefined) return token;
  throw new GcsError('AuthenticationRequired', {
    location: ['header', 'Authorization'],
    headers: {
      'www-authenticate': 'Bearer realm="https://accounts.google.com/", error="invalid_token"',
    },
  });
}

/** Throws 403, or 401 for an anonymous caller of the JSON API. No bucket: one that is to be made. */
export function demand(
  caller: AccessToken | undefined,
  permission: string,
  bucket: string,
  permissions: Permissions,
  api: Api,
): void {
  if (caller === undefined) throw anonymous(permission, api);
  checkScopes(caller.scopes, permission);
  if (!permissions.has(caller.principal, permission, bucket))
    throw new GcsError('AccessDenied', { details: refusal(caller.principal, permission) });
}

function anonymous(permission: string, api: Api): GcsError {
  const details = refusal('Anonymous caller', permission);
  if (api === 'xml') return new GcsError('AccessDenied', { details });
  return new GcsError('AuthenticationRequired', {
    details,
    reason: 'required',
    location: ['header', 'Authorization'],
  });
}

/** With no scope of Cloud Storage's at all, the request does not get as far as Cloud Storage. */
function checkScopes(scopes: readonly string[], permission: string): void {
  const names = scopes.map((scope) => scope.replace(SCOPE_PREFIX, ''));
  const sufficient = READ_PERMISSION.test(permission) ? READ_SCOPES : WRITE_SCOPES;
  if (names.some((name) => sufficient.includes(name))) return;
  if (names.some((name) => READ_SCOPES.includes(name)))
    throw new GcsError('AccessDenied', { details: 'Provided scope(s) are not authorized' });
  throw new GcsError('AccessDenied', {
    details: 'Request had insufficient authentication scopes.',
    reason: 'insufficientPermissions',
    headers: {
      'www-authenticate': `Bearer realm="https://accounts.google.com/", error="insufficient_scope", scope="${READ_SCOPES.map((name) => SCOPE_PREFIX + name).join(' ')}"`,
    },
    model: {
      status: 'PERMISSION_DENIED',
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT',
          domain: 'googleapis.com',
          metadata: { service: 'storage.googleapis.com' },
        },
      ],
    },
  });
}

/**
 * The text is the same whether the caller may not see it or it is not there: only callers that may list learn
 * which.
 */
export function refusal(who: string, permission: string): string {
  const on = permission.startsWith('storage.buckets.') || permission.endsWith('.list') ? 'bucket' : 'object';
  return (
    `${who} does not have ${permission} access to the Google Cloud Storage ${on}. ` +
    `Permission '${permission}' denied on resource (or it may not exist).`
  );
}
