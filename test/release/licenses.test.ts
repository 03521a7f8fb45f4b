/** Sources of license texts. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import type { Part } from '../../scripts/release/components.ts';
import { formatLicenses } from '../../scripts/release/licenses.ts';
import { folder } from '../e2e/folder.ts';

const REPOSITORY = 'https://git.test/one';

function part(name: string, files: Readonly<Record<string, string>>, more: Partial<Part> = {}): Part {
  const place = folder();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(place, path)), { recursive: true });
    writeFileSync(join(place, path), text);
  }
  const given = { repository: undefined, author: undefined, ...more };
  return { name, version: '1.0.0', license: 'MIT', folder: place, ...given };
}

function textsFor(...parts: Part[]): string {
  return formatLicenses({ title: 'Title', parts });
}

test.each(['LICENSE', 'LICENSE.md', 'LICENSE-MIT', 'License.txt', 'license', 'COPYING', 'NOTICE'])(
  'from the package itself: %s',
  (name) => {
    expect(textsFor(part('a', { [name]: 'the text' }))).toMatch(/^a 1\.0\.0\n\nthe text$/m);
  },
);

test('all that it has, also of code of others within it', () => {
  const files = { 'LICENSE-MIT': 'text 1', 'LICENSE-APACHE': 'text 2', 'third_party/b/LICENSE': 'text 3' };
  expect(textsFor(part('a', files)).match(/text \d/g)).toEqual(['text 2', 'text 1', 'text 3']);
});

test.each(['license.js', 'tests/LICENSE', 'docs/LICENSE', 'node_modules/b/LICENSE'])(
  'not from %s',
  (name) => {
    expect(() => textsFor(part('a', { [name]: 'other text' }))).toThrow('no license text for a 1.0.0, MIT');
  },
);

test('from another package of its repository, however that is written', () => {
  const [a, b] = [
    part('a', {}, { repository: `git+${REPOSITORY}.git` }),
    part('b', { LICENSE: 'the text' }, { repository: REPOSITORY }),
  ];
  expect(textsFor(a, b)).toMatch(/^a 1\.0\.0, b 1\.0\.0\n\nthe text$/m);
});

test('not from another package whose repository is unknown too', () => {
  expect(() => textsFor(part('a', {}), part('b', { LICENSE: 'the text' }))).toThrow('no license text for a');
});

test('the standard text, where the package says who holds the copyright', () => {
  expect(textsFor(part('a', {}, { author: 'A. Author' }))).toContain('Copyright (c) A. Author\n');
});

test('the Apache License, which has no name in it', () => {
  const text = readFileSync('LICENSE', 'utf8').trimEnd();
  expect(textsFor(part('a', {}, { license: 'MIT OR Apache-2.0' })).includes(text)).toBe(true);
});

test('a text that several have is there once', () => {
  const text = textsFor(part('a', { LICENSE: 'the text' }), part('b', { LICENSE: 'the text' }));
  expect(text.match(/the text/g)).toHaveLength(1);
  expect(text).toContain('    a 1.0.0: MIT\n    b 1.0.0: MIT\n');
});
