import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SecretMap } from '../src/secret-map.ts';

const CANARY = 'xQ7Zj0Kw9Vb3Gy';

function of(...pairs: readonly (readonly [string, string])[]): SecretMap {
  const map = new SecretMap();
  for (const [name, value] of pairs) map.set(name, value);
  return map;
}

const revealed = (map: SecretMap) => [...map].map(([name, secret]) => [name, secret.reveal()]);

test('is what a map of the same pairs is', () => {
  const name = fc.constantFrom('A', 'B', 'C', 'A=B');
  fc.assert(
    fc.property(fc.array(fc.tuple(name, fc.string()), { maxLength: 8 }), (pairs) => {
      const map = of(...pairs);
      const plain = new Map<string, string>(pairs);
      expect(revealed(map)).toEqual([...plain]);
      expect([...map.keys()]).toEqual([...plain.keys()]);
      expect([...map.values()].map((secret) => secret.reveal())).toEqual([...plain.values()]);
      expect(map.size).toBe(plain.size);
      for (const key of ['A', 'B', 'C', 'D']) {
        expect([map.has(key), map.get(key)?.reveal()]).toEqual([plain.has(key), plain.get(key)]);
      }
      const told: unknown[] = [];
      map.forEach((secret, key, from) => {
        told.push([key, secret.reveal(), from === map]);
      });
      expect(told).toEqual([...plain].map(([key, value]) => [key, value, true]));
      expect(map.assignments()).toEqual([...plain].map(([key, value]) => `${key}=${value}`));
    }),
  );
});

test('is made of assignments', () => {
  const map = new SecretMap(
    new Map([
      ['A', 'A=x=y'],
      ['B', 'B='],
    ]),
  );
  expect(revealed(map)).toEqual([
    ['A', 'x=y'],
    ['B', ''],
  ]);
});

test('made of a plain file, it is what a map of the same is, before and after it is changed', () => {
  const name = fc.constantFrom('A', 'B', 'C', 'D');
  const pairs = fc.array(fc.tuple(name, fc.constantFrom('', '1', 'x=y')), { maxLength: 6 });
  fc.assert(
    fc.property(pairs, pairs, (first, later) => {
      const names = first.map(([each]) => each);
      const map = SecretMap.of({ names, assignments: first.map(([each, value]) => `${each}=${value}`) });
      const plain = of(...first);
      for (const change of [...later, undefined]) {
        expect([map.names(), map.assignments()]).toEqual([plain.names(), plain.assignments()]);
        expect(map.names()).toEqual([...map.keys()]);
        expect(revealed(map)).toEqual(revealed(plain));
        if (change !== undefined) for (const each of [map, plain]) each.set(...change);
      }
    }),
  );
});

test('filter keeps the order, and leaves the map as it is', () => {
  const map = of(['B', '1'], ['A', '2'], ['C', '3']);
  expect(revealed(map.filter((name) => name !== 'A'))).toEqual([
    ['B', '1'],
    ['C', '3'],
  ]);
  expect(map.size).toBe(3);
});

test('of merged maps the last wins, at the first place', () => {
  const first = of(['A', '1'], ['B', '2']);
  expect(revealed(SecretMap.merge([first, of(['C', '3'], ['A', '4'])]))).toEqual([
    ['A', '4'],
    ['B', '2'],
    ['C', '3'],
  ]);
  expect(revealed(first)).toEqual([
    ['A', '1'],
    ['B', '2'],
  ]);
  expect(SecretMap.merge([]).size).toBe(0);
});

describe('no way of turning it into text shows a value', () => {
  const map = of(['A', CANARY]);
  test.each<[string, () => string]>([
    ['String()', () => String(map)],
    ['JSON', () => JSON.stringify([map, { map }, [...map]])],
    ['inspect', () => inspect({ map }, { showHidden: true, depth: Infinity, getters: true })],
    ['what it iterates', () => inspect([...map, ...map.values(), map.get('A')], { showHidden: true })],
    ['its iterators', () => inspect([map.entries(), map.values(), map.keys()], { showHidden: true })],
    ['a copy', () => inspect([{ ...map }, Object.assign({}, map), Object.entries(map)])],
    ['a structured clone', () => inspect(structuredClone(map), { showHidden: true })],
  ])('%s', (_, print) => {
    expect(print()).not.toContain(CANARY);
  });
});
