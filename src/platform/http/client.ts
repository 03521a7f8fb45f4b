/** HTTP exchanges over the host's network. */
import { toBase64 } from '../../system/bytes.ts';
import type { FetchOptions } from '../../system/system.ts';
import type { NetAddress, NetEvent, NetNatives, NetRequest } from '../natives.ts';
import { Headers } from './headers.ts';
import { NetError, type NetEvents } from './net-events.ts';
import { NetResponse, ResponseBody } from './response.ts';

const BUILT_IN_ROOTS = 0;
const encoder = new TextEncoder();

export class HttpClient {
  readonly #natives: NetNatives;
  readonly #events: NetEvents;
  /** Each bundle that was loaded, with its number. The same one is the same string, so to compare costs nothing. */
  readonly #bundles: [pem: string, trust: number][] = [];

  constructor(natives: NetNatives, events: NetEvents) {
    this.#natives = natives;
    this.#events = events;
  }

  /**
   * Redirects are not followed. Rejects with a NetError, or with the signal's reason, which the body then has too: an
   * abort closes the connection at once.
   */
  fetch(url: string, options: FetchOptions): Promise<Response> {
    return new Promise((resolve, reject) => {
      const { signal } = options;
      if (signal.aborted) throw signal.reason;
      const number = this.#natives.startExchange(this.#requestOf(new URL(url), options));
      const answer = new Answer(this.#natives, number, url, options.method === 'HEAD');
      const stop = () => {
        this.#natives.cancelNet(number);
        this.#events.forget(number);
        answer.fail(signal.reason);
        reject(signal.reason);
      };
      signal.addEventListener('abort', stop, { once: true });
      answer.onEnd = () => {
        this.#events.forget(number);
        signal.removeEventListener('abort', stop);
      };
      this.#events.handle(number, (event) => answer.take(event, resolve, reject));
    });
  }

  #requestOf(url: URL, { method, headers, body, proxy, ca }: FetchOptions): NetRequest {
    return {
      ...addressOf(url),
      method,
      authority: url.host,
      target: url.pathname + url.search,
      headers: inTurn(headers),
      body: typeof body === 'string' ? encoder.encode(body) : body,
      trust: this.trustOf(ca),
      proxy: proxy === undefined ? undefined : proxyOf(new URL(proxy)),
    };
  }

  /** For `trust` in `NetNatives`. @param ca PEM certificates that replace the built-in roots */
  trustOf(ca: string | undefined): number {
    if (ca === undefined) return BUILT_IN_ROOTS;
    const known = this.#bundles.find(([pem]) => pem === ca);
    if (known !== undefined) return known[1];
    const trust = this.#natives.loadCertificates(ca);
    this.#bundles.push([ca, trust]);
    return trust;
  }
}

/** What has come of one exchange. */
class Answer {
  onEnd = (): void => {};
  readonly #natives: NetNatives;
  readonly #number: number;
  readonly #url: string;
  readonly #isHead: boolean;
  #body: ResponseBody | undefined;

  constructor(natives: NetNatives, number: number, url: string, isHead: boolean) {
    this.#natives = natives;
    this.#number = number;
    this.#url = url;
    this.#isHead = isHead;
  }

  take(event: NetEvent, resolve: (response: Response) => void, reject: (error: unknown) => void): void {
    const kind = event[1];
    if (kind === 'head') resolve(this.#begin(event) as unknown as Response);
    if (kind === 'data') this.#body?.push(event[2]);
    if (kind === 'end') {
      this.onEnd();
      this.#body?.end();
    }
    if (kind === 'failure') {
      this.onEnd();
      const error = new NetError(event[2], event[3]);
      reject(error);
      this.fail(error);
    }
  }

  fail(error: unknown): void {
    this.#body?.fail(error);
  }

  #begin({ 2: status, 3: words, 4: endedBy }: Extract<NetEvent, { 1: 'head' }>): NetResponse {
    const headers = Headers.ofResponse(words);
    const body = new ResponseBody({
      used: (bytes) => this.#natives.makeRoom(this.#number, bytes),
      cancel: () => {
        this.#natives.cancelNet(this.#number);
        this.onEnd();
      },
    });
    this.#body = body;
    const isBodyless = this.#isHead || status === 204 || status === 304;
    return new NetResponse(isBodyless ? null : body, { status, headers, url: this.#url, endedBy });
  }
}

/** Names and values. */
function inTurn(headers: Readonly<Record<string, string>>): string[] {
  const words: string[] = [];
  for (const name of Object.keys(headers)) words.push(name, headers[name] as string);
  return words;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

function addressOf({ protocol, hostname, port }: URL): NetAddress {
  const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return { isSecure: protocol === 'https:', host, port: Number(port) || (DEFAULT_PORTS[protocol] ?? 0) };
}

/** `http://USER:PASSWORD@HOST:PORT`, the user and the password percent-encoded: RFC 7617. */
function proxyOf(url: URL): NetRequest['proxy'] {
  const { username, password } = url;
  if (username === '' && password === '') return addressOf(url);
  const credentials = encoder.encode(`${decoded(username)}:${decoded(password)}`);
  return { ...addressOf(url), authorization: `Basic ${toBase64(credentials)}` };
}

/** A `%` that begins no escape stays as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
