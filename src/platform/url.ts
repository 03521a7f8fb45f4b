/** URL, over the host's parser. <https://url.spec.whatwg.org/#url-class> */
import { natives } from './callbacks.ts';
import type { UrlPart, UrlRecord } from './natives.ts';
import { searchLink } from './search-link.ts';
import type { URLSearchParams } from './url-search-params.ts';

/** Those that have an origin, besides `blob:`. */
const WITH_ORIGIN = ['http:', 'https:', 'ws:', 'wss:', 'ftp:'];

export class URL {
  #record: UrlRecord;
  #searchParams: URLSearchParams | undefined;

  /** Throws TypeError; what was given is not in it, because it could hold a password. */
  constructor(text: string | URL, base?: string | URL) {
    this.#record = parseOrThrow(text, base);
  }

  static canParse(text: string | URL, base?: string | URL): boolean {
    return parse(text, base) !== undefined;
  }

  static parse(text: string | URL, base?: string | URL): URL | null {
    return URL.canParse(text, base) ? new URL(text, base) : null;
  }

  get href(): string {
    return this.#record[0];
  }

  set href(text: string) {
    this.#record = parseOrThrow(text);
    this.#followSearch();
  }

  get origin(): string {
    const { protocol } = this;
    if (WITH_ORIGIN.includes(protocol)) return `${protocol}//${this.host}`;
    const inner = protocol === 'blob:' ? URL.parse(this.pathname) : null;
    return inner !== null && /^https?:$/.test(inner.protocol) ? inner.origin : 'null';
  }

  get protocol(): string {
    return this.href.slice(0, this.#record[1] + 1);
  }

  set protocol(value: string) {
    this.#change('protocol', value);
  }

  get username(): string {
    const schemeEnd = this.#record[1];
    return this.href.startsWith('://', schemeEnd) ? this.href.slice(schemeEnd + 3, this.#record[2]) : '';
  }

  set username(value: string) {
    this.#change('username', value);
  }

  get password(): string {
    // By index: to take an array apart in brackets, an interpreter makes an iterator.
    const { 0: href, 1: schemeEnd, 2: usernameEnd, 3: hostStart } = this.#record;
    const hasPassword =
      href.startsWith('://', schemeEnd) && hostStart > usernameEnd && href[usernameEnd] === ':';
    return hasPassword ? href.slice(usernameEnd + 1, hostStart - 1) : '';
  }

  set password(value: string) {
    this.#change('password', value);
  }

  get host(): string {
    const { hostname, port } = this;
    return port === '' ? hostname : `${hostname}:${port}`;
  }

  set host(value: string) {
    this.#change('host', value);
  }

  get hostname(): string {
    return this.href.slice(this.#record[3], this.#record[4]);
  }

  set hostname(value: string) {
    this.#change('hostname', value);
  }

  get port(): string {
    const port = this.#record[5];
    return port < 0 ? '' : String(port);
  }

  set port(value: string) {
    this.#change('port', value);
  }

  get pathname(): string {
    const { 6: pathStart, 7: searchStart, 8: hashStart } = this.#record;
    return this.href.slice(pathStart, searchStart < 0 ? endOf(hashStart) : searchStart);
  }

  set pathname(value: string) {
    this.#change('pathname', value);
  }

  get search(): string {
    const { 7: searchStart, 8: hashStart } = this.#record;
    return partOf(this.href, searchStart, endOf(hashStart));
  }

  set search(value: string) {
    this.#change('search', value);
    this.#followSearch();
  }

  get searchParams(): URLSearchParams {
    // Asked for, its class is there, and with it the link.
    void globalThis.URLSearchParams;
    this.#searchParams ??= searchLink.connect(this.search, (search) =>
      this.#change('search', search),
    ) as URLSearchParams;
    return this.#searchParams;
  }

  get hash(): string {
    return partOf(this.href, this.#record[8]);
  }

  set hash(value: string) {
    this.#change('hash', value);
  }

  toString(): string {
    return this.href;
  }

  toJSON(): string {
    return this.href;
  }

  #change(part: UrlPart, value: string): void {
    this.#record = natives.changeUrl(this.href, part, String(value)) ?? this.#record;
  }

  #followSearch(): void {
    if (this.#searchParams !== undefined) searchLink.replaceAll(this.#searchParams, this.search);
  }
}

function parse(text: string | URL, base?: string | URL): UrlRecord | undefined {
  return natives.parseUrl(String(text), base === undefined ? undefined : String(base));
}

function parseOrThrow(text: string | URL, base?: string | URL): UrlRecord {
  const record = parse(text, base);
  if (record === undefined) throw Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL' });
  return record;
}

/** Where what is before the hash ends; without one, at the end. */
function endOf(hashStart: number): number | undefined {
  return hashStart < 0 ? undefined : hashStart;
}

/** Nothing for a part that is its mark alone. */
function partOf(href: string, start: number, end = href.length): string {
  return start < 0 || end - start <= 1 ? '' : href.slice(start, end);
}
