/** What help says, before it is text for a terminal or a manual page. Pure. */

/** A term, such as a command or a flag with its value, and what it means. */
export type Row = readonly [term: string, text: string];

export interface Section {
  readonly title?: string;
  readonly rows: readonly Row[];
}

/**
 * - `text`: a paragraph, which is wrapped.
 * - `code`: lines that are never wrapped, because people copy them.
 * - `sections`: terms with their texts, in one column for all.
 */
export type Block =
  | { readonly text: string }
  | { readonly title?: string; readonly code: readonly string[] }
  | { readonly sections: readonly Section[] };

/** A space at which no line ends, so that `(default 30)` stays together. */
export const NO_BREAK = '\u00a0';

/** A narrower terminal wraps by itself: shorter lines would not be easier to read. In columns. */
const LEAST_WIDTH = 40;
/** Longer lines are hard to follow. */
const MOST_WIDTH = 100;

const INDENT = 2;
const GAP = 2;
/** A longer term has its text in the next line. */
const LONGEST_TERM = 28;
/** Where terms leave less than this, all texts are below their terms. */
const LEAST_TEXT = 32;
const TEXT_BELOW = 6;

/** Blocks with an empty line between them, each line within `width` columns unless a word alone is longer. */
export function layOut(blocks: readonly Block[], width: number): string {
  const within = Math.min(Math.max(width, LEAST_WIDTH), MOST_WIDTH);
  const parts = blocks.map((block) => layOutBlock(block, within).join('\n'));
  return `${parts.join('\n\n').replaceAll(NO_BREAK, ' ')}\n`;
}

function layOutBlock(block: Block, width: number): string[] {
  if ('text' in block) return wrap(block.text, width);
  if ('code' in block) {
    const lines = block.code.map((line) => (line === '' ? '' : `${' '.repeat(INDENT)}${line}`));
    return block.title === undefined ? lines : [`${block.title}:`, ...lines];
  }
  const column = columnOf(block.sections, width);
  return block.sections.flatMap(({ title, rows }, at) => [
    ...(at === 0 ? [] : ['']),
    ...(title === undefined ? [] : wrap(`${title}:`, width)),
    ...rows.flatMap((row) => layOutRow(row, column, width)),
  ]);
}

/** Where the texts begin. */
function columnOf(sections: readonly Section[], width: number): number {
  const terms = sections.flatMap(({ rows }) => rows.map(([term]) => term.length));
  const column = INDENT + Math.max(0, ...terms.filter((length) => length <= LONGEST_TERM)) + GAP;
  return width - column < LEAST_TEXT ? TEXT_BELOW : column;
}

function layOutRow([term, text]: Row, column: number, width: number): string[] {
  const lines = wrap(text, width - column).map((line) => ' '.repeat(column) + line);
  const head = ' '.repeat(INDENT) + term;
  const [first = ''] = lines;
  if (head.length + GAP > column) return [head, ...lines];
  return [(head + first.slice(head.length)).trimEnd(), ...lines.slice(1)];
}

/** Only at spaces, so no word and no flag is ever broken. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
