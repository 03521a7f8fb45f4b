/** The proof that a workload identity provider takes, and what it makes of it. */

import { PROJECT_NUMBER } from './defaults.ts';
import { type Claims, signJwt, tokenIssuerKey } from './jwt.ts';

const POOL = `projects/${PROJECT_NUMBER}/locations/global/workloadIdentityPools/envseal`;
/** Trusts `TOKEN_ISSUER`. */
export const OIDC_AUDIENCE = `//iam.googleapis.com/${POOL}/providers/oidc`;
/** Trusts every access key that the server knows. */
export const AWS_AUDIENCE = `//iam.googleapis.com/${POOL}/providers/aws`;

export const TOKEN_ISSUER = 'https://issuer.envseal.test';
export const TOKEN_SUBJECT = 'system:serviceaccount:default:app';

const LIFETIME_SECONDS = 3600;

/** https://docs.cloud.google.com/iam/docs/principal-identifiers */
export function poolPrincipal(subject: string): string {
  return `principal://iam.googleapis.com/${POOL}/subject/${subject}`;
}

/** A token of the issuer for `TOKEN_SUBJECT`, good for an hour unless the claims say otherwise. */
export function mintSubjectToken(claims: Claims = {}, nowMs = Date.now()): string {
  const iat = Math.floor(nowMs / 1000);
  const audience = `https:${OIDC_AUDIENCE}`;
  const usual = { iss: TOKEN_ISSUER, sub: TOKEN_SUBJECT, aud: audience, iat, exp: iat + LIFETIME_SECONDS };
  return signJwt({ ...usual, ...claims }, tokenIssuerKey, { kid: 'test-issuer' });
}
