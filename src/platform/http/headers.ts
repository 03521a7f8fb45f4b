/** Headers. <https://fetch.spec.whatwg.org/#headers-class> */

/** RFC 9110, 5.6.2. */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Characters of one byte; no NUL and no line end. */
const VALUE = /^[^\0\n\r\u0100-\uffff]*$/;
const COOKIE = 'set-cookie';

export type HeadersInit = Headers | Iterable<readonly string[]> | Readonly<Record<string, string>>;

export class Headers {
  /** By the name in lower case. */
  readonly #values = new Map<string, string[]>();

  constructor(init?: HeadersInit) {
    if (init === undefined) return;
    const pairs = Symbol.iterator in init ? (init as Iterable<readonly string[]>) : Object.entries(init);
    for (const pair of pairs) {
      const [name, value, ...rest] = pair;
      if (value === undefined || rest.length > 0) throw new TypeError('a header is a name and a value');
      this.append(name as string, value);
    }
  }

  /** Names in lower case and values in turn, as the host has read them from a response: they are what they have to be. */
  static ofResponse(words: readonly string[]): Headers {
    const headers = new Headers();
    for (let at = 0; at + 1 < words.length; at += 2) {
      const name = words[at] as string;
      const value = words[at + 1] as string;
      const values = headers.#values.get(name);
      if (values === undefined) headers.#values.set(name, [value]);
      else values.push(value);
    }
    return headers;
  }

  append(name: string, value: string): void {
    const [key, text] = [checkName(name), checkValue(value)];
    const values = this.#values.get(key);
    if (values === undefined) this.#values.set(key, [text]);
    else values.push(text);
  }

  set(name: string, value: string): void {
    this.#values.set(checkName(name), [checkValue(value)]);
  }

  get(name: string): string | null {
    // Nearly all are asked for in lower case.
    const values = this.#values.get(name) ?? this.#values.get(checkName(name));
    if (values === undefined) return null;
    return values.length === 1 ? (values[0] as string) : values.join(', ');
  }

  getSetCookie(): string[] {
    return [...(this.#values.get(COOKIE) ?? [])];
  }

  has(name: string): boolean {
    return this.#values.has(checkName(name));
  }

  delete(name: string): void {
    this.#values.delete(checkName(name));
  }

  /** In the order of the names; cookies one by one. */
  *entries(): Generator<[string, string], undefined> {
    for (const name of [...this.#values.keys()].sort()) {
      const values = this.#values.get(name) ?? [];
      if (name !== COOKIE) yield [name, values.join(', ')];
      else for (const value of values) yield [name, value];
    }
  }

  *keys(): Generator<string, undefined> {
    for (const [name] of this.entries()) yield name;
  }

  *values(): Generator<string, undefined> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): Generator<[string, string], undefined> {
    return this.entries();
  }

  forEach(action: (value: string, name: string, headers: Headers) => void, self?: unknown): void {
    for (const [name, value] of this) action.call(self, value, name, this);
  }
}

function checkName(name: string): string {
  const text = String(name);
  if (!NAME.test(text)) throw new TypeError('not the name of a header');
  return text.toLowerCase();
}

/** Without white space around it. The error does not hold the value. */
function checkValue(value: string): string {
  const text = String(value).replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, '');
  if (!VALUE.test(text)) throw new TypeError('not the value of a header');
  return text;
}
