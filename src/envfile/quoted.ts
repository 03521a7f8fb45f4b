import { type Cursor, malformed } from './cursor.ts';

/**
 * What may stand after a backslash between double quotes, and what the two mean. Any other backslash is a backslash:
 * `"\d"` is two characters, and so is a backslash at the end of a line.
 */
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\', '"': '"', $: '$' };

/** Takes the quoted pieces that stand at the cursor without a gap, and joins them as sh does: `'it'"'"'s'` is `it's`. */
export function takeQuoted(cursor: Cursor): string {
  let value = '';
  for (;;) {
    const quote = cursor.text[cursor.at];
    if (quote === "'") value += takePiece(cursor, singleQuotedEnd);
    else if (quote === '"') value += readEscapes(takePiece(cursor, doubleQuotedEnd));
    else return value;
  }
}

/** Takes one piece, and gives what is between its quotes. An error points to the quote that opens it. */
function takePiece(cursor: Cursor, pieceEnd: (text: string, start: number) => number): string {
  const { text, at } = cursor;
  const end = pieceEnd(text, at + 1);
  if (end === -1) throw malformed(cursor, at, 'a closing quote for the one that opens here');
  const piece = text.slice(at + 1, end);
  for (let lf = piece.indexOf('\n'); lf !== -1; lf = piece.indexOf('\n', lf + 1)) cursor.line += 1;
  cursor.at = end + 1;
  return piece;
}

function singleQuotedEnd(text: string, start: number): number {
  return text.indexOf("'", start);
}

/**
 * Where the `"` is that closes: the first without an odd number of backslashes before it; -1 when there is none.
 * `start` is directly behind the `"` that opens.
 */
export function doubleQuotedEnd(text: string, start: number): number {
  for (let quote = text.indexOf('"', start); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let backslash = quote;
    while (text[backslash - 1] === '\\') backslash -= 1;
    if ((quote - backslash) % 2 === 0) return quote;
  }
  return -1;
}

function readEscapes(piece: string): string {
  if (!piece.includes('\\')) return piece;
  return piece.replace(/\\([nrt\\"$])/g, (_, escaped: string) => ESCAPES[escaped] ?? escaped);
}
