/** Every npm script works as the first one in a fresh clone, where there is no Node but an old one. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
const names = Object.keys(scripts);
/** npm runs `preX` before `X`: such a script of another one, as `prepack` is of npm's own `pack`, is not called by name. */
const isPre = (name: string) => name.startsWith('pre');

test.each(names.filter((name) => !isPre(name)))('npm run %s sets up what it needs first', (name) => {
  expect(scripts[`pre${name}`]).toMatch(/^node scripts\/setup\.mjs( --no-build)?$/);
});

// The shell would go on with the Node that it found before there was another one.
test.each(names)('the shell of %s runs no node after another', (name) => {
  expect(scripts[name]?.match(/\bnode /g)?.length ?? 0).toBeLessThanOrEqual(1);
});
