import { check, checkSame } from './promises.ts';

/** Those that can be set, `href` apart. */
const PARTS = [
  'protocol',
  'username',
  'password',
  'host',
  'hostname',
  'port',
  'pathname',
  'search',
  'hash',
] as const;

/** A base, a text, and a value for each part, which LF separates. */
export function checkUrl(bytes: Uint8Array): void {
  const [text = '', base = '', value = ''] = new TextDecoder().decode(bytes).split('\n');
  for (const url of [parse(text), parse(base), parse(text, base)]) {
    if (url === undefined) continue;
    checkParts(url);
    for (const part of PARTS) {
      const changed = new URL(url.href);
      changed[part] = value;
      checkParts(changed);
    }
    url.searchParams.append(text, value);
    checkSame('a parameter', url.searchParams.getAll(text).at(-1), value.toWellFormed());
    checkParts(url);
  }
}

/** Throws TypeError and nothing else, and nothing of the text is in it. */
function parse(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base);
  } catch (error) {
    check('throws TypeError', error instanceof TypeError && error.message === messageOf(() => new URL('')));
    return undefined;
  }
}

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

/** The parts make the whole. */
function checkParts(url: URL): void {
  const { href, protocol, username, password, host, hostname, port, pathname, search, hash } = url;
  check('is ASCII', /^[\x21-\x7e ]*$/.test(href));
  const credentials = username + (password && `:${password}`);
  const authority = href.startsWith('//', protocol.length)
    ? `//${credentials && `${credentials}@`}${host}`
    : '';
  const behind = href.slice(protocol.length + authority.length);
  checkSame('the beginning', href.slice(0, protocol.length + authority.length), protocol + authority);
  checkSame('the host', host, port === '' ? hostname : `${hostname}:${port}`);
  // An empty search or fragment shows in the whole alone; and `/.` keeps a path from being an authority.
  const shown = [pathname, `/.${pathname}`].flatMap((path) =>
    [search, search || '?'].flatMap((middle) => [hash, hash || '#'].map((end) => path + middle + end)),
  );
  check('the end', shown.includes(behind));
  check('the port is a number', port === '' || (/^\d{1,5}$/.test(port) && Number(port) < 65_536));
}
