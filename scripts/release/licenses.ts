/** The license texts of what is in the files of a release. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Part } from './components.ts';
import { sha256 } from './digest.ts';

const standard = fileURLToPath(new URL('../../docker/licenses/', import.meta.url));
const apache = fileURLToPath(new URL('../../LICENSE', import.meta.url));

/** Also in folders below: some crates hold code of others. What is for tests is in no file of ours. */
const TEXTS = '**/{LICENSE,LICENCE,License,license,COPYING,NOTICE,COPYRIGHT,UNLICENSE}*';
const NOT_TEXTS =
  /(^|\/)(node_modules|tests?|examples|docs|benches|quickjs|wasm-shim)\/|\.(?:[jt]sx?|mjs|cjs|rs|json|map)$/;

export interface LicenseTexts {
  readonly title: string;
  readonly parts: readonly Part[];
  readonly notice?: Notice;
}

/** About what no package manager knows. */
export interface Notice {
  readonly text: string;
  /** Titles and texts. */
  readonly sections: readonly (readonly [string, string])[];
}

/** The document. Throws where no text for a part can be found. */
export function formatLicenses({ title, parts, notice }: LicenseTexts): string {
  const holders = new Map<string, { readonly text: string; readonly names: string[] }>();
  for (const part of parts) {
    for (const text of textsOf(part, parts)) {
      const { names } = holders.get(sha256(text)) ?? {};
      if (names === undefined) holders.set(sha256(text), { text, names: [nameOf(part)] });
      else if (!names.includes(nameOf(part))) names.push(nameOf(part));
    }
  }
  const list = parts.map((part) => `    ${nameOf(part)}: ${part.license}\n`).join('');
  const sections = [
    ...(notice?.sections ?? []),
    ...Array.from(holders.values(), ({ text, names }) => [names.join(', '), text] as const),
  ];
  const intro = 'envseal itself is under the Apache License 2.0. It holds these crates and npm packages:';
  const ownNotice = notice === undefined ? '' : `\n${notice.text}`;
  return `${title}\n\n${intro}\n\n${list}${ownNotice}${sections.map(formatSection).join('')}`;
}

/** The notice for the executables for Linux. */
export function executableNotice(glibc: string, rust: string): Notice {
  return {
    text: readStandard('NOTICE').replace('@GLIBC@', glibc).replace('@RUST@', rust),
    sections: [
      ['the GNU C Library: its notices', readStandard('glibc')],
      ['the GNU C Library: its license', readStandard('LGPL-2.1')],
      ['the standard library of Rust', mitOf('The Rust Project Developers')],
      ['the standard library of Rust: its Unicode tables', readStandard('Unicode-3.0')],
    ],
  };
}

function nameOf({ name, version }: Part): string {
  return `${name} ${version}`;
}

function formatSection([title, text]: readonly [string, string]): string {
  return `\n${'-'.repeat(78)}\n${title}\n\n${text.trimEnd()}\n`;
}

/** Its own, those of another package of the same repository, or the standard text with the author's name. */
function textsOf(part: Part, parts: readonly Part[]): string[] {
  const own = textsIn(part.folder);
  if (hasText(part)) return own;
  const sibling = parts.find((other) => sameRepository(other, part) && hasText(other));
  if (sibling !== undefined) return [...textsIn(sibling.folder), ...own];
  if (/\bApache-2\.0\b/.test(part.license)) return [readFileSync(apache, 'utf8'), ...own];
  if (part.license === 'MIT' && part.author) return [mitOf(part.author), ...own];
  throw new Error(`no license text for ${nameOf(part)}, ${part.license}`);
}

/** What is deeper is about code of others. */
function hasText({ folder }: Part): boolean {
  return globSync(TEXTS.replace('**/', ''), { cwd: folder }).some((name) => !NOT_TEXTS.test(name));
}

function sameRepository(a: Part, b: Part): boolean {
  const bare = (url = '') => url.replace(/^(?:git\+)?https?:\/\/|^git:\/\//, '').replace(/\.git$/, '');
  return a.repository !== undefined && bare(a.repository) === bare(b.repository);
}

function textsIn(folder: string): string[] {
  return globSync(TEXTS, { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !NOT_TEXTS.test(path.slice(folder.length + 1)))
    .sort()
    .map((path) => readFileSync(path, 'utf8'));
}

function mitOf(author: string): string {
  return readStandard('MIT').replace(/^Copyright.*$/m, `Copyright (c) ${author}`);
}

function readStandard(name: string): string {
  return readFileSync(join(standard, `${name}.txt`), 'utf8');
}
