/** Searches in the whole of a long text. The host has functions of its own for them, because QuickJS takes its time. */

/** Whether text holds no control characters but white space, and nothing that was not UTF-8. */
export function isText(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  return !/[\0-\x08\x0e-\x1f\ufffd]/.test(text);
}

/** Whether one of the parts, which have whole surrogate pairs, is in it. */
export function includesAny(text: string, parts: readonly string[]): boolean {
  return parts.some((part) => text.includes(part));
}

/** The first place of a part that has whole surrogate pairs, in UTF-16 units; -1 for none. */
export function indexOf(text: string, part: string): number {
  return text.indexOf(part);
}
