/**
 * One HTTP exchange with envseal's rules for proxies, certificates and endpoints, and errors that say what to
 * do.
 */
import { EnvsealError } from '../errors.ts';
import { toByteString } from '../system/bytes.ts';
import { joinBytes } from '../system/join-bytes.ts';
import { type BodyEnd, ErrnoError, type System } from '../system/system.ts';
import { hasProxy, isLocal, isLoopback, type ProxyVariables } from './local.ts';

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

const PROXY_AUTHENTICATION_REQUIRED = 407;
/** A PEM bundle is a few hundred KiB; a mistaken path should not fill the memory. */
const MAX_CA_BYTES = 4 * 1024 * 1024;

export class Http {
  readonly #options: HttpOptions;
  readonly #bundles = new Map<string, string>();
  #held: Promise<void> | undefined;

  constructor(options: HttpOptions) {
    this.#options = options;
  }

  /**
   * Keeps requests back for a turn of the loop: by then it is known of each source whether it needs the full program, and
   * that is to start before anything was sent.
   */
  holdForATurn(): void {
    this.#held = new Promise((resolve) => setImmediate(resolve));
  }

  /**
   * Any status is an answer. Throws `configuration` for a plain http: endpoint or an unreadable bundle, `unreachable`
   * (retryable, except for TLS) when there is no answer, and `signal`'s reason when that aborts.
   *
   * @param caFile path of PEM certificates that replace the built-in roots
   */
  async exchange(request: HttpRequest, signal: AbortSignal, caFile?: string): Promise<Response> {
    this.refuseInsecure(request.url);
    return await this.#send(request, signal, caFile);
  }

  /** The same with the metadata services, which speak plain http: on link-local addresses. */
  async exchangeLocally(request: HttpRequest, signal: AbortSignal, caFile?: string): Promise<Response> {
    if (!isLocal(request.url.hostname)) this.refuseInsecure(request.url);
    return await this.#send(request, signal, caFile);
  }

  async #send(request: HttpRequest, signal: AbortSignal, caFile: string | undefined): Promise<Response> {
    const { system, variables } = this.#options;
    if (this.#held !== undefined) {
      await this.#held;
      if (signal.aborted) throw signal.reason;
    }
    const { method, url, headers, body } = request;
    const proxy = hasProxy(variables) ? (await import('./proxy.ts')).proxyFor(url, variables) : undefined;
    const isSecure = url.protocol === 'https:' || proxy?.startsWith('https:');
    const ca = isSecure ? this.certificates(caFile) : undefined;
    const options = { method, headers, signal, proxy, ca, ...(body === undefined ? {} : { body }) };
    let response: Response;
    try {
      response = await system.fetch(url.href, options);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw (await import('./unreachable.ts')).unreachable(url, proxy, error);
    }
    if (response.status !== PROXY_AUTHENTICATION_REQUIRED || proxy === undefined) return response;
    throw (await import('./unreachable.ts')).refusedByProxy(url, proxy, response.status);
  }

  /** Throws `configuration` unless the URL is https:, loopback, or insecure endpoints are allowed. */
  refuseInsecure(url: URL): void {
    if (url.protocol === 'https:' || isLoopback(url.hostname) || this.#options.allowInsecureEndpoint) return;
    throw new EnvsealError('configuration', `the endpoint ${url.origin} is not https:`, {
      hint: 'use https:, or accept the risk with --allow-insecure-endpoint',
    });
  }

  /** PEM certificates that replace the built-in roots: those of the file, else of `SSL_CERT_FILE`. */
  certificates(caFile?: string): string | undefined {
    const path = caFile ?? this.#options.variables.SSL_CERT_FILE;
    if (path === undefined || path === '') return undefined;
    const known = this.#bundles.get(path);
    if (known !== undefined) return known;
    try {
      const bytes = this.#options.system.readFile(toByteString(path), MAX_CA_BYTES);
      const bundle = toByteString(bytes);
      if (!/-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----/.test(bundle)) throw new Error('not PEM');
      this.#bundles.set(path, bundle);
      return bundle;
    } catch (error) {
      const reason = error instanceof ErrnoError ? error.errno : 'no PEM certificate in it';
      throw new EnvsealError('configuration', `cannot read the certificates in ${path}: ${reason}`, {
        hint: 'check AWS_CA_BUNDLE and SSL_CERT_FILE',
        cause: error,
      });
    }
  }
}

/**
 * The body, refused as `too_large` before it is read when its length is announced, and else while it is read. Throws
 * `corrupt` when it ends early, and when nothing but the end of the connection says that it is whole.
 *
 * @param isVerified whether the caller compares a checksum, which knows a body that was cut
 */
export async function readBody(
  response: Response,
  limit: number,
  signal: AbortSignal,
  isVerified: () => boolean = () => false,
): Promise<Uint8Array> {
  const announced = response.headers.get('content-length');
  const length = announced === null ? undefined : lengthOf(announced);
  try {
    if ((response as { endedBy?: BodyEnd }).endedBy === 'close' && !isVerified()) throw unbounded();
    if (length !== undefined && length > limit) throw tooLarge(limit);
    const bytes =
      length === undefined
        ? await readChunks(response.body ?? [], limit)
        : new Uint8Array(await response.arrayBuffer());
    if (length !== undefined && bytes.length !== length) throw truncated();
    return bytes;
  } catch (error) {
    response.body?.cancel().catch(() => {});
    if (signal.aborted) throw signal.reason;
    throw error instanceof EnvsealError ? error : truncated(error);
  }
}

/** Anything but a number is more than any limit: what announces no length that counts must not be read without one. */
function lengthOf(announced: string): number {
  return /^\d+$/.test(announced) ? Number(announced) : Number.POSITIVE_INFINITY;
}

/** All of a body, refused as `too_large` while it is read. */
export async function readChunks(
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  limit: number,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > limit) throw tooLarge(limit);
    chunks.push(chunk);
  }
  return joinBytes(chunks);
}

export function tooLarge(limit: number): EnvsealError {
  return new EnvsealError('too_large', `the source is over ${limit} bytes`, {
    hint: 'an env file must fit into the environment of a process; check that the URI names the right object',
  });
}

function truncated(cause?: unknown): EnvsealError {
  return new EnvsealError('corrupt', 'the source was cut short in transit', {
    hint: 'try again; if it persists, look for a proxy or gateway that breaks the connection',
    cause,
  });
}

function unbounded(): EnvsealError {
  return new EnvsealError('corrupt', 'the source came without a length, chunks or a checksum', {
    hint: 'it may be incomplete; look for a proxy or gateway that speaks HTTP/1.0',
  });
}
