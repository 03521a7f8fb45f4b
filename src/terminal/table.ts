/** Aligned columns that fit the terminal. In a pipe nothing is ever cut, because a program may read it. */
import { cutText, displayWidth, makeVisible } from './text.ts';

/** `undefined` is an empty cell. */
export type Cell = string | number | undefined;

/** How a column gives way: `middle` keeps both ends, and `last` is cut only when all others are at their least. */
export type Cut = 'end' | 'middle' | 'last';

export interface Column {
  readonly title: string;
  /** Otherwise inferred from the cells: numbers are `last`, URIs and ARNs `middle`. */
  readonly cut?: Cut;
}

export interface TableOptions {
  /** Columns of the terminal; `undefined` where nothing needs to fit. */
  readonly width: number | undefined;
  readonly colour: boolean;
}

interface Layout {
  readonly texts: readonly string[];
  readonly cut: Cut;
  readonly isNumeric: boolean;
  readonly isLast: boolean;
  width: number;
}

const GAP = '  ';
/** Below this a cut text says nothing, in columns. Only a terminal that leaves no choice goes further. */
const LEAST_WIDTH = 6;
const BOLD = '\u001b[1m';
const PLAIN = '\u001b[0m';
/** A version is of use only when it can be copied whole. */
const UNCUT_TITLE = /^version$/i;

/** One line for the head and one for each row, each with its line feed and none longer than `width`. */
export function formatTable(
  head: readonly (string | Column)[],
  rows: readonly (readonly Cell[])[],
  { width, colour }: TableOptions,
): string {
  const columns = head.map((column, at) =>
    layOut(
      typeof column === 'string' ? { title: column } : column,
      rows.map((row) => row[at]),
      at === head.length - 1,
    ),
  );
  if (width !== undefined) shrink(columns, width - GAP.length * (columns.length - 1));
  const lines = ['head', ...rows].map((_, row) => {
    const line = columns.map((column) => formatCell(column, row)).join(GAP);
    return (width === undefined ? line : cutText(line, width, 'end')).trimEnd();
  });
  if (colour) lines[0] = `${BOLD}${lines[0]}${PLAIN}`;
  return lines.map((line) => `${line}\n`).join('');
}

function layOut(column: Column, cells: readonly Cell[], isLast: boolean): Layout {
  const texts = [column.title, ...cells.map((cell) => String(cell ?? ''))].map(makeVisible);
  const given = cells.filter((cell) => cell !== undefined);
  const isNumeric = given.length > 0 && given.every((cell) => typeof cell === 'number');
  const cut = column.cut ?? (isNumeric || UNCUT_TITLE.test(column.title) ? 'last' : usualCut(texts));
  return { texts, cut, isNumeric, isLast, width: Math.max(...texts.map(displayWidth)) };
}

/** In a URI the bucket and the file's name matter, in an ARN the service and the key's id. */
function usualCut(texts: readonly string[]): Cut {
  return texts.some((text) => text.includes('://') || text.startsWith('arn:')) ? 'middle' : 'end';
}

/** The widest give way first. */
function shrink(columns: readonly Layout[], available: number): void {
  const willing = columns.filter(({ cut }) => cut !== 'last');
  let excess = columns.reduce((sum, { width }) => sum + width, 0) - available;
  for (const [among, least] of [
    [willing, LEAST_WIDTH],
    [columns, LEAST_WIDTH],
    [columns, 1],
  ] as const) {
    for (; excess > 0; excess--) {
      const widest = among.toSorted((a, b) => b.width - a.width)[0];
      if (widest === undefined || widest.width <= least) break;
      widest.width--;
    }
  }
}

function formatCell({ texts, cut, width, isNumeric, isLast }: Layout, row: number): string {
  const text = cutText(texts[row] as string, width, cut === 'end' ? 'end' : 'middle');
  const padding = ' '.repeat(width - displayWidth(text));
  if (isNumeric) return padding + text;
  return isLast ? text : text + padding;
}
