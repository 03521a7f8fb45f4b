/** One request to a service that hands out tokens, tried again while that makes sense. */
import { EnvsealError } from '../../errors.ts';
import { type JsonObject, parseObject } from '../../json.ts';
import { MAX_ERROR_BODY_BYTES } from '../../limits-and-defaults.ts';
import { type HttpRequest, readBody } from '../../net/http.ts';
import { retry } from '../../net/retry.ts';
import type { TokenSources } from './token.ts';

export interface TokenAnswer {
  readonly url: URL;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed text, or `undefined` where it is not a JSON object. */
  readonly json: JsonObject | undefined;
}

/** Only success is an answer; `explain` says what another status means. Throws its errors and those of `Http`. */
export async function askForToken(
  request: HttpRequest,
  { http, deadline }: Pick<TokenSources, 'http' | 'deadline'>,
  explain: (refused: TokenAnswer) => EnvsealError,
): Promise<TokenAnswer> {
  const { url } = request;
  const { signal } = deadline;
  return await retry(async () => {
    // Subject tokens can come from a metadata service.
    const response = await http.exchangeLocally(request, signal);
    const text = await readText(response, url, signal);
    const { status, headers } = response;
    const answer = { url, status, headers, text, json: parseObject(text) };
    if (status >= 200 && status < 300) return answer;
    throw explain(answer);
  }, deadline);
}

async function readText(response: Response, { host }: URL, signal: AbortSignal): Promise<string> {
  try {
    const bytes = await readBody(response, MAX_ERROR_BODY_BYTES, signal);
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (signal.aborted || !(error instanceof EnvsealError)) throw error;
    throw new EnvsealError('unreachable', `the response from ${host} was cut short or is too large`, {
      hint: 'look for a proxy or gateway that breaks the connection',
      cause: error,
      retryable: error.code === 'corrupt',
    });
  }
}
