/** The endpoints, and the form of each one's errors. */

import { SUBJECT_TOKEN_HEADERS } from '../google/credential-files.ts';
import { faultError } from '../google/refusals.ts';
import { errorAnswer, StatusError } from '../google/status.ts';
import { mintSubjectToken } from '../google/subject-tokens.ts';
import { type Answer, json, type Received, text } from '../http/exchange.ts';
import type { Behaviour } from '../http/service.ts';
import { OAuthError, oauthErrorAnswer } from './errors.ts';
import { GENERATE, generateAccessToken, IMPERSONATION_PATH } from './impersonation.ts';
import { grantToken } from './oauth.ts';
import type { TokenState } from './state.ts';
import { exchangeToken } from './token-exchange.ts';

/** `state` is asked for on every request, because a reset replaces it. */
export function tokensBehaviour(state: () => TokenState): Behaviour {
  return {
    subject: ({ path }) => path,
    answer: (request) => {
      try {
        return route(request, state());
      } catch (error) {
        if (error instanceof StatusError) return errorAnswer(error);
        if (error instanceof OAuthError)
          return oauthErrorAnswer(error.code, error.message, error.code === 'invalid_client' ? 401 : 400);
        throw error;
      }
    },
    refuse: ({ path }, status, code) =>
      IMPERSONATION_PATH.test(path)
        ? errorAnswer(faultError(GENERATE, status, code))
        : oauthErrorAnswer(code, code, status),
  };
}

function route(request: Received, state: TokenState): Answer {
  const { method, path } = request;
  if (method === 'GET' && path === '/subject-token') return subjectToken(request, state);
  if (method === 'POST' && path === '/token') return json(200, grantToken(request, formOf(request), state));
  if (method === 'POST' && path === '/v1/token') return json(200, exchangeToken(formOf(request), state));
  if (method === 'POST' && IMPERSONATION_PATH.test(path))
    return json(200, generateAccessToken(request, state));
  return text(404, 'not found');
}

/** A form, or JSON with the same names in camel case: the STS takes both. */
function formOf({ headers, body }: Received): URLSearchParams {
  if (!headers['content-type']?.startsWith('application/json')) return new URLSearchParams(body.toString());
  const entries = Object.entries<string>(JSON.parse(body.toString()));
  return new URLSearchParams(entries.map(([name, value]) => [snakeCase(name), value]));
}

/** The token as text, or as the field of an object that the query names. */
function subjectToken({ headers, query }: Received, { clock, settings }: TokenState): Answer {
  const wrong = Object.entries(SUBJECT_TOKEN_HEADERS).find(
    ([name, value]) => headers[name.toLowerCase()] !== value,
  );
  if (wrong !== undefined) return text(403, `the header ${wrong[0]} is missing`);
  const token = settings.subjectToken ?? mintSubjectToken({}, clock.now());
  const field = query.get('field');
  return field === null ? text(200, token) : json(200, { [field]: token });
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
