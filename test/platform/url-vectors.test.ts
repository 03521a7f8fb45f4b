/**
 * The host's URLs against the vectors of web-platform-tests. Listed are those that it does not pass: names that are not
 * ASCII, which it refuses; `file:` with drive letters and several slashes; empty paths and `/.//` in schemes of which the
 * standard knows nothing; and what the standard has changed since these vectors, where Node does as we do.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipFor } from '../skip.ts';
import { type HostProgram, makeHostProgram, noHost } from './host-program.ts';
import { type Json, URL_PARTS } from './operations.ts';

interface Vector {
  readonly input: string;
  readonly base: string | null;
  readonly failure?: true;
  readonly href: string;
}
interface Setter {
  readonly href: string;
  readonly new_value: string;
  readonly expected: Readonly<Record<string, string>>;
}

const KNOWN = JSON.parse(readFileSync('test/platform/known-url-differences.json', 'utf8')) as string[];
const read = (name: string) => JSON.parse(readFileSync(`test/vectors/wpt/${name}.json`, 'utf8'));

describe('on the host', skipFor(noHost), () => {
  let host: HostProgram;
  beforeAll(async () => {
    host = await makeHostProgram();
  });
  afterAll(() => host?.remove());

  test('URLs are those of web-platform-tests, but for what is listed', () => {
    expect([...differentUrls(), ...differentChanges()]).toEqual(KNOWN);
  });

  function differentUrls(): string[] {
    const all = (read('urltestdata') as (string | Vector)[]).filter((vector) => typeof vector !== 'string');
    const results = host.perform(
      all.map(({ input, base }) => ['url', input, ...(base === null ? [] : [base])]),
    );
    const isSame = (vector: Vector, result: Json) => {
      if (vector.failure) return result === 'ERR_INVALID_URL';
      const parts = partsIn(result);
      return URL_PARTS.every((name) => !(name in vector) || vector[name as 'href'] === parts?.[name]);
    };
    return all
      .filter((vector, at) => !isSame(vector, results[at] as Json))
      .map(({ input, base }) => JSON.stringify(base === null ? [input] : [input, base]));
  }

  function differentChanges(): string[] {
    const table = read('setters_tests') as Record<string, Setter[]>;
    const all = Object.entries(table)
      .filter(([part]) => part !== 'comment')
      .flatMap(([part, setters]) => setters.map((setter) => ({ part, ...setter })));
    const results = host.perform(
      all.map(({ href, part, new_value }) => ['changeUrl', href, part, new_value]),
    );
    return all
      .filter(({ expected }, at) => {
        const parts = partsIn(((results[at] as Json[])[0] as Json[])[0] as Json, false);
        return !Object.entries(expected).every(([name, value]) => parts?.[name] === value);
      })
      .map(({ part, href, new_value }) => JSON.stringify([part, href, new_value]));
  }
});

/** By name; `undefined` for an error. */
function partsIn(result: Json, isWrapped = true): Record<string, Json> | undefined {
  const parts = (isWrapped ? (result as Json[])[0] : result) as Json[];
  return Array.isArray(parts)
    ? Object.fromEntries(URL_PARTS.map((name, at) => [name, parts[at] as Json]))
    : undefined;
}
