/** Makes the files of a release from what is built. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ARCHS, type Arch } from '../build/executable.ts';
import { type HostTarget, TARGETS } from '../build/host.ts';
import type { Metafile } from '../build/node-bundle.ts';
import {
  billOfMaterials,
  type Component,
  crateComponents,
  npmComponents,
  otherComponent,
} from './bill-of-materials.ts';
import type { Commit } from './commit.ts';
import { glibcVersion, npmParts, type Part, quickjsPart, rustVersion } from './components.ts';
import { type Crate, cratesOf, verifyCrate } from './crates.ts';
import { resourcesIn } from './digest.ts';
import { executableNotice, formatLicenses } from './licenses.ts';
import { packExecutable, packFullProgram } from './npm-packages.ts';
import { crateResources, lockFiles, npmResources, provenance } from './provenance.ts';
import { cTools, nodeOf, rustTools } from './toolchain.ts';

export interface ReleaseOptions {
  /** A repository in which `npm run build` has been. */
  readonly root: string;
  /** Emptied first. */
  readonly folder: string;
  readonly commit: Commit;
}

/** Yields lines of progress. Makes what `dist` has executables for: both architectures after `--all`. */
export function* makeRelease(options: ReleaseOptions): Generator<string> {
  const { root, folder, commit } = options;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const crates = cratesOf(root, readFileSync(join(root, 'host/Cargo.lock'), 'utf8'));
  for (const crate of crates) verifyCrate(crate);
  yield `${crates.length} crates are what Cargo.lock says`;
  const archs = ARCHS.filter((arch) => existsSync(executableOf(root, arch)));
  for (const arch of archs) yield copyExecutable(options, arch);
  copyFileSync(join(root, 'dist/envseal.1'), join(folder, `envseal-${commit.version}.1`));
  yield `envseal-${commit.version}.1: the manual page`;
  const [linux, npm] = [linuxPapers(root, crates), npmPapers(root)];
  const licenses = { linux: writeLicenses(options, linux), npm: writeLicenses(options, npm) };
  yield `envseal-${commit.version}-{linux,npm}-THIRD-PARTY-LICENSES.txt`;
  packAll(options, archs, licenses);
  yield `envseal-${commit.version}.tgz, ${archs.map((arch) => `envseal-linux-${arch}-${commit.version}.tgz`).join(', ')}: npm packages`;
  for (const papers of [linux, npm]) writeBill(options, papers);
  yield `envseal-${commit.version}-{linux,npm}.cdx.json: what is in them`;
  const tools = [nodeOf(root), ...rustTools(archs), ...cTools(archs)];
  const madeOf = [...lockFiles(root), ...tools, ...crateResources(crates), ...npmResources(root)];
  const statement = provenance(resourcesIn(folder), madeOf, commit);
  writeJson(join(folder, `envseal-${commit.version}.intoto.json`), statement);
  yield `envseal-${commit.version}.intoto.json: how they were made`;
  const sums = resourcesIn(folder).map(({ name, digest }) => `${digest.sha256}  ${name}\n`);
  writeFileSync(join(folder, 'SHA256SUMS'), sums.join(''));
  yield 'SHA256SUMS';
}

function copyExecutable({ root, folder, commit }: ReleaseOptions, arch: Arch): string {
  const file = `envseal-${commit.version}-linux-${arch}`;
  copyFileSync(executableOf(root, arch), join(folder, file));
  return `${file}: ${(statSync(join(folder, file)).size / 1e6).toFixed(1)} MB`;
}

/** Returns the text. */
function writeLicenses({ folder, commit }: ReleaseOptions, { name, title, parts, notice }: Papers): string {
  const text = formatLicenses({ title: `${title} ${commit.version}`, parts, ...(notice ? { notice } : {}) });
  writeFileSync(join(folder, `envseal-${commit.version}-${name}-THIRD-PARTY-LICENSES.txt`), text);
  return text;
}

function packAll(
  { root, folder, commit: { version } }: ReleaseOptions,
  archs: readonly Arch[],
  licenses: Readonly<Record<Papers['name'], string>>,
): void {
  packFullProgram({ root, version, folder }, licenses.npm);
  for (const arch of archs) {
    const contents = { executable: executableOf(root, arch), licenses: licenses.linux };
    packExecutable({ root, version, folder }, arch, contents);
  }
}

function writeBill({ folder, commit }: ReleaseOptions, { name, title, components }: Papers): void {
  const { version } = commit;
  const ref = `envseal-${name}@${version}`;
  const component = { 'bom-ref': ref, type: 'application', name: title, version } as const;
  const bill = billOfMaterials({ component, components: components(), commit });
  writeJson(join(folder, `envseal-${version}-${name}.cdx.json`), bill);
}

/** Where `npm run build` puts it. */
export function executableOf(root: string, arch: Arch): string {
  return join(root, 'dist', arch === process.arch ? 'envseal' : `envseal-${arch}`);
}

interface Papers {
  readonly name: 'linux' | 'npm';
  readonly title: string;
  readonly parts: readonly Part[];
  readonly notice?: ReturnType<typeof executableNotice>;
  components(): Component[];
}

function linuxPapers(root: string, crates: readonly Crate[]): Papers {
  const linked = crates.filter(({ isLinked }) => isLinked);
  const packages = npmParts(root, readMetafile(root, 'host-metafile.json'));
  const quickjs = quickjsPart(crates);
  const { cc } = TARGETS[process.arch] as HostTarget;
  const [glibc, rust] = [glibcVersion(cc), rustVersion()];
  const asParts = linked.map((crate) => ({ ...crate, author: undefined }));
  return {
    name: 'linux',
    title: "envseal's executables for Linux",
    parts: [...asParts, quickjs, ...packages],
    notice: executableNotice(glibc, rust),
    components: () => [
      ...crateComponents(linked),
      otherComponent(quickjs, `pkg:github/quickjs-ng/quickjs@v${quickjs.version}`),
      otherComponent(
        { name: 'glibc', version: glibc, license: 'LGPL-2.1-or-later' },
        `pkg:generic/glibc@${glibc}`,
      ),
      otherComponent(
        { name: 'rust-std', version: rust, license: 'MIT OR Apache-2.0' },
        `pkg:generic/rust-std@${rust}`,
      ),
      ...npmComponents(root, packages),
    ],
  };
}

function npmPapers(root: string): Papers {
  const parts = npmParts(root, readMetafile(root, 'metafile.json'));
  return {
    name: 'npm',
    title: "envseal's npm package",
    parts,
    components: () => npmComponents(root, parts),
  };
}

function readMetafile(root: string, name: string): Metafile {
  return JSON.parse(readFileSync(join(root, 'dist', name), 'utf8')) as Metafile;
}

function writeJson(file: string, document: object): void {
  writeFileSync(file, `${JSON.stringify(document, null, 2)}\n`);
}
