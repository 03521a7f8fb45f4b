/** One HTTP exchange with our rules for proxies, certificates and endpoints, and errors that say what to do. */
import { EnvsealError } from '../errors.ts';
import { ErrnoError, type System } from '../system/system.ts';
import { isLoopback, type ProxyVariables, proxyFor } from './proxy.ts';

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Record<string, string>;
  readonly body?: string | Uint8Array;
}

export interface HttpOptions {
  readonly system: System;
  readonly variables: ProxyVariables;
  readonly allowInsecureEndpoint: boolean;
}

/** A PEM bundle is a few hundred KiB; a mistaken path should not fill the memory. */
const MAX_CA_BYTES = 4 * 1024 * 1024;

export class Http {
  readonly #options: HttpOptions;
  readonly #bundles = new Map<string, string>();

  constructor(options: HttpOptions) {
    this.#options = options;
  }

  /**
   * Any status is an answer. Throws `configuration` for a plain http: endpoint or an unreadable bundle, `unreachable`
   * (retryable, except for TLS) when there is no answer, and `signal`'s reason when that aborts.
   *
   * @param caFile path of PEM certificates that replace the built-in roots
   */
  async exchange(request: HttpRequest, signal: AbortSignal, caFile?: string): Promise<Response> {
    const { system, variables } = this.#options;
    this.refuseInsecure(request.url);
    const { method, url, headers, body } = request;
    const options = {
      method,
      headers,
      signal,
      proxy: proxyFor(url, variables),
      ca: this.#readBundle(caFile ?? variables.SSL_CERT_FILE),
      ...(body === undefined ? {} : { body }),
    };
    try {
      return await system.fetch(url.href, options);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw unreachable(url, error);
    }
  }

  /** Throws `configuration` unless the URL is https:, loopback, or insecure endpoints are allowed. */
  refuseInsecure(url: URL): void {
    if (url.protocol === 'https:' || isLoopback(url.hostname) || this.#options.allowInsecureEndpoint) return;
    throw new EnvsealError('configuration', `the endpoint ${url.origin} is not https:`, {
      hint: 'use https:, or accept the risk with --allow-insecure-endpoint',
    });
  }

  #readBundle(path: string | undefined): string | undefined {
    if (path === undefined || path === '') return undefined;
    const known = this.#bundles.get(path);
    if (known !== undefined) return known;
    try {
      const bytes = this.#options.system.readFile(Buffer.from(path).toString('latin1'), MAX_CA_BYTES);
      const bundle = Buffer.from(bytes).toString('latin1');
      this.#bundles.set(path, bundle);
      return bundle;
    } catch (error) {
      const reason = error instanceof ErrnoError ? error.errno : 'unreadable';
      throw new EnvsealError('configuration', `cannot read the certificates in ${path}: ${reason}`, {
        hint: 'check AWS_CA_BUNDLE and SSL_CERT_FILE',
        cause: error,
      });
    }
  }
}

/**
 * The body, refused as `too_large` before it is read when its length is announced, and else while it is read. Throws
 * `corrupt` when it ends early.
 */
export async function readBody(response: Response, limit: number, signal: AbortSignal): Promise<Uint8Array> {
  const announced = response.headers.get('content-length');
  const length = announced === null ? undefined : Number(announced);
  try {
    if (length !== undefined && length > limit) throw tooLarge(limit);
    const bytes =
      length === undefined ? await readStream(response, limit) : new Uint8Array(await response.arrayBuffer());
    if (length !== undefined && bytes.length !== length) throw truncated();
    return bytes;
  } catch (error) {
    response.body?.cancel().catch(() => {});
    if (signal.aborted) throw signal.reason;
    throw error instanceof EnvsealError ? error : truncated(error);
  }
}

async function readStream(response: Response, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > limit) throw tooLarge(limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(limit: number): EnvsealError {
  return new EnvsealError('too_large', `the source is over ${limit} bytes`, {
    hint: 'an env file has to fit into the environment of a process; check that the URI names the right object',
  });
}

function truncated(cause?: unknown): EnvsealError {
  return new EnvsealError('corrupt', 'the source was cut short on its way', {
    hint: 'try again; if it stays, look for a proxy or gateway that breaks the connection',
    cause,
  });
}

/** Codes as Node and Bun report them, the cause's where the error has none. */
function unreachable(url: URL, error: unknown): EnvsealError {
  const code = codeOf(error) ?? codeOf((error as { cause?: unknown } | null)?.cause) ?? 'no answer';
  const isTls = /CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO|EPROTO/.test(code);
  const hint = isTls
    ? 'check the host name and the clock; a private CA goes into AWS_CA_BUNDLE or SSL_CERT_FILE'
    : code === 'ENOTFOUND' || code === 'EAI_AGAIN'
      ? 'check the region and the endpoint, and that DNS works in this container'
      : code === 'ERR_PROXY_TUNNEL'
        ? 'check HTTPS_PROXY and its user and password'
        : 'check the endpoint, the network policy and HTTPS_PROXY, NO_PROXY';
  return new EnvsealError('unreachable', `cannot reach ${url.host}: ${code}`, {
    hint,
    cause: error,
    retryable: !isTls && code !== 'ERR_PROXY_TUNNEL',
  });
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
