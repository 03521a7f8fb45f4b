/** URLSearchParams. <https://url.spec.whatwg.org/#interface-urlsearchparams> */
import { natives } from './callbacks.ts';
import { searchLink } from './search-link.ts';

export type SearchInit = string | Iterable<readonly string[]> | Readonly<Record<string, string>>;

export class URLSearchParams {
  #pairs: [name: string, value: string][];
  /** Sets the search of the URL that this belongs to. */
  #onChange: (search: string) => void = () => {};

  constructor(init: SearchInit = '') {
    this.#pairs = pairsOf(init);
  }

  static {
    searchLink.connect = (search, onChange) => {
      const params = new URLSearchParams(search);
      params.#onChange = onChange;
      return params;
    };
    searchLink.replaceAll = (params, search) => {
      (params as URLSearchParams).#pairs = pairsOf(search);
    };
  }

  get size(): number {
    return this.#pairs.length;
  }

  append(name: string, value: string): void {
    this.#pairs.push([text(name), text(value)]);
    this.#changed();
  }

  delete(name: string, value?: string): void {
    const isMeant = matcher(name, value);
    this.#pairs = this.#pairs.filter((pair) => !isMeant(pair));
    this.#changed();
  }

  get(name: string): string | null {
    return this.#pairs.find(matcher(name))?.[1] ?? null;
  }

  getAll(name: string): string[] {
    return this.#pairs.filter(matcher(name)).map(([, value]) => value);
  }

  has(name: string, value?: string): boolean {
    return this.#pairs.some(matcher(name, value));
  }

  /** In the place of the first, and instead of all others. */
  set(name: string, value: string): void {
    const isMeant = matcher(name);
    const at = this.#pairs.findIndex(isMeant);
    const pair: [string, string] = [text(name), text(value)];
    if (at < 0) this.#pairs.push(pair);
    else
      this.#pairs = this.#pairs
        .map((old, i) => (i === at ? pair : old))
        .filter((old) => old === pair || !isMeant(old));
    this.#changed();
  }

  /** By UTF-16 units; equal names stay in their order. */
  sort(): void {
    this.#pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    this.#changed();
  }

  /** Changes made during the iteration are seen. */
  *entries(): Generator<[string, string], undefined> {
    for (let at = 0; at < this.#pairs.length; at++) {
      const [name, value] = this.#pairs[at] as [string, string];
      yield [name, value];
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

  forEach(action: (value: string, name: string, params: URLSearchParams) => void, self?: unknown): void {
    for (const [name, value] of this) action.call(self, value, name, this);
  }

  toString(): string {
    return natives.formatForm(this.#pairs.flat());
  }

  #changed(): void {
    this.#onChange(this.toString());
  }
}

function pairsOf(init: SearchInit): [string, string][] {
  if (init === null || (typeof init !== 'object' && typeof init !== 'function')) return parse(String(init));
  const pairs = Symbol.iterator in init ? (init as Iterable<Iterable<string>>) : Object.entries(init);
  return Array.from(pairs, (pair) => {
    const [name, value, ...rest] = pair;
    if (value === undefined || rest.length > 0) throw new TypeError('a parameter is a name and a value');
    return [text(name), text(value)];
  });
}

function parse(search: string): [string, string][] {
  const all = search === '' ? [] : natives.parseForm(search.startsWith('?') ? search.slice(1) : search);
  const pairs: [string, string][] = [];
  for (let at = 0; at < all.length; at += 2) pairs.push([all[at] as string, all[at + 1] as string]);
  return pairs;
}

function matcher(name: string, value?: string): (pair: readonly [string, string]) => boolean {
  const [wantedName, wantedValue] = [text(name), value === undefined ? undefined : text(value)];
  return ([name, value]) => name === wantedName && (wantedValue === undefined || value === wantedValue);
}

/** Half a surrogate pair becomes U+FFFD. */
function text(value: unknown): string {
  const text = String(value);
  return text.isWellFormed() ? text : text.toWellFormed();
}
