import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { diffVariables, hasDifferences } from '../../src/envfile/diff.ts';
import { Secret } from '../../src/secret.ts';

function variables(values: Record<string, string>): Map<string, Secret> {
  return new Map(Object.entries(values).map(([name, value]) => [name, new Secret(value)]));
}

describe('what is added, changed and removed', () => {
  test.each([
    ['nothing', { A: '1', B: '2' }, { B: '2', A: '1' }, [], [], []],
    ['two empty files', {}, {}, [], [], []],
    ['all new', {}, { B: '1', A: '2' }, ['B', 'A'], [], []],
    ['all gone', { B: '1', A: '2' }, {}, [], [], ['B', 'A']],
    ['a value', { A: '1', B: '2' }, { A: '1', B: '3' }, [], ['B'], []],
    ['to empty and from empty', { A: '1', B: '' }, { A: '', B: '2' }, [], ['A', 'B'], []],
    ['an empty one is there', {}, { A: '' }, ['A'], [], []],
    ['case and white space count', { A: 'b', C: 'd' }, { A: 'B', C: 'd ' }, [], ['A', 'C'], []],
    [
      'new and changed in the order of the new file, removed in that of the old',
      { Z: '1', Y: '1', X: '1', W: '1' },
      { N: '1', W: '2', M: '1', Z: '2' },
      ['N', 'M'],
      ['W', 'Z'],
      ['Y', 'X'],
    ],
  ])('%s', (_, before, after, added, changed, removed) => {
    const differences = diffVariables(variables(before), variables(after));
    expect(differences).toEqual({ added, changed, removed });
    expect(hasDifferences(differences)).toBe(added.length + changed.length + removed.length > 0);
  });

  test('without a file before, all is added', () => {
    expect(diffVariables(undefined, variables({ A: '' }))).toEqual({
      added: ['A'],
      changed: [],
      removed: [],
    });
  });

  test('it holds no value', () => {
    const differences = diffVariables(variables({ A: 'xQ7Zj0Kw' }), variables({ A: 'xQ7Zj0Kv', B: 'xQ7Z' }));
    expect(inspect(differences, { depth: Infinity, showHidden: true })).not.toContain('xQ7Z');
  });
});
