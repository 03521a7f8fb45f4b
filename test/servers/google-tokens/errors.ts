/** Errors of the token endpoints: https://www.rfc-editor.org/rfc/rfc6749#section-5.2 */

import { type Answer, json } from '../http/exchange.ts';

export type OAuthCode =
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_request'
  | 'invalid_scope'
  | 'invalid_target'
  | 'unsupported_grant_type';

export class OAuthError extends Error {
  readonly code: OAuthCode;

  constructor(code: OAuthCode, message: string) {
    super(message);
    this.code = code;
  }
}

export function oauthErrorAnswer(code: string, message: string, status = 400): Answer {
  return json(status, { error: code, error_description: message });
}
