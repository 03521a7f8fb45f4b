/** The table of what was skipped: each reason once, and all that a test can say about its own. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { folder } from './e2e/folder.ts';
import { tableOf } from './skip-table.ts';

test('a reason is there once, with how many tests and files have it, the most frequent first', () => {
  const table = tableOf([
    { file: 'a.test.ts', reason: 'needs bash' },
    { file: 'a.test.ts', reason: 'needs root' },
    { file: 'b.test.ts', reason: 'needs root' },
    { file: 'b.test.ts', reason: undefined },
    { file: 'b.test.ts', reason: 'needs root' },
  ]);
  expect(table).toEqual([
    'skipped  files  why',
    '      3      2  needs root',
    '      1      1  needs bash',
    '      1      1  no reason given: b.test.ts',
  ]);
});

test('there is no table where nothing was skipped', () => {
  expect(tableOf([])).toEqual([]);
});

/** What vitest prints behind its own summary. */
function endOfRun(file: string, ...words: readonly string[]): string[] {
  const root = folder({ 'some.test.mjs': file });
  const vitest = resolve('node_modules/vitest/vitest.mjs');
  const reporters = ['--reporter=default', `--reporter=${resolve('test/skip-table.ts')}`];
  const run = ['--root', root, '--globals', ...reporters, ...words];
  const env = { PATH: process.env.PATH, NO_COLOR: '1' };
  const output = execFileSync(process.execPath, [vitest, 'run', ...run], { encoding: 'utf8', env });
  const [, rest = ''] = output.split(/^ {3}Duration .*$/m);
  return rest.split('\n').filter((line) => line !== '');
}

const SKIPS = `
  describe('a suite', { skip: true, meta: { skipReason: 'needs vim' } }, () => {
    test('one', () => {});
    describe('inner', () => test('two', () => {}));
  });
  test('by itself', { skip: true, meta: { skipReason: 'needs root' } }, () => {});
  test('while it runs', ({ skip }) => skip('needs Linux 6.3'));
  test.skip('silently', () => {});
  test('that runs', () => {});
`;

test('tests say why by a suite, by themselves, while they run, or not at all', () => {
  expect(endOfRun(SKIPS)).toEqual([
    'skipped  files  why',
    '      2      1  needs vim',
    '      1      1  needs Linux 6.3',
    '      1      1  needs root',
    '      1      1  no reason given: some.test.mjs',
  ]);
});

test('what a pattern leaves out is not skipped', () => {
  expect(endOfRun(SKIPS, '-t', 'that runs')).not.toContainEqual(expect.stringContaining('no reason given'));
  expect(endOfRun("test('one', () => {}); test('two', () => {});", '-t', 'one')).toEqual([]);
});

test('CI names its reporters itself, and this one after that which prints the summary', () => {
  const ci = readFileSync('.ci/run', 'utf8');
  expect(ci).toMatch(/npm test -- --reporter=default .*--reporter=\.\/test\/skip-table\.ts/);
});
