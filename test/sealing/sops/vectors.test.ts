/** Files that sops itself wrote open here, to what `sops exec-env` gives; test/vectors/sops/make.sh made both. */
import { describe, expect, test } from 'vitest';
import { A, B, C, unwrapWith } from './age-keys.ts';
import { complaint, expectedOf, open, read, vector, vectorNames } from './opening.ts';

test.each(vectorNames)('%s', async (name) => {
  const entries = await read(vector(name), { unwrap: unwrapWith('a', 'b', 'c') });
  expect(Object.fromEntries(entries)).toEqual(expectedOf(name));
});

test('there are vectors of each format, rule and kind of key', () => {
  expect(vectorNames.length).toBeGreaterThanOrEqual(34);
});

test.each(['env', 'json', 'yaml'])('%s: variables come in file order', async (format) => {
  const text = vector(`one-key.${format}`);
  const names = (await read(text)).map(([name]) => name);
  const places = names.map((name) => text.search(new RegExp(`^\\s*"?${name}"?[:=]`, 'm')));
  expect(places).toEqual(places.toSorted((a, b) => a - b));
});

describe('any key of the file does', () => {
  test.each([
    ['a', A],
    ['b', B],
  ] as const)('%s', async (name, recipient) => {
    const { keys } = await open(vector('two-keys.env'), { unwrap: unwrapWith(name) });
    expect(keys).toEqual([recipient]);
  });

  test('but no other', async () => {
    const error = await complaint(vector('two-keys.env'), { unwrap: unwrapWith('c') });
    expect(error).toContain(
      'wrong_key: no key opens s3://snacks/dev/env: no identity of this machine opens it',
    );
    expect(error).toContain(`tried ${A}, ${B}`);
  });
});

describe('of key groups as many as the threshold says do', () => {
  test.each([
    ['groups-2-of-3.env', 'ab'],
    ['groups-2-of-3.json', 'bc'],
    ['groups-2-of-3.yaml', 'ac'],
    ['groups-2-of-3.yaml', 'abc'],
    ['groups-3-of-3.env', 'abc'],
  ])('%s with %s', async (name, keys) => {
    const unwrap = unwrapWith(...([...keys] as 'a'[]));
    expect(Object.fromEntries(await read(vector(name), { unwrap }))).toEqual(expectedOf(name));
  });

  test.each([
    ['groups-2-of-3.env', 'a'],
    ['groups-2-of-3.json', 'c'],
    ['groups-3-of-3.env', 'ab'],
  ])('and fewer do not: %s with %s', async (name, keys) => {
    const unwrap = unwrapWith(...([...keys] as 'a'[]));
    expect(await complaint(vector(name), { unwrap })).toContain('wrong_key: no key opens');
  });

  test('and the keys that gave a share are reported', async () => {
    const { keys } = await open(vector('groups-3-of-3.json'), { unwrap: unwrapWith('a', 'b', 'c') });
    expect(keys.toSorted()).toEqual([A, B, C].toSorted());
  });
});

test.each([
  ['mac-only-encrypted.json', true],
  ['mac-only-encrypted-all.json', true],
  ['encrypted-regex.json', false],
])('%s: plain values are reported as unauthenticated: %s', async (name, some) => {
  const { unauthenticated } = await open(vector(name));
  expect(unauthenticated.includes('PLAIN_unencrypted')).toBe(some);
  expect(unauthenticated.includes('API_TOKEN')).toBe(false);
});
