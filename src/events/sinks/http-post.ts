/**
 * One POST to a receiver of events: retried if that may help, its status explained, redirects never followed.
 */
import { EnvsealError } from '../../errors.ts';
import { type JsonObject, parseObject } from '../../json.ts';
import { MAX_ANSWER_BYTES } from '../../limits-and-defaults.ts';
import type { Deadline } from '../../net/deadline.ts';
import { readBody } from '../../net/http.ts';
import { retry } from '../../net/retry.ts';
import { retryAfterMs } from '../../net/retry-after.ts';
import { VERSION } from '../../version.ts';
import type { SinkContext } from '../sink.ts';

export interface Post {
  readonly url: URL;
  /** Made anew for each try. */
  readonly headers: () => Record<string, string>;
  readonly body: string;
  /** What to check if the receiver denies access. */
  readonly secret: string;
  /** What only this receiver means with an answer; `undefined`: what its status says. */
  readonly explain?: (answer: Answer) => EnvsealError | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** `undefined` if it is not a JSON object. */
  readonly body: JsonObject | undefined;
}

/** The answer of a receiver that says success. */
export async function post(request: Post, context: SinkContext, deadline: Deadline): Promise<Answer> {
  return await retry(async () => {
    const answer = await send(request, context, deadline);
    const refusal = request.explain?.(answer) ?? explainStatus(answer, request.secret);
    if (refusal !== undefined) throw refusal;
    return answer;
  }, deadline);
}

async function send(request: Post, { http }: SinkContext, { signal }: Deadline): Promise<Answer> {
  const { url, body } = request;
  const headers = {
    ...request.headers(),
    // What is compressed would stay so: it is for objects with a checksum that the transport leaves bodies alone.
    'accept-encoding': 'identity',
    'user-agent': `envseal/${VERSION}`,
  };
  const response = await http.exchange({ method: 'POST', url, headers, body }, signal);
  const bytes = await readBody(response, MAX_ANSWER_BYTES, signal).catch((error: unknown) => {
    if (signal.aborted) throw error;
    return new Uint8Array();
  });
  return { status: response.status, headers: response.headers, body: parseObject(bytes) };
}

/** The error to throw, or `undefined` for any 2xx. */
function explainStatus({ status, headers }: Answer, secret: string): EnvsealError | undefined {
  if (status >= 200 && status < 300) return undefined;
  if (status === 401) {
    return new EnvsealError('credentials', 'authentication failed: 401', { hint: `check ${secret}` });
  }
  if (status === 403) {
    return new EnvsealError('denied', 'not authorized: 403', {
      hint: `check ${secret} and its permissions`,
    });
  }
  if (status === 429) {
    return new EnvsealError('throttled', 'it throttles requests: 429', {
      hint: 'start fewer containers at once, or raise --event-timeout',
      retryable: true,
      retryAfterMs: retryAfterMs(headers),
    });
  }
  if (status >= 500 || status === 408) {
    return new EnvsealError('unreachable', `it failed with ${status}`, {
      hint: 'retried with backoff; check its log',
      retryable: true,
      retryAfterMs: retryAfterMs(headers),
    });
  }
  if (status >= 300 && status < 400) {
    return new EnvsealError('undelivered', `it redirects elsewhere: ${status}`, {
      hint: 'events and tokens are sent only to the host in the URI: put the final address into --event-sink',
    });
  }
  return new EnvsealError('undelivered', `it refused the event with ${status}`, {
    hint: 'check the host and path in --event-sink, and its log',
  });
}

/** Whether one of envseal's secrets is set, in its variable or by a file. */
export function isSet(name: string, { variables }: SinkContext): boolean {
  return variables[name] !== undefined || variables[`${name}_FILE`] !== undefined;
}
