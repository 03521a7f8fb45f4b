/** Third-party parts in the files of a release. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execaSync } from 'execa';
import type { Metafile } from '../build/node-bundle.ts';
import type { Crate } from './crates.ts';

export interface Part {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly repository: string | undefined;
  /** Who holds the copyright, where the package says so. */
  readonly author: string | undefined;
  /** Where its files are, from which the license texts are taken. */
  readonly folder: string;
}

/** The folders of the npm packages of which the bundle has a byte, from the repository. */
export function packagesIn({ outputs }: Metafile): string[] {
  const used = Object.values(outputs).flatMap(({ inputs }) =>
    Object.keys(inputs).filter((path) => inputs[path]),
  );
  const folders = used.map((path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]);
  return [...new Set(folders.filter((folder) => folder !== undefined))].sort();
}

/** Two folders may have the same package: it is one part. */
export function npmParts(root: string, metafile: Metafile): Part[] {
  const parts = packagesIn(metafile).map((path) => readPart(join(root, path)));
  return [...new Map(parts.map((part) => [`${part.name}@${part.version}`, part])).values()];
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string | { readonly type: string };
  readonly repository?: string | { readonly url: string };
  readonly author?: string | { readonly name: string };
}

/** Forms of old packages included. https://docs.npmjs.com/cli/configuring-npm/package-json */
function readPart(folder: string): Part {
  const { name, version, license, repository, author } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  ) as Manifest;
  return {
    name,
    version,
    folder,
    license: (typeof license === 'object' ? license.type : license) ?? '',
    repository: typeof repository === 'object' ? repository.url : repository,
    author: typeof author === 'object' ? author.name : author?.replace(/\s*[<(].*/, ''),
  };
}

/** What rquickjs-sys compiles, beside its own few lines. */
export function quickjsPart(crates: readonly Crate[]): Part {
  const sys = crates.find(({ name }) => name === 'rquickjs-sys');
  if (sys === undefined) throw new Error('rquickjs-sys is not among the crates');
  const folder = join(sys.folder, 'quickjs');
  const header = readFileSync(join(folder, 'quickjs.h'), 'utf8');
  const numbers = ['MAJOR', 'MINOR', 'PATCH'].map(
    (part) => new RegExp(`^#define QJS_VERSION_${part} (\\d+)$`, 'm').exec(header)?.[1],
  );
  if (numbers.includes(undefined)) throw new Error(`${folder}/quickjs.h does not say its version`);
  const repository = 'https://github.com/quickjs-ng/quickjs';
  return {
    name: 'quickjs-ng',
    version: numbers.join('.'),
    license: 'MIT',
    repository,
    author: undefined,
    folder,
  };
}

/** `2.36`: of the headers, which are of the same package as the library. */
export function glibcVersion(cc: string): string {
  const args = ['-E', '-P', '-include', 'features.h', '-'];
  const { stdout } = execaSync(cc, args, { input: '__GLIBC__.__GLIBC_MINOR__\n' });
  return (stdout.trim().split('\n').at(-1) ?? '').replaceAll(' ', '');
}

export function rustVersion(): string {
  return /^release: (.*)$/m.exec(execaSync('rustc', ['-vV']).stdout)?.[1] ?? '';
}
