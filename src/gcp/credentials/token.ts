/** The access token of Google Cloud, and what is needed to find one. */
import type { Deadline } from '../../net/deadline.ts';
import type { Http } from '../../net/http.ts';
import type { Secret } from '../../secret.ts';
import type { System } from '../../system/system.ts';
import type { GoogleVariables } from '../endpoint.ts';

export interface GoogleToken {
  readonly token: Secret;
  /** Where it is from, for people. */
  readonly origin: string;
  /** Service account or user, where it is known without a call. */
  readonly principal: string | undefined;
}

/**
 * A token that is usable now. Throws `credentials` where nothing gives any or what should give one refuses; `denied`
 * where a service account may not be impersonated; `unreachable` where it does not answer.
 */
export type TokenProvider = () => Promise<GoogleToken>;

export interface TokenSources {
  readonly variables: GoogleVariables;
  readonly http: Http;
  readonly deadline: Deadline;
  readonly system: System;
}

/** The result of every row. */
export interface FoundToken {
  readonly text: string;
  readonly principal: string | undefined;
}

/** https://docs.cloud.google.com/docs/authentication#authorization-gcp */
export const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

/** It becomes a header, so it must not end one. */
export function isToken(text: unknown): text is string {
  return typeof text === 'string' && /^[\x21-\x7e]+$/.test(text);
}
