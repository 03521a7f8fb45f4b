/** The npm package: small, without dependencies, and its `bin` starts the program. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folder } from '../e2e/folder.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

function npm(args: readonly string[], cwd: string): string {
  return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

test('npm pack, npm install, npx envseal', () => {
  const home = folder({ env: 'SEALED=yes\n', 'package.json': '{}' });
  const packed = npm(['pack', '--ignore-scripts', '--json', '--pack-destination', home], process.cwd());
  const [{ filename, size, files }] = Object.values(JSON.parse(packed)) as [
    { filename: string; size: number; files: { path: string }[] },
  ];
  expect(size).toBeLessThan(1_500_000);
  const paths = files.map(({ path }) => path);
  expect(paths).toEqual(expect.arrayContaining(['dist/envseal.mjs', 'dist/envseal.1', 'docs/README.md']));
  expect(
    paths.filter(
      (path) =>
        !/^(dist\/[\w-]+\.mjs|dist\/envseal\.1|docs\/[\w/-]+\.md|(README|CHANGELOG|SECURITY)\.md|LICENSE|package\.json)$/.test(
          path,
        ),
    ),
  ).toEqual([]);

  npm(['install', '--offline', '--no-audit', '--no-fund', join(home, filename)], home);
  expect(npm(['exec', '--offline', '--', 'envseal', 'version'], home)).toBe(`envseal ${version}\n`);
  const run = ['envseal', 'run', '--allow-unsealed', '--source', './env', '--', 'printenv', 'SEALED'];
  expect(npm(['exec', '--offline', '--', ...run], home)).toBe('yes\n');
  expect(existsSync(join(home, 'node_modules', '@aws-sdk'))).toBe(false);
});
