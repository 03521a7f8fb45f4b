/** https://docs.aws.amazon.com/kms/latest/APIReference/CommonErrors.html */

import type { Failure } from '../sigv4/authentication.ts';

/** An error of the protocol; those of keys are `KmsError`. All are 400. */
export class ProtocolError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const NO_TOKEN = 'The security token included in the request is invalid.';
const NO_MATCH = 'The request signature we calculated does not match the signature you provided.';

const FAILURES: Readonly<Record<Failure['reason'], readonly [code: string, message: string]>> = {
  missing: ['MissingAuthenticationTokenException', 'Missing Authentication Token'],
  malformed: ['IncompleteSignatureException', 'The request signature does not conform to AWS standards.'],
  unsigned_headers: ['InvalidSignatureException', NO_MATCH],
  unknown_key: ['UnrecognizedClientException', NO_TOKEN],
  wrong_token: ['UnrecognizedClientException', NO_TOKEN],
  expired_token: ['ExpiredTokenException', 'The security token included in the request is expired'],
  skewed: ['InvalidSignatureException', 'Signature expired: it is too far from the current time'],
  wrong_region: ['InvalidSignatureException', 'Credential should be scoped to a valid region.'],
  wrong_service: ['InvalidSignatureException', "Credential should be scoped to correct service: 'kms'."],
  wrong_signature: ['InvalidSignatureException', NO_MATCH],
};

/** What KMS answers when it does not know who calls. */
export function explain({ reason }: Failure): ProtocolError {
  return new ProtocolError(...FAILURES[reason]);
}
