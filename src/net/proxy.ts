/** The proxy of a request, as curl and Go's `httpproxy` read the variables. Pure. */
import { EnvsealError } from '../errors.ts';
import { isLocal, type ProxyVariables } from './local.ts';

/**
 * The proxy's URL, or `undefined` for a direct connection. Loopback and link-local hosts (the metadata services) are
 * always direct: credentials must not travel through a proxy. `HTTP_PROXY` in capitals is obeyed because
 * envseal never runs as a CGI. Throws `configuration` for anything but an HTTP proxy.
 */
export function proxyFor(url: URL, variables: ProxyVariables): string | undefined {
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  const proxy = either(variables, `${scheme}_proxy`) ?? either(variables, 'all_proxy');
  if (proxy === undefined || isLocal(url.hostname) || isExcepted(url, either(variables, 'no_proxy') ?? ''))
    return undefined;
  return checkProxy(proxy.includes('://') ? proxy : `http://${proxy}`, scheme);
}

/** The URL is not shown: it can hold a password. */
function checkProxy(proxy: string, scheme: string): string {
  if (URL.canParse(proxy) && /^https?:/i.test(proxy)) return proxy;
  throw new EnvsealError('configuration', `the proxy for ${scheme}: is not an http: or https: URL`, {
    hint: `check ${scheme}_proxy, ${scheme.toUpperCase()}_PROXY and ALL_PROXY: http://USER:PASSWORD@HOST:PORT`,
  });
}

function either(variables: ProxyVariables, name: string): string | undefined {
  return variables[name] || variables[name.toUpperCase()] || undefined;
}

/** Entries: `*`, a host or domain (which covers its subdomains), `.domain`, an IP address, an IPv4 range, each with an optional port. */
function isExcepted(url: URL, list: string): boolean {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return list.split(/[\s,]+/).some((entry) => {
    if (entry === '') return false;
    if (entry === '*') return true;
    const [, host = '', entryPort] = /^(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
    if (entryPort !== undefined && entryPort !== port) return false;
    if (host.includes('/')) return isInRange(url.hostname, host);
    const domain = host.replace(/^\*?\./, '');
    return url.hostname === domain || url.hostname.endsWith(`.${domain}`);
  });
}

function isInRange(hostname: string, range: string): boolean {
  const [base = '', length = ''] = range.split('/');
  const [address, network] = [ipv4(hostname), ipv4(base)];
  if (address === undefined || network === undefined || !/^\d+$/.test(length)) return false;
  const size = 2 ** (32 - Number(length));
  return Math.floor(address / size) === Math.floor(network / size);
}

function ipv4(text: string): number | undefined {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return undefined;
  return text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}
