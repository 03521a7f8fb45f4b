/** Keeps a run in bench/README.md, between two markers. */
import { readFileSync, writeFileSync } from 'node:fs';
import { ROOT } from './paths.ts';

const README = `${ROOT}bench/README.md`;

/** Throws where the README has no such markers. */
export function keep(name: string, content: string): void {
  const text = readFileSync(README, 'utf8');
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`bench/README.md has no ${begin} … ${end}`);
  writeFileSync(README, `${text.slice(0, from)}${begin}\n${content}\n${text.slice(to)}`);
}
