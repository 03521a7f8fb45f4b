/** The crates that cargo compiles must be those of Cargo.lock. */

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Crate, checksumsIn, verifyCrate } from '../../scripts/release/crates.ts';
import { sha256OfFile } from '../../scripts/release/digest.ts';

let home: string;
let crate: Crate;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'envseal-cargo-'));
  vi.stubEnv('CARGO_HOME', home);
  const source = join(home, 'made/one-1.2.3');
  mkdirSync(join(source, 'src'), { recursive: true });
  writeFileSync(join(source, 'src/lib.rs'), 'pub fn one() -> u8 { 1 }\n');
  const cache = join(home, 'registry/cache/index');
  mkdirSync(cache, { recursive: true });
  const archive = join(cache, 'one-1.2.3.crate');
  execFileSync('tar', ['-czf', archive, '-C', join(home, 'made'), 'one-1.2.3']);
  const folder = join(home, 'registry/src/index/one-1.2.3');
  cpSync(source, folder, { recursive: true });
  writeFileSync(join(folder, '.cargo-ok'), '{"v":1}');
  const [name, version, license] = ['one', '1.2.3', 'MIT'];
  crate = {
    name,
    version,
    license,
    repository: undefined,
    sha256: sha256OfFile(archive),
    folder,
    isLinked: true,
  };
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

test('a crate as cargo fetched and unpacked it', () => {
  expect(() => verifyCrate(crate)).not.toThrow();
});

test.each<[string, () => void, RegExp]>([
  ['an archive with other bytes', () => writeFileSync(archiveOf(), 'other'), /is not what Cargo\.lock says/],
  ['no archive', () => rmSync(archiveOf()), /cargo has no archive of one 1\.2\.3/],
  [
    'a changed file',
    () => writeFileSync(join(crate.folder, 'src/lib.rs'), 'pub fn two() {}\n'),
    /unpacks it again/,
  ],
  [
    'one more file',
    () => writeFileSync(join(crate.folder, 'build.rs'), 'fn main() {}\n'),
    /unpacks it again/,
  ],
  ['a file less', () => rmSync(join(crate.folder, 'src/lib.rs')), /unpacks it again/],
])('refuses %s', (_, change, message) => {
  change();
  expect(() => verifyCrate(crate)).toThrow(message);
});

test('refuses a crate of which Cargo.lock has no checksum', () => {
  expect(() => verifyCrate({ ...crate, sha256: '' })).toThrow(/Cargo\.lock/);
});

test('reads the checksums of Cargo.lock', () => {
  const sums = checksumsIn(readFileSync('host/Cargo.lock', 'utf8'));
  expect(sums.get([...sums.keys()].find((name) => name.startsWith('ring@')) ?? '')).toMatch(/^[0-9a-f]{64}$/);
  expect([...sums.keys()].some((name) => name.startsWith('envseal-host@'))).toBe(false);
});

function archiveOf(): string {
  return join(home, 'registry/cache/index/one-1.2.3.crate');
}
