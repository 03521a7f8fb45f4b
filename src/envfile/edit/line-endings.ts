export interface LineEnding {
  /** The line that it ends, from 1. */
  readonly line: number;
  readonly isCrlf: boolean;
}

interface Span {
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** The line endings of a file in order, without those inside `values`: these belong to a value. */
export function findLineEndings(text: string, values: readonly Span[]): LineEnding[] {
  const endings: LineEnding[] = [];
  let [line, next] = [1, 0];
  for (let lf = text.indexOf('\n'); lf !== -1; lf = text.indexOf('\n', lf + 1)) {
    while (lf >= (values[next]?.valueEnd ?? Infinity)) next += 1;
    if (lf < (values[next]?.valueStart ?? Infinity)) endings.push({ line, isCrlf: text[lf - 1] === '\r' });
    line += 1;
  }
  return endings;
}

/** What most lines end with: what a new line should. */
export function usualLineEnding(endings: readonly LineEnding[]): '\n' | '\r\n' {
  return endings.filter(({ isCrlf }) => isCrlf).length * 2 > endings.length ? '\r\n' : '\n';
}
