/** One request with an access token, and Google's answer to it. */
import { EnvsealError } from '../errors.ts';
import { parseObject } from '../json.ts';
import { MAX_ANSWER_BYTES } from '../limits-and-defaults.ts';
import { readAnswerBody } from '../net/answer-body.ts';
import { type Deadline, isEndOf, withDeadline } from '../net/deadline.ts';
import type { Http } from '../net/http.ts';
import type { System } from '../system/system.ts';
import { tokenChain } from './credentials/chain.ts';
import type { TokenProvider } from './credentials/token.ts';
import type { GoogleVariables } from './endpoint.ts';
import type { GoogleRefusal } from './service-errors.ts';

export interface GoogleClientOptions {
  readonly variables: GoogleVariables;
  readonly http: Http;
  readonly deadline: Deadline;
  readonly system: System;
  readonly userAgent: string;
  /** Instead of the one that the chain finds. */
  readonly token?: TokenProvider;
}

export interface GoogleRequest {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly body?: string;
  /** An object's bytes: as they are stored. Everything else comes without compression. */
  readonly isMedia?: true;
}

export class GoogleClient {
  readonly variables: GoogleVariables;
  readonly deadline: Deadline;
  readonly http: Http;
  readonly token: TokenProvider;
  readonly system: System;
  readonly #options: GoogleClientOptions;
  readonly #userAgent: string;

  constructor(options: GoogleClientOptions) {
    this.#options = options;
    this.variables = options.variables;
    this.deadline = options.deadline;
    this.http = options.http;
    this.system = options.system;
    this.token = options.token ?? tokenChain(options);
    this.#userAgent = options.userAgent;
  }

  /** The same with a deadline of its own. A token that the other's end has kept back is asked for again. */
  until(deadline: Deadline): GoogleClient {
    const later = tokenChain({ ...this.#options, deadline });
    const token: TokenProvider = () =>
      this.token().catch((error: unknown) => {
        if (!isEndOf(this.deadline, error)) throw error;
        return later();
      });
    return new GoogleClient({ ...this.#options, deadline, token: () => withDeadline(token(), deadline) });
  }

  async send({ body, isMedia, ...request }: GoogleRequest): Promise<Response> {
    const { token } = await this.token();
    const quotaProject = this.variables.GOOGLE_CLOUD_QUOTA_PROJECT;
    const headers = {
      authorization: `Bearer ${token.reveal()}`,
      'user-agent': this.#userAgent,
      // Without gzip, Cloud Storage decompresses what was stored compressed, and its checksum is that of other bytes.
      'accept-encoding': isMedia ? 'gzip' : 'identity',
      ...(quotaProject ? { 'x-goog-user-project': quotaProject } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    return await this.http.exchange(
      { ...request, headers, ...(body === undefined ? {} : { body }) },
      this.deadline.signal,
    );
  }
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
/** The most that is kept of an error without JSON, in characters. */
const MAX_MESSAGE = 1000;

/** A JSON answer, or what it was refused with. */
export async function readAnswer(response: Response, signal: AbortSignal): Promise<GoogleAnswer> {
  const bytes = await readAnswerBody(response, MAX_ANSWER_BYTES, signal).catch((error: unknown) => {
    if (signal.aborted || response.status === 200) throw error;
    return new Uint8Array();
  });
  const body = parseObject(bytes);
  if (body === undefined && response.status === 200) {
    throw new EnvsealError('unreachable', 'the service did not answer with JSON', {
      hint: 'the server there is not Google: check the endpoint, and any proxy or gateway in between',
    });
  }
  return { status: response.status, headers: response.headers, body: body ?? bareText(bytes) };
}

/** When an object's bytes are requested, Cloud Storage writes errors without JSON. */
function bareText(bytes: Uint8Array) {
  return { error: { message: utf8.decode(bytes).trim().slice(0, MAX_MESSAGE) } };
}

export type GoogleAnswer = Pick<GoogleRefusal, 'status' | 'headers' | 'body'>;
