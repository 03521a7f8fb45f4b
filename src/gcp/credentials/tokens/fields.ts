/** Typed views of a credential file's fields, which are whatever JSON had. */

import { DEFAULT_UNIVERSE } from '../../endpoint.ts';
import { incomplete } from '../errors.ts';
import type { CredentialFields, CredentialFile } from '../file.ts';

export function isFilled(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** The universe of the credentials, which is not that of the environment. */
export function universeIn({ universe_domain }: CredentialFields): string {
  return isFilled(universe_domain) ? universe_domain : DEFAULT_UNIVERSE;
}

/** Throws `credentials`. The URL constructor's own error quotes its input, so it is not asked. */
export function urlIn(file: CredentialFile, field: string, value: unknown): URL {
  const url = isFilled(value) && URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw incomplete(file, field);
  return url;
}
