/**
 * Lets the official SDK's clients send through our HTTP: the same proxies, certificates, endpoint rules and deadline.
 * It is the SDK's `HttpHandler`. Loaded with the SDK, never at startup.
 */
import { Readable } from 'node:stream';
import type { AwsClient } from './client.ts';

/** A logger for the SDK: its own writes warnings to stderr. */
export const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

interface SdkRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query?: Record<string, string | string[] | null>;
  readonly headers: Record<string, string>;
  readonly body?: unknown;
}

interface SdkAnswer {
  readonly response: { statusCode: number; headers: Record<string, string>; body: unknown };
}

export class SdkTransport {
  readonly metadata = { handlerProtocol: 'http/1.1' };
  readonly #client: AwsClient;

  constructor(client: AwsClient) {
    this.#client = client;
  }

  async handle(request: SdkRequest): Promise<SdkAnswer> {
    const port = request.port === undefined ? '' : `:${request.port}`;
    const query = toQuery(request.query ?? {});
    const url = new URL(`${request.protocol}//${request.hostname}${port}${request.path}${query}`);
    const { host: _, ...headers } = request.headers;
    const body = request.body === undefined || request.body === null ? {} : { body: request.body as string };
    const { http, deadline, settings } = this.#client;
    // The signal is asked for each time: a deadline that is renewed has another.
    const { signal } = deadline;
    const { method } = request;
    const answer = await http.exchange({ method, url, headers, ...body }, signal, settings.caFile);
    const stream = answer.body === null ? Readable.from([]) : Readable.fromWeb(answer.body as never);
    return {
      response: { statusCode: answer.status, headers: Object.fromEntries(answer.headers), body: stream },
    };
  }

  updateHttpClientConfig(): void {}

  httpHandlerConfigs(): Record<string, never> {
    return {};
  }

  destroy(): void {}
}

function toQuery(query: Record<string, string | string[] | null>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map(
      (one) => `${encodeURIComponent(name)}${one === null ? '' : `=${encodeURIComponent(one)}`}`,
    ),
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}
