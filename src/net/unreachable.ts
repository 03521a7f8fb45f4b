/** Errors for a missing answer, or a proxy's refusal. Loaded when that has happened. */
import { EnvsealError } from '../errors.ts';

const PROXY_AUTHENTICATION_REQUIRED = 407;

/** Codes as Node and the host report them, the cause's where the error has none. */
export function unreachable(url: URL, proxy: string | undefined, error: unknown): EnvsealError {
  const code = codeOf(error) ?? codeOf((error as { cause?: unknown } | null)?.cause) ?? 'no answer';
  if (code === 'ERR_PROXY_TUNNEL' && proxy !== undefined) {
    const { statusCode, status } = error as { statusCode?: number; status?: number };
    return refusedByProxy(url, proxy, statusCode ?? status ?? 0, error);
  }
  const isTls = isTlsFailure(code);
  const hint = isTls
    ? 'check the host name and the clock; for a private CA, set AWS_CA_BUNDLE or SSL_CERT_FILE'
    : code === 'ENOTFOUND' || code === 'EAI_AGAIN'
      ? 'check the region and the endpoint, and that DNS works in this container'
      : 'check the endpoint, the network policy and HTTPS_PROXY, NO_PROXY';
  const way = proxy === undefined ? '' : ` through the proxy ${new URL(proxy).host}`;
  return new EnvsealError('unreachable', `cannot reach ${url.host}${way}: ${code}`, {
    hint,
    cause: error,
    retryable: !isTls,
  });
}

/** By an error's code: a retry would meet the same certificate. */
export function isTlsFailure(code: string): boolean {
  return /CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO|EPROTO/.test(code);
}

export function refusedByProxy(url: URL, proxy: string, status: number, cause?: unknown): EnvsealError {
  const variable = `${url.protocol.slice(0, -1).toUpperCase()}_PROXY`;
  return new EnvsealError(
    'unreachable',
    `the proxy ${new URL(proxy).host} refused ${url.host} with ${status}`,
    {
      hint:
        status === PROXY_AUTHENTICATION_REQUIRED
          ? `it requires a user and a password: ${variable}=http://USER:PASSWORD@HOST:PORT`
          : 'allow this host in the proxy, or bypass it with NO_PROXY',
      cause,
      retryable: status >= 500,
    },
  );
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
