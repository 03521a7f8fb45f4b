/**
 * Decided for every request before anything else is loaded: whether it stays on this machine, or needs a
 * proxy.
 */

export type ProxyVariables = Readonly<Record<string, string | undefined>>;

const PROXIES = ['http_proxy', 'https_proxy', 'all_proxy'];

/** Whether any variable names a proxy. */
export function hasProxy(variables: ProxyVariables): boolean {
  for (const name of PROXIES) if (variables[name] || variables[name.toUpperCase()]) return true;
  return false;
}

export function isLoopback(hostname: string): boolean {
  if (hostname.startsWith('127.')) return /^127\.\d+\.\d+\.\d+$/.test(hostname);
  const name = hostname.toLowerCase();
  return name === 'localhost' || name.endsWith('.localhost') || name === '[::1]';
}

/** This host itself, or the metadata services beside it. */
export function isLocal(hostname: string): boolean {
  if (hostname.startsWith('169.254.')) return /^169\.254\.\d+\.\d+$/.test(hostname);
  return isLoopback(hostname) || /^\[(fe80:|fd00:ec2::)/i.test(hostname);
}
