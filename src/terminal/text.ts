/** Text as a terminal shows it: without control over the terminal, and with a width. */

/** Control and format characters, line separators, and halves of surrogate pairs. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;
/** Marks take the place of the character before them; but the keycap makes a picture of it. */
const MARK = /(?!\u20e3)[\p{Mn}\p{Me}]/u;
/** East Asian Wide and Fullwidth by block, and emoji. Rather too wide than too narrow: a line must not wrap. */
const WIDE =
  /[\u1100-\u115f\u231a-\u232a\u2630-\u2637\u268a-\u268f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{1d300}-\u{1d37f}\u{1f200}-\u{1f9ff}\u{20000}-\u{3fffd}]|\u20e3|\p{Extended_Pictographic}/u;
/** Asks for a picture instead of the character before it, which makes it wide. */
const PICTURE_SELECTOR = '\ufe0f';
const ELLIPSIS = '…';

/** `\n`, `\x1b`, `\u202e` and so on, in place of what would be obeyed or not be seen. */
export function makeVisible(text: string): string {
  return text.replace(INVISIBLE, (character) => {
    const code = character.codePointAt(0) as number;
    const known = { 9: '\\t', 10: '\\n', 13: '\\r' }[code];
    if (known !== undefined) return known;
    const digits = code.toString(16);
    if (code > 0xffff) return `\\u{${digits}}`;
    return code > 0xff ? `\\u${digits.padStart(4, '0')}` : `\\x${digits.padStart(2, '0')}`;
  });
}

/** Columns that a visible text takes. */
export function displayWidth(text: string): number {
  // Only the Latin ones are sure to be narrow, and nearly all text is that.
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  return Array.from(text, characterWidth).reduce((sum, width) => sum + width, 0);
}

function characterWidth(character: string): number {
  if (character === PICTURE_SELECTOR) return 1;
  if (MARK.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** The text within `width` columns: what does not fit at its end, or in its middle, becomes `…`. */
export function cutText(text: string, width: number, where: 'end' | 'middle'): string {
  if (displayWidth(text) <= width) return text;
  if (width < 1) return '';
  const characters = Array.from(text);
  const tail = where === 'end' ? '' : takeWidth(characters.toReversed(), Math.floor((width - 1) / 2), true);
  const head = takeWidth(characters, width - 1 - displayWidth(tail), false);
  return `${head}${ELLIPSIS}${tail}`;
}

/** As many of the first characters as fit; `isReversed` gives them in the order of the text. */
function takeWidth(characters: readonly string[], width: number, isReversed: boolean): string {
  let used = 0;
  let count = 0;
  for (const character of characters) {
    used += characterWidth(character);
    if (used > width) break;
    count++;
  }
  const taken = characters.slice(0, count);
  return (isReversed ? taken.reverse() : taken).join('');
}
