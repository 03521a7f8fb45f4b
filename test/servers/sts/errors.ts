/** https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html */

import type { Failure } from '../sigv4/authentication.ts';

const STATUS = {
  AccessDenied: 403,
  ExpiredToken: 403,
  ExpiredTokenException: 400,
  IncompleteSignature: 400,
  InvalidAction: 400,
  InvalidClientTokenId: 403,
  InvalidIdentityToken: 400,
  MissingAuthenticationToken: 403,
  SignatureDoesNotMatch: 403,
  ValidationError: 400,
} as const;

export class StsError extends Error {
  readonly code: keyof typeof STATUS;

  constructor(code: keyof typeof STATUS, message: string) {
    super(message);
    this.code = code;
  }

  get status(): number {
    return STATUS[this.code];
  }
}

const NO_TOKEN = 'The security token included in the request is invalid.';
const NO_MATCH = 'The request signature we calculated does not match the signature you provided.';

const FAILURES: Readonly<Record<Failure['reason'], readonly [code: keyof typeof STATUS, message: string]>> = {
  missing: ['MissingAuthenticationToken', 'Request is missing Authentication Token'],
  malformed: ['IncompleteSignature', 'The request signature does not conform to AWS standards.'],
  unsigned_headers: ['SignatureDoesNotMatch', NO_MATCH],
  unknown_key: ['InvalidClientTokenId', NO_TOKEN],
  wrong_token: ['InvalidClientTokenId', NO_TOKEN],
  expired_token: ['ExpiredToken', 'The security token included in the request is expired'],
  skewed: ['SignatureDoesNotMatch', 'Signature expired: it is too far from the current time'],
  wrong_region: ['SignatureDoesNotMatch', 'Credential should be scoped to a valid region.'],
  wrong_service: ['SignatureDoesNotMatch', "Credential should be scoped to correct service: 'sts'."],
  wrong_signature: ['SignatureDoesNotMatch', NO_MATCH],
};

/** What STS answers when it does not know who calls. */
export function explain({ reason }: Failure): StsError {
  return new StsError(...FAILURES[reason]);
}
