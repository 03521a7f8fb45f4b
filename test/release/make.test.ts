/** The files of a release, made of what is built. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checksumsIn } from '../../scripts/release/crates.ts';
import { sha256OfFile } from '../../scripts/release/digest.ts';
import { executableOf, makeRelease } from '../../scripts/release/make.ts';
import { howToSign } from '../../scripts/release/signing.ts';
import { describeReal } from '../real/available.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const COMMIT = { version, revision: 'c0ffee'.padEnd(40, '0'), seconds: 1_700_000_000 };
const EXECUTABLE = `envseal-${version}-linux-x64`;
const ARCHS = (['x64', 'arm64'] as const).filter((arch) => existsSync(executableOf('.', arch)));

describeReal('host', 'npm run release', () => {
  let one: string;
  let two: string;
  beforeAll(() => {
    [one, two] = [release(), release()];
  }, 300_000);
  afterAll(() => {
    for (const folder of [one, two]) if (folder) rmSync(folder, { recursive: true });
  });

  const read = (name: string) => readFileSync(join(one, name), 'utf8');
  const json = (name: string) => JSON.parse(read(name));
  const namesIn = (bill: string): string[] => json(bill).components.map(({ name }: { name: string }) => name);

  test('has executables, npm packages, and papers for both', () => {
    const papers = ['linux', 'npm'].flatMap((name) => [
      `envseal-${version}-${name}.cdx.json`,
      `envseal-${version}-${name}-THIRD-PARTY-LICENSES.txt`,
    ]);
    const packages = [
      `envseal-${version}.tgz`,
      ...ARCHS.map((arch) => `envseal-linux-${arch}-${version}.tgz`),
    ];
    const executables = ARCHS.map((arch) => `envseal-${version}-linux-${arch}`);
    const others = [`envseal-${version}.1`, `envseal-${version}.intoto.json`, 'SHA256SUMS'];
    const files = [...executables, ...packages, ...papers, ...others];

    expect(readdirSync(one).sort()).toEqual(files.sort());
    expect(execFileSync(join(one, EXECUTABLE), ['version'], { encoding: 'utf8' })).toBe(
      `envseal ${version}\n`,
    );
  });

  test('sha256sum finds every file as SHA256SUMS says', () => {
    const checked = execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], {
      cwd: one,
      encoding: 'utf8',
    });

    expect(checked.trim().split('\n').length).toBe(readdirSync(one).length - 1);
  });

  test('two releases of what is built are the same bytes', () => {
    expect(readFileSync(join(two, 'SHA256SUMS'), 'utf8')).toBe(read('SHA256SUMS'));
  });

  describe('the bill of the executables', () => {
    test('has the crates that are linked, with the hashes of Cargo.lock, and what no registry has', () => {
      const { components } = json(`envseal-${version}-linux.cdx.json`);
      const known = checksumsIn(readFileSync('host/Cargo.lock', 'utf8'));
      const crates = components.filter(({ purl }: { purl: string }) => purl.startsWith('pkg:cargo/'));
      for (const { name, version, hashes } of crates)
        expect(hashes[0].content).toBe(known.get(`${name}@${version}`));
      const names = namesIn(`envseal-${version}-linux.cdx.json`);
      expect(names).toEqual(
        expect.arrayContaining(['ring', 'rustls', 'rquickjs-sys', 'quickjs-ng', 'glibc', 'rust-std']),
      );
      for (const other of ['cc', 'syn', 'windows-sys', '@aws-sdk/client-s3'])
        expect(names).not.toContain(other);
    });

    test('says the version of QuickJS that is compiled', () => {
      const { components } = json(`envseal-${version}-linux.cdx.json`);
      const quickjs = components.find(({ name }: { name: string }) => name === 'quickjs-ng');
      expect(quickjs.purl).toMatch(/^pkg:github\/quickjs-ng\/quickjs@v0\.\d+\.\d+$/);
    });
  });

  test('the bill of the npm package has what is in the bundle, and nothing that only builds or tests it', () => {
    const names = namesIn(`envseal-${version}-npm.cdx.json`);
    expect(names).toEqual(expect.arrayContaining(['yaml', 'age-encryption', '@aws-sdk/client-s3']));
    for (const other of ['vitest', 'rolldown', 'typescript', 'ajv', 'ring', 'glibc'])
      expect(names).not.toContain(other);
    for (const { hashes } of json(`envseal-${version}-npm.cdx.json`).components)
      expect(hashes[0].content).toMatch(/^[0-9a-f]{128}$/);
  });

  test.each(['linux', 'npm'])('the bill for %s is CycloneDX, and names nothing twice', (name) => {
    const bill = json(`envseal-${version}-${name}.cdx.json`);
    const refs: string[] = bill.components.map((part: { 'bom-ref': string }) => part['bom-ref']);
    expect(bill).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.5', version: 1 });
    expect(new Set(refs).size).toBe(refs.length);
  });

  test.each(['linux', 'npm'])('the license texts for %s name all that is in its bill', (name) => {
    const text = read(`envseal-${version}-${name}-THIRD-PARTY-LICENSES.txt`);
    const fromRegistries = json(`envseal-${version}-${name}.cdx.json`).components.filter(
      ({ purl }: { purl: string }) => !purl.startsWith('pkg:generic/'),
    );
    const lines = text.split('\n');
    for (const { name, version } of fromRegistries)
      expect(lines.filter((line) => line.startsWith(`    ${name} ${version}: `))).toHaveLength(1);
    expect(text.match(/@[A-Z]+@/)).toBeNull();
  });

  test('the license texts of the executables have what linking glibc statically asks for', () => {
    const text = read(`envseal-${version}-linux-THIRD-PARTY-LICENSES.txt`);
    // Not `toContain`, which would print the whole text.
    const missing = [
      /^rquickjs-core [\d.]+, rquickjs-sys [\d.]+, rquickjs [\d.]+$/m,
      /GNU LESSER GENERAL PUBLIC LICENSE/,
      /Section 6 of the license lets you change the library/,
      /^The GNU C Library 2\.\d+ \(LGPL-2\.1-or-later\)$/m,
      /^Copyright .* Fabrice Bellard$/m,
      /^The standard library of Rust 1\.\d+\.\d+ /m,
    ].filter((pattern) => !pattern.test(text));
    expect(missing).toEqual([]);
  });

  describe('the statement', () => {
    test('names the commit, every file and its digest, and claims no builder that could be trusted', () => {
      const { subject, predicateType, predicate } = json(`envseal-${version}.intoto.json`);

      expect(predicateType).toBe('https://slsa.dev/provenance/v1');
      const papersAfterIt = ['SHA256SUMS', `envseal-${version}.intoto.json`];
      expect(subject).toEqual(
        readdirSync(one)
          .filter((name) => !papersAfterIt.includes(name))
          .sort()
          .map((name) => ({ name, digest: { sha256: sha256OfFile(join(one, name)) } })),
      );
      expect(predicate.buildDefinition.resolvedDependencies[0]).toEqual({
        name: 'source',
        digest: { gitCommit: COMMIT.revision },
      });
      expect(predicate.runDetails.builder.id).toMatch(/unattested/);
    });

    test('has every input with its hash', () => {
      const { resolvedDependencies } = json(`envseal-${version}.intoto.json`).predicate.buildDefinition;
      for (const { name, digest } of resolvedDependencies.slice(1))
        expect([name, Object.values(digest)]).toEqual([name, [expect.stringMatching(/^[0-9a-f]{64,128}$/)]]);
      const names: string[] = resolvedDependencies.map(({ name }: { name: string }) => name);
      expect(names).toEqual(
        expect.arrayContaining(['package-lock.json', 'host/Cargo.lock', 'ring', 'cc', 'rolldown']),
      );
      for (const tool of [/^node v26/, /^rustc 1\./, /^cargo 1\./, /^cc .*: cc1$/, /^cc .*: libc\.a$/])
        expect(names).toContainEqual(expect.stringMatching(tool));
    });
  });

  function release(): string {
    const folder = mkdtempSync(join(tmpdir(), 'envseal-release-'));
    for (const line of makeRelease({ root: process.cwd(), folder, commit: COMMIT }))
      expect(line).not.toBe('');
    return folder;
  }
});

test.each([
  [COMMIT.revision, /^\nTo sign: SHA256SUMS/],
  [`${COMMIT.revision}-dirty`, /^\nThis is not a commit/],
])('says what to sign: %s', (revision, text) => {
  expect(howToSign({ ...COMMIT, revision })).toMatch(text);
});
