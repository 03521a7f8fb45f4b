/**
 * Google's SDKs have an HTTP of their own, which reads proxies from the process's variables by other rules than ours:
 * a loopback endpoint would go through a proxy, with its token. So they find there what our rules decide.
 */
import type { Http } from '../net/http.ts';
import type { ProxyVariables } from '../net/local.ts';
import { proxyFor } from '../net/proxy.ts';

const NAMES = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'];

/** Hosts that are reached directly, of all SDKs of this process. */
const direct = new Set<string>();

/** To be called before an SDK is asked for anything at `url`. The command's environment is another one. */
export async function prepareSdkNetwork(url: URL, variables: ProxyVariables, http: Http): Promise<void> {
  http.refuseInsecure(url);
  const proxy = proxyFor(url, variables);
  if (proxy === undefined) direct.add(url.hostname);
  const inUse = proxy ?? process.env.HTTPS_PROXY;
  for (const name of NAMES) {
    delete process.env[name];
    delete process.env[name.toLowerCase()];
  }
  if (proxy !== undefined || (isPrepared && inUse !== undefined)) process.env.HTTPS_PROXY = inUse;
  process.env.NO_PROXY = [...direct].join(',');
  isPrepared = true;
  const certificates = http.certificates();
  if (certificates === undefined) return;
  const { setDefaultCACertificates } = await import('node:tls');
  setDefaultCACertificates(certificates.match(PEM) ?? []);
}

let isPrepared = false;

const PEM = /-----BEGIN [A-Z0-9 ]*CERTIFICATE-----[^-]+-----END [A-Z0-9 ]*CERTIFICATE-----/g;
