/** Shared parsing of sink URIs. */
import { EnvsealError } from '../../errors.ts';
import { nearest } from '../../nearest.ts';

/** The name of a sink in messages, without its query, which can hold a token. */
export function sinkName(url: URL): string {
  return url.href.replace(/[?#].*/s, '');
}

export type Query = Readonly<Record<string, string | undefined>>;

/** Throws `configuration` for a parameter that is unknown, given twice, or without a value. */
export function readQuery(url: URL, known: readonly string[]): Query {
  const query: Record<string, string> = Object.create(null);
  for (const [name, value] of url.searchParams) {
    if (!known.includes(name)) {
      const near = nearest(name, known);
      const all = known.length === 0 ? 'it takes none' : `known: ${known.join(', ')}`;
      throw misused(
        url,
        'has an unknown query parameter',
        near === undefined ? all : `did you mean ${near}?`,
      );
    }
    if (name in query) throw misused(url, `has the query parameter ${name} twice`, 'keep one');
    if (value === '') throw misused(url, `has ${name} without a value`, 'write name=value, or omit it');
    query[name] = value;
  }
  return query;
}

export function readSwitch(url: URL, query: Query, name: string): boolean {
  const value = query[name] ?? 'false';
  if (value === 'true' || value === 'false') return value === 'true';
  throw misused(url, `has an unknown ${name}`, `use ${name}=true or ${name}=false`);
}

/** Throws `configuration` for an invalid % escape, and for a NUL. */
export function decode(url: URL, text: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    throw misused(url, 'has an invalid % escape', 'write %25 for a %');
  }
  if (decoded.includes('\0')) throw misused(url, 'has a NUL', 'remove %00');
  return decoded;
}

/**
 * The http: or https: URL behind `splunk+https:` and its like. Throws `configuration` if there is no host.
 */
export function httpUrl(url: URL, path: string): URL {
  const text = `${url.protocol.replace(/^.*\+/, '')}//${url.host}`;
  if (!path.startsWith('/')) throw misused(url, 'has a path that is not absolute', 'use path=/PATH');
  if (url.pathname !== '' && url.pathname !== '/') throw misused(url, 'has a path', 'use ?path=/PATH');
  if (url.host === '' || !URL.canParse(text))
    throw misused(url, 'names no host', `use ${url.protocol}//HOST:PORT`);
  const target = new URL(text);
  target.pathname = path;
  return target;
}

export function misused(url: URL, problem: string, hint: string): EnvsealError {
  return new EnvsealError('configuration', `the event sink ${sinkName(url)} ${problem}`, { hint });
}
