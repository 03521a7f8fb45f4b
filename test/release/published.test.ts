/** What `npm run release` made in a folder of its own, with none of the caches that the other tests' programs come from. */
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { constants as zlib, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { folder } from '../e2e/folder.ts';
import { describeReal } from '../real/available.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const RELEASE = resolve('dist/release');
const MAX_BYTES = 6_000_000;
const MAX_COMPRESSED_BYTES = 2_600_000;
const MACHINES = { x64: 62, arm64: 183 } as const;

const executable = (arch: string) => readFileSync(join(RELEASE, `envseal-${version}-linux-${arch}`));

describeReal('release', 'the published', () => {
  test('executable is byte for byte the one that was built here', () => {
    expect(executable('x64').equals(readFileSync('dist/envseal'))).toBe(true);
  });

  describe.each(['x64', 'arm64'] as const)('executable for %s', (arch) => {
    test('is static, and for that processor', () => {
      const program = executable(arch);
      expect(program.readUInt16LE(18)).toBe(MACHINES[arch]);
      expect(segmentTypes(program)).not.toContain(PT_INTERP);
      expect(segmentTypes(program)).not.toContain(PT_DYNAMIC);
    });

    test('does not say where it was built', () => {
      const program = executable(arch);
      for (const place of [process.cwd(), homedir() === '/root' ? '/root/' : homedir(), '.cache/release-'])
        expect(program.includes(place)).toBe(false);
    });

    test('is small', () => {
      const program = executable(arch);
      expect(program.length).toBeLessThan(MAX_BYTES);
      const params = { [zlib.ZSTD_c_compressionLevel]: 19 };
      expect(zstdCompressSync(program, { params }).length).toBeLessThan(MAX_COMPRESSED_BYTES);
    });
  });

  describe('npm packages', () => {
    const npm = (args: readonly string[], cwd: string) =>
      execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const install = (packages: readonly string[]) => {
      const file = (name: string) =>
        `file:${RELEASE}/${name.replace(/^@/, '').replace('/', '-')}-${version}.tgz`;
      const all = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, file(name)]));
      const home = folder({
        'package.json': JSON.stringify({
          dependencies: all(['envseal']),
          optionalDependencies: all(packages),
        }),
        env: 'SEALED=yes\n',
      });
      npm(['install', '--offline', '--no-audit', '--no-fund'], home);
      return home;
    };

    test('the command is the full program, and the executable of this machine is a file beside it', () => {
      const home = install(['@envseal/linux-x64', '@envseal/linux-arm64']);
      expect(npm(['exec', '--offline', '--', 'envseal', 'version'], home)).toBe(`envseal ${version}\n`);
      expect(
        execFileSync('head', ['-c', '2', join(home, 'node_modules/.bin/envseal')], { encoding: 'utf8' }),
      ).toBe('#!');
      expect(globSync('node_modules/@envseal/*', { cwd: home })).toEqual(['node_modules/@envseal/linux-x64']);

      const path = execFileSync(
        process.execPath,
        ['-p', 'require.resolve("@envseal/linux-x64/bin/envseal")'],
        { cwd: home, encoding: 'utf8' },
      ).trim();
      expect(readFileSync(path).equals(executable('x64'))).toBe(true);
      const run = ['run', '--allow-unsealed', '--source', './env', '--', 'printenv', 'SEALED'];
      expect(execFileSync(path, run, { cwd: home, encoding: 'utf8' })).toBe('yes\n');
    });

    test('the full program installs where the executables cannot be had', () => {
      const home = install([]);
      expect(npm(['exec', '--offline', '--', 'envseal', 'version'], home)).toBe(`envseal ${version}\n`);
      expect(existsSync(join(home, 'node_modules/@envseal'))).toBe(false);
      expect(existsSync(join(home, 'node_modules/envseal/THIRD-PARTY-LICENSES.txt'))).toBe(true);
    });

    test('the full program is byte for byte the one that was built here', () => {
      const home = install([]);
      const chunks = (root: string) => globSync('*.mjs', { cwd: root }).sort();
      const installed = join(home, 'node_modules/envseal/dist');
      expect(chunks(installed)).toEqual(chunks('dist'));
      for (const name of chunks('dist'))
        expect(readFileSync(join(installed, name)).equals(readFileSync(join('dist', name)))).toBe(true);
    });
  });
});

const PT_DYNAMIC = 2;
const PT_INTERP = 3;

/** https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.pheader.html */
function segmentTypes(program: Buffer): number[] {
  const [table, size, count] = [
    Number(program.readBigUInt64LE(32)),
    program.readUInt16LE(54),
    program.readUInt16LE(56),
  ];
  return Array.from({ length: count }, (_, index) => program.readUInt32LE(table + index * size));
}
