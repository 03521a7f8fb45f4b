import type { Cursor } from './cursor.ts';
import { plainLines } from './plain-lines.ts';

/** With the cursor at the line's start; the indices are in the text. */
export type TakePlainLine = (nameEnd: number, end: number) => void;

/**
 * Goes through a file's lines. Nearly all of them are plain, and found all at once.
 *
 * @param takeOther takes what begins at the cursor, one line or several, and moves the cursor behind it
 */
export function takeEachLine(cursor: Cursor, takePlain: TakePlainLine, takeOther: () => void): void {
  const { text } = cursor;
  const plain = plainLines(text);
  let next = 0;
  while (cursor.at < text.length) {
    const { at } = cursor;
    // Inside quotes a line can look plain.
    while ((plain[next] as number) < at) next += 3;
    if (plain[next] === at) {
      const end = plain[next + 2] as number;
      takePlain(plain[next + 1] as number, end);
      cursor.at = end + 1;
      cursor.line += 1;
    } else takeOther();
  }
}
