/** RS256 tokens and the test keys that sign them, made with `openssl genrsa 2048`. https://www.rfc-editor.org/rfc/rfc7519 */

import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';

export type Claims = Readonly<Record<string, unknown>>;

export interface DecodedJwt {
  readonly header: Claims;
  readonly claims: Claims;
}

/** The key of `SERVICE_ACCOUNT`. */
export const serviceAccountKey: KeyObject = readKey('service-account-key.pem');
/** The key of the issuer that a workload identity provider trusts. */
export const tokenIssuerKey: KeyObject = readKey('token-issuer-key.pem');

export function signJwt(claims: Claims, key: KeyObject, header: Claims = {}): string {
  const signed = `${encode({ alg: 'RS256', typ: 'JWT', ...header })}.${encode(claims)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
}

/** Null when it is not a JWT at all; says nothing about its signature. */
export function decodeJwt(token: string): DecodedJwt | null {
  const [header = '', claims = '', signature, ...rest] = token.split('.');
  if (signature === undefined || rest.length > 0) return null;
  try {
    return { header: decode(header), claims: decode(claims) };
  } catch {
    return null;
  }
}

export function isSignedBy(token: string, key: KeyObject): boolean {
  const end = token.lastIndexOf('.');
  const signature = Buffer.from(token.slice(end + 1), 'base64url');
  if (decodeJwt(token)?.header.alg !== 'RS256') return false;
  return verify('sha256', Buffer.from(token.slice(0, end)), createPublicKey(key), signature);
}

function encode(value: Claims): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(part: string): Claims {
  return JSON.parse(Buffer.from(part, 'base64url').toString());
}

function readKey(name: string): KeyObject {
  return createPrivateKey(readFileSync(new URL(name, import.meta.url)));
}
