import fc from 'fast-check';
import { expect, test } from 'vitest';
import { format } from '../../src/envfile/write-dotenv.ts';
import { read, readMap } from './reading.ts';
import { names, values, variables } from './values.ts';

const RUNS = { numRuns: 1000 };

test('parse reads back what format wrote, for every string', () => {
  fc.assert(
    fc.property(variables(), (map) => {
      expect([...readMap(format(map))]).toEqual([...map]);
    }),
    RUNS,
  );
});

test('parse reads back what format wrote with a BOM, comments and blank lines around it', () => {
  fc.assert(
    fc.property(variables(), (map) => {
      const text = `\uFEFF# c\n\n${format(map)}\r\n \t# it's "over`;
      expect([...readMap(text)]).toEqual([...map]);
    }),
    RUNS,
  );
});

test('parseJson reads back what JSON.stringify wrote, compact or indented', () => {
  const object = variables().map((map) => new Map(map));
  fc.assert(
    fc.property(object, fc.constantFrom(0, 2, '\t'), (map, indent) => {
      // `Object.fromEntries` defines `__proto__` as an own property.
      const text = JSON.stringify(Object.fromEntries(map), null, indent);
      expect(readMap(text, 'json')).toEqual(map);
    }),
    RUNS,
  );
});

test('the docker dialect keeps every value that has no line feed and no CR at its end', () => {
  const value = values().filter((text) => !text.includes('\n') && !text.endsWith('\r'));
  fc.assert(
    fc.property(names(), value, (name, text) => {
      expect(read(`${name}=${text}\n`, 'docker')).toEqual([[name, text]]);
    }),
    RUNS,
  );
});

test.each([
  ['dotenv', (pairs: [string, string][]) => format(pairs)],
  ['docker', (pairs: [string, string][]) => format(pairs)],
  ['json', (pairs: [string, string][]) => JSON.stringify(Object.fromEntries(pairs))],
] as const)('a large %s file of 5,000 variables of 100 bytes is read right', (dialect, write) => {
  const pairs = Array.from({ length: 5000 }, (_, i): [string, string] => [
    `VARIABLE_${i}`,
    `${i}`.padEnd(85, 'x'),
  ]);
  expect(read(write(pairs), dialect)).toEqual(pairs);
});

test('a value of 2 MiB is read in every form, without a deep stack', () => {
  const long = 'x'.repeat(2 * 1024 * 1024);
  for (const value of [long, ` ${long}`, `'${long}`, `'\`${long}`, `${long}\r`]) {
    expect(read(format([['A', value]]))[0]?.[1] === value).toBe(true);
  }
  expect(read(`{"A":"${long}","B":"${long}\\n"}`, 'json').map(([, value]) => value.length)).toEqual([
    long.length,
    long.length + 1,
  ]);
});
