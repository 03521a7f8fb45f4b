/**
 * Signatures of Standard Webhooks.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */

import { createHmac } from 'node:crypto';
import { equal } from '../sigv4/authentication.ts';

const SECRET = /^whsec_((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)$/;
const MIN_BYTES = 24;
const MAX_BYTES = 64;

/** The bytes of `whsec_BASE64`. Throws for what is not a secret. */
export function keyOf(secret: string): Buffer {
  const [, base64] = SECRET.exec(secret) ?? [];
  if (base64 === undefined) throw new Error('a secret is whsec_ and base64');
  const key = Buffer.from(base64, 'base64');
  if (key.length < MIN_BYTES || key.length > MAX_BYTES) throw new Error('a secret has 24 to 64 bytes');
  return key;
}

/** As `v1,BASE64`. */
function signature(secret: string, id: string, timestamp: string, body: Buffer): string {
  const hmac = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.`).update(body);
  return `v1,${hmac.digest('base64')}`;
}

const SIGNATURE = /^v1,[A-Za-z0-9+/=]+$/;

/** One signature by one of the secrets is enough; those of other versions do not count. */
export function isSigned(
  signatures: string,
  secrets: readonly string[],
  id: string,
  timestamp: string,
  body: Buffer,
): boolean {
  const expected = secrets.map((secret) => signature(secret, id, timestamp, body));
  const candidates = signatures.split(' ').filter((given) => SIGNATURE.test(given));
  return candidates.some((given) => expected.some((one) => equal(one, given)));
}
