import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { describeNames } from '../../src/events/variable-names.ts';
import { Secret } from '../../src/secret.ts';
import { nodeSystem as system } from '../../src/system/node/system.ts';

const NAMES = ['ZEBRA', 'API_TOKEN', 'a.b-c'];
const KEY = new Secret('a key that everybody who joins has');

describe('of the names of variables it reports', () => {
  test('all, in the order of the source', () => {
    expect(describeNames(NAMES, 'full', undefined, system)).toEqual({ count: 3, names: NAMES });
  });

  test('their number', () => {
    expect(describeNames(NAMES, 'count', KEY, system)).toEqual({ count: 3 });
  });

  test('hashes that only the key makes', () => {
    const hashes = NAMES.map((name) => createHmac('sha256', KEY.reveal()).update(name).digest('hex'));
    expect(describeNames(NAMES, 'hash', KEY, system)).toEqual({ count: 3, hashes });
    expect(describeNames(NAMES, 'hash', new Secret('another'), system).hashes).not.toEqual(hashes);
  });

  test.each(['full', 'hash'] as const)('the number alone of more than 1000: %s', (mode) => {
    const names = Array.from({ length: 1001 }, (_, i) => `A${i}`);
    expect(describeNames(names, mode, KEY, system)).toEqual({ count: 1001 });
    const told = describeNames(names.slice(1), mode, KEY, system);
    expect(told.count).toBe(1000);
    expect(told.names ?? told.hashes).toHaveLength(1000);
  });

  test('the start of a long one', () => {
    expect(describeNames(['A'.repeat(300)], 'full', undefined, system).names).toEqual(['A'.repeat(255)]);
  });

  test('nothing of no variables', () => {
    expect(describeNames([], 'full', undefined, system)).toEqual({ count: 0, names: [] });
  });
});

test.each([
  ['no key', undefined],
  ['an empty key', new Secret('')],
])('hashes with %s are refused', (_, key) => {
  expect(() => describeNames(NAMES, 'hash', key, system)).toThrow(
    expect.objectContaining({
      code: 'configuration',
      message: expect.stringContaining('ENVSEAL_EVENT_NAMES_KEY'),
    }),
  );
});
