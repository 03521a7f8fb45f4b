/** `npm run release`: what is published, for this machine's platform alone. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeRelease } from '../../scripts/release/make.ts';
import { ownPlatform } from '../../scripts/release/platforms.ts';
import { howToSign } from '../../scripts/release/signing.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const COMMIT = { version, revision: 'c0ffee'.padEnd(40, '0'), seconds: 1_700_000_000 };
const EXECUTABLE = `envseal-${version}-${ownPlatform().name}`;

let one: string;
let two: string;
const folders: string[] = [];

beforeAll(async () => {
  [one, two] = [await release(), await release()];
});
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

async function release(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'envseal-release-'));
  folders.push(folder);
  const options = { root: process.cwd(), folder, platforms: [ownPlatform()], commit: COMMIT };
  for await (const line of makeRelease(options)) expect(line).not.toBe('');
  return folder;
}

function json(name: string) {
  return JSON.parse(readFileSync(join(one, name), 'utf8'));
}

test('has an executable that runs, the npm package, and the papers', () => {
  const papers = [`envseal-${version}.cdx.json`, `envseal-${version}.intoto.json`, 'SHA256SUMS'];
  const files = [EXECUTABLE, `envseal-${version}.tgz`, `envseal-portable-${version}.cdx.json`, ...papers];

  expect(readdirSync(one).sort()).toEqual(files.sort());
  expect(execFileSync(join(one, EXECUTABLE), ['version'], { encoding: 'utf8' })).toBe(`envseal ${version}\n`);
});

test('sha256sum finds every file as SHA256SUMS says', () => {
  const checked = execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], {
    cwd: one,
    encoding: 'utf8',
  });

  expect(checked.trim().split('\n').length).toBe(readdirSync(one).length - 1);
});

test('two releases of a commit are the same bytes', () => {
  expect(readFileSync(join(two, 'SHA256SUMS'), 'utf8')).toBe(readFileSync(join(one, 'SHA256SUMS'), 'utf8'));
});

test('the bill has what is in the bundle, once, with its hash, and nothing that only builds or tests it', () => {
  const bill = json(`envseal-${version}.cdx.json`);
  const refs: string[] = bill.components.map((part: { 'bom-ref': string }) => part['bom-ref']);
  const names: string[] = bill.components.map(({ name }: { name: string }) => name);

  expect(bill).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.5', version: 1 });
  expect(new Set(refs).size).toBe(refs.length);
  expect(names).toEqual(
    expect.arrayContaining(['yaml', 'age-encryption', '@aws-sdk/client-s3', ownPlatform().runtime]),
  );
  for (const other of ['vitest', 'rolldown', 'typescript', 'ajv', 'libc6'])
    expect(names).not.toContain(other);
  for (const { hashes } of bill.components) expect(hashes[0].content).toMatch(/^[0-9a-f]{128}$/);
});

test('the bill of the portable image has glibc too', () => {
  const { components } = json(`envseal-portable-${version}.cdx.json`);
  const glibc = components.filter(({ name }: { name: string }) => name === 'libc6');

  expect(glibc.map(({ purl }: { purl: string }) => purl)).toEqual([
    expect.stringMatching(/^pkg:deb\/debian\/libc6@2\.36.*arch=amd64/),
    expect.stringMatching(/^pkg:deb\/debian\/libc6@2\.36.*arch=arm64/),
  ]);
});

test('the statement names the commit, every file and its digest, and claims no builder that could be trusted', () => {
  const { subject, predicateType, predicate } = json(`envseal-${version}.intoto.json`);

  expect(predicateType).toBe('https://slsa.dev/provenance/v1');
  const papersAfterIt = ['SHA256SUMS', `envseal-${version}.intoto.json`];
  expect(subject).toEqual(
    readdirSync(one)
      .filter((name) => !papersAfterIt.includes(name))
      .sort()
      .map((name) => ({ name, digest: { sha256: sha256(join(one, name)) } })),
  );
  expect(predicate.buildDefinition.resolvedDependencies[0]).toEqual({
    name: 'source',
    digest: { gitCommit: COMMIT.revision },
  });
  expect(predicate.runDetails.builder.id).toMatch(/unattested/);
});

test.each([
  [COMMIT.revision, /^\nTo sign: SHA256SUMS/],
  [`${COMMIT.revision}-dirty`, /^\nThis is no commit/],
])('says what to sign: %s', (revision, text) => {
  expect(howToSign({ ...COMMIT, revision })).toMatch(text);
});

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
