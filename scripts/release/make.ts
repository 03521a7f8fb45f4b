/** Makes the files of a release. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from '../bundle.ts';
import { compile } from '../bundle.ts';
import { unchangedOn } from '../prepare-bun.ts';
import { billOfMaterials, type Component, packagesIn } from './bill-of-materials.ts';
import type { Commit } from './commit.ts';
import { DEB_SHA256, GLIBC_VERSION, glibcPackageUrl } from './debian-glibc.ts';
import { checkSignature } from './mach-o.ts';
import type { Platform } from './platforms.ts';
import { provenance, type Resource } from './provenance.ts';
import { lockedPackage } from './runtime.ts';

export interface ReleaseOptions {
  /** The repository, in which dist is built. */
  readonly root: string;
  /** Emptied first. */
  readonly folder: string;
  readonly platforms: readonly Platform[];
  readonly commit: Commit;
}

/** Yields lines for whoever watches. */
export async function* makeRelease({
  root,
  folder,
  platforms,
  commit,
}: ReleaseOptions): AsyncGenerator<string> {
  const { version } = commit;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const platform of platforms) {
    const file = join(folder, `envseal-${version}-${platform.name}`);
    compile(join(root, 'dist/envseal.mjs'), file, platform);
    yield* describe(file, platform);
  }
  // Without its scripts: they would build anew what the executables were just made of.
  const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder];
  execFileSync('npm', pack, { cwd: root, stdio: 'ignore' });
  yield `envseal-${version}.tgz: the npm package`;
  writeBills(root, folder, platforms, commit);
  yield `envseal-${version}.cdx.json, envseal-portable-${version}.cdx.json: what is in them`;
  writeJson(
    join(folder, `envseal-${version}.intoto.json`),
    provenance(resourcesIn(folder), madeOf(platforms), commit),
  );
  yield `envseal-${version}.intoto.json: how they were made`;
  const sums = resourcesIn(folder).map(({ name, digest }) => `${digest.sha256}  ${name}\n`);
  writeFileSync(join(folder, 'SHA256SUMS'), sums.join(''));
  yield 'SHA256SUMS';
}

function* describe(file: string, platform: Platform): Generator<string> {
  const program = readFileSync(file);
  yield `${file.split('/').at(-1)}: ${(program.length / 2 ** 20).toFixed(0)} MiB`;
  for (const line of unchangedOn(platform)) yield `    not as on Linux: ${line}`;
  if (platform.os === 'darwin')
    yield `    its ad-hoc signature ${checkSignature(program)}; not tried on macOS, which may want it signed anew`;
}

function writeBills(root: string, folder: string, platforms: readonly Platform[], commit: Commit): void {
  const metafile = JSON.parse(readFileSync(join(root, 'dist/metafile.json'), 'utf8')) as Metafile;
  const packages = packagesIn(metafile).map(
    (path) =>
      JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8')) as { name: string; version: string },
  );
  const bun = runtimes(platforms);
  writeJson(join(folder, `envseal-${commit.version}.cdx.json`), billOfMaterials(root, packages, bun, commit));
  const portable = [...bun.filter(({ name }) => /linux-(x64|aarch64)$/.test(name)), ...glibc()];
  const file = `envseal-portable-${commit.version}.cdx.json`;
  writeJson(join(folder, file), billOfMaterials(root, packages, portable, commit));
}

function runtimes(platforms: readonly Platform[]): Component[] {
  return platforms.map(({ runtime }) => {
    const { version, integrity } = lockedPackage(runtime);
    const purl = `pkg:npm/${runtime.replace('@', '%40')}@${version}`;
    const content = Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex');
    const hashes = [{ alg: 'SHA-512', content }];
    return {
      'bom-ref': purl,
      type: 'platform',
      name: runtime,
      version,
      purl,
      hashes,
      licenses: license('MIT'),
    };
  });
}

function glibc(): Component[] {
  return (['x64', 'arm64'] as const).map((arch) => {
    const purl = glibcPackageUrl(arch);
    const hashes = [{ alg: 'SHA-256', content: DEB_SHA256[arch] }];
    const licenses = license('LGPL-2.1-or-later');
    return {
      'bom-ref': purl,
      type: 'library',
      name: 'libc6',
      version: GLIBC_VERSION,
      purl,
      hashes,
      licenses,
    };
  });
}

function license(id: string): object[] {
  return [{ license: { id } }];
}

function madeOf(platforms: readonly Platform[]): Resource[] {
  return runtimes(platforms).map(({ name, purl, hashes }) => ({
    name,
    uri: purl,
    digest: { sha512: hashes?.[0]?.content ?? '' },
  }));
}

function resourcesIn(folder: string): Resource[] {
  return readdirSync(folder)
    .sort()
    .map((name) => {
      const sha256 = createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex');
      return { name, digest: { sha256 } };
    });
}

function writeJson(file: string, document: object): void {
  writeFileSync(file, `${JSON.stringify(document, null, 2)}\n`);
}
