/** The Markdown pages of the repository, and what is in them. */
import { globSync, readFileSync } from 'node:fs';

/** All the pages that people read here, without what is built or installed. */
export const PAGES: readonly string[] = globSync([
  '*.md',
  'docs/**/*.md',
  'examples/**/*.md',
  'bench/*.md',
  'host/*.md',
  'test/**/*.md',
]).toSorted();

/** The pages for users. */
export const USER_PAGES: readonly string[] = PAGES.filter(
  (path) => path === 'README.md' || /^docs\/(?!decisions\/|architecture|glossary|host)/.test(path),
);

export function read(path: string): string {
  return readFileSync(path, 'utf8');
}

export interface Block {
  readonly language: string;
  readonly text: string;
}

/** Fenced blocks, also those in lists, without the indentation of their fence. */
export function blocksOf(page: string): Block[] {
  const pattern = /^( *)```(\w*)\n(.*?)^\1```$/gms;
  return Array.from(read(page).matchAll(pattern), ([, indent = '', language = '', text = '']) => ({
    language,
    text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  }));
}

/** The text without fenced blocks. */
export function proseOf(page: string): string {
  return read(page).replaceAll(/^( *)```\w*\n.*?^\1```$/gms, '');
}

/** The part below a heading, until the next one of that depth or less. */
export function sectionOf(page: string, heading: string): string {
  const lines = read(page).split('\n');
  const at = lines.findIndex((line) => line.replace(/^#+ /, '') === heading && line.startsWith('#'));
  if (at < 0) throw new Error(`${page} has no heading ${heading}`);
  const depth = lines[at]?.indexOf(' ') ?? 0;
  const rest = lines.slice(at + 1);
  const end = rest.findIndex((line) => /^#+ /.test(line) && line.indexOf(' ') <= depth);
  return rest.slice(0, end < 0 ? undefined : end).join('\n');
}

/** Lines of the tables in a text; `first` is how a table's own first line starts. */
export function tablesIn(text: string, first = '|'): string[] {
  const tables = text
    .trim()
    .split('\n\n')
    .filter((block) => block.startsWith(first));
  return tables.flatMap((block) => block.split('\n').filter((line) => line.startsWith('|')));
}

/** The anchors that GitHub gives to the headings. */
export function anchorsOf(page: string): string[] {
  return Array.from(proseOf(page).matchAll(/^#+ (.*)$/gm), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
}
