/** A literal: an expression that is made of a string is compiled at every startup. */
const NAME_HERE = /[A-Za-z_][A-Za-z0-9_.-]*/y;

/** Variable names, in every dialect. ASCII only, so a name is safe to print and to put into an event. */
export const NAME_PATTERN = NAME_HERE.source;

/** The pattern in words, for error messages. */
export const NAME_IN_WORDS = 'a name: a letter or _ first, then letters, digits, _, . or -';

/** Where the name that starts at `start` ends; `start` itself when none starts there. */
export function nameEnd(text: string, start: number): number {
  NAME_HERE.lastIndex = start;
  return NAME_HERE.test(text) ? NAME_HERE.lastIndex : start;
}

export function isName(text: string): boolean {
  return text !== '' && nameEnd(text, 0) === text.length;
}
