/** Links between pages: what they name exists, and has the heading. */
import { existsSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { anchorsOf, PAGES, proseOf, read, USER_PAGES } from './pages.ts';

function linksOf(page: string): string[] {
  return Array.from(proseOf(page).matchAll(/\]\(([^)\s]+)\)/g), ([, target = '']) => target).filter(
    (target) => !/^(https?|mailto):/.test(target),
  );
}

test.each(PAGES)('%s: its links lead somewhere', (page) => {
  for (const link of linksOf(page)) {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? page : normalize(join(dirname(page), path));
    expect(existsSync(target), link).toBe(true);
    if (anchor !== undefined) expect(anchorsOf(target), link).toContain(anchor);
  }
});

test('docs/README.md has each page', () => {
  const linked = linksOf('docs/README.md').map((link) => normalize(join('docs', link)));
  const pages = PAGES.filter((page) => page.startsWith('docs/') && !page.startsWith('docs/decisions/'));
  expect(pages.filter((page) => page !== 'docs/README.md' && !linked.includes(page))).toEqual([]);
});

test('each page for users can be reached from README.md', () => {
  const reached = new Set<string>(['README.md']);
  for (const page of reached) {
    for (const link of linksOf(page)) {
      const target = normalize(join(dirname(page), link.split('#')[0] ?? ''));
      if (target.endsWith('.md') && existsSync(target) && statSync(target).isFile()) reached.add(target);
    }
  }
  expect(USER_PAGES.filter((page) => !reached.has(page))).toEqual([]);
});

test('lines of the pages for users have at most 140 characters, but those of tables', () => {
  const long = USER_PAGES.flatMap((page) =>
    read(page)
      .split('\n')
      .filter((line) => line.length > 140 && !line.startsWith('|') && !/^envseal: |^ *\{ "Effect"/.test(line))
      .map((line) => `${page}: ${line}`),
  );
  expect(long).toEqual([]);
});
