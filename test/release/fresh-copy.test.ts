/** A release is built from the files that are committed, or would be, and from nothing that a build left. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { copyFiles } from '../../scripts/release/fresh-copy.ts';
import { folder } from '../e2e/folder.ts';

test('copies what git knows or would add, as it is now', async () => {
  const from = folder({ '.gitignore': 'dist\n', 'kept.ts': '1', 'removed.ts': '1', 'changed.ts': 'before' });
  const git = (...args: string[]) => execFileSync('git', ['-C', from, ...args], { stdio: 'ignore' });
  git('init');
  git('add', '.');
  writeFileSync(join(from, 'changed.ts'), 'after');
  rmSync(join(from, 'removed.ts'));
  for (const path of ['deeper/new.ts', 'dist/envseal']) {
    mkdirSync(join(from, path, '..'), { recursive: true });
    writeFileSync(join(from, path), 'new', { mode: 0o755 });
  }

  const to = folder();
  await copyFiles(from, to);

  const files = readdirSync(to, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(files.map(({ name }) => name).sort()).toEqual(['.gitignore', 'changed.ts', 'kept.ts', 'new.ts']);
  expect(readFileSync(join(to, 'changed.ts'), 'utf8')).toBe('after');
  expect(statSync(join(to, 'deeper/new.ts')).mode & 0o111).toBe(0o111);
});
