/**
 * Lets Google's library send through our HTTP: the same proxies, certificates, endpoint rules and deadline. It stands in
 * for the library's Gaxios, which reads proxies by itself and tries again without a deadline; the library's types are not
 * imported. A refusal leaves here explained, because the library rewrites the messages of its own errors only.
 */
import type { EnvsealError } from '../errors.ts';
import type { TokenSources } from './access-token.ts';
import type { CredentialFile } from './credential-file.ts';
import { explainRefusedToken } from './token-failure.ts';
import { askForToken, type TokenAnswer } from './token-request.ts';

interface LibraryRequest {
  readonly url?: string | URL;
  readonly method?: string;
  readonly headers?: ConstructorParameters<typeof Headers>[0];
  readonly data?: unknown;
  readonly responseType?: string;
}

interface LibraryAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly data: unknown;
  readonly config: LibraryRequest;
}

export class AuthTransport {
  readonly #sources: TokenSources;
  readonly #explain: (refused: TokenAnswer) => EnvsealError;

  constructor(sources: TokenSources, file: CredentialFile) {
    this.#sources = sources;
    this.#explain = (refused) => explainRefusedToken(refused, file);
  }

  async request(config: LibraryRequest): Promise<LibraryAnswer> {
    const { method = 'GET', url = '', data, responseType } = config;
    const headers = new Headers(config.headers);
    const isForm = data instanceof URLSearchParams;
    if (data !== undefined && !headers.has('content-type'))
      headers.set('content-type', isForm ? 'application/x-www-form-urlencoded' : 'application/json');
    const body = data === undefined ? {} : { body: isForm ? data.toString() : JSON.stringify(data) };
    const request = { method, url: new URL(url), headers: Object.fromEntries(headers), ...body };
    const answer = await askForToken(request, this.#sources, this.#explain);
    const { status, text, json } = answer;
    return {
      status,
      headers: answer.headers,
      data: responseType === 'text' ? text : (json ?? text),
      config,
    };
  }
}
