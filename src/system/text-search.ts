/** Whether text holds no control characters but white space, and nothing that was not UTF-8. */
export function isText(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  return !/[\0-\x08\x0e-\x1f\ufffd]/.test(text);
}
