import fc from 'fast-check';

/** What env-file readers trip over. */
const AWKWARD = [
  "'",
  '"',
  '#',
  ' #',
  '\\',
  '$',
  '`',
  '\r',
  '\n',
  '\r\n',
  ' ',
  '\t',
  '\uFEFF',
  '=',
  '\u00a0',
  '\\n',
];

/** Strings without NUL and without half surrogate pairs, half of their characters awkward. */
export function values(): fc.Arbitrary<string> {
  const character = fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).filter((c) => c !== '\0');
  return fc.string({ unit: fc.oneof(fc.constantFrom(...AWKWARD), character), maxLength: 40 });
}

export function names(): fc.Arbitrary<string> {
  return fc.oneof(
    fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,20}$/),
    fc.constantFrom('export', '__proto__', 'A', 'a'),
  );
}

export function variables(): fc.Arbitrary<Map<string, string>> {
  return fc
    .uniqueArray(fc.tuple(names(), values()), { selector: ([name]) => name })
    .map((pairs) => new Map(pairs));
}
