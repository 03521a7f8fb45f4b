import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from '../../src/envfile/parse.ts';
import { readPlainFile } from '../../src/envfile/plain-file.ts';
import type { AssignmentLists } from '../../src/secret-map.ts';

const BOM = '\uFEFF';

const read = (text: string, unless: readonly string[] = []) =>
  readPlainFile(new TextEncoder().encode(text), unless);

/** What a file of plain lines has to be: what the parser makes of it. */
function byParser(text: string): AssignmentLists {
  const entries = parse(new TextEncoder().encode(text), { dialect: 'dotenv', source: 's3://b/k' });
  return {
    names: entries.map(({ name }) => name),
    assignments: entries.map(({ name, value }) => `${name}=${value.reveal()}`),
  };
}

describe('a file of plain lines', () => {
  it('gives each name with its assignment', () => {
    expect(read('# c\n\nA=1\nB.c-9=x y=z$`\\"\nA=ä\u{10000}\nC=')).toEqual({
      names: ['A', 'B.c-9', 'A', 'C'],
      assignments: ['A=1', 'B.c-9=x y=z$`\\"', 'A=ä\u{10000}', 'C='],
    });
  });

  it.each(["A='1'", 'A= 1', 'A=1 ', 'A=1\r', '# c\r', ' # c', 'export A=1', 'A', 'A=1 # c', '=1', '\t'])(
    'is none with the line %j',
    (line) => expect(read(`B=1\n${line}\n`)).toBeUndefined(),
  );

  // A NUL would end the variable in the command's environment, and what follows would be another one, of any name.
  it.each(['A=1\0LD_PRELOAD=/x', '#\0', 'A=\uFFFD', '# \uFFFD', `${BOM}A=1`])(
    'is left to the parser with %j, which refuses it or looks at the bytes',
    (line) => expect(read(`B=1\n${line}\n`)).toBeUndefined(),
  );

  it('is none with bytes that are not UTF-8', () => {
    expect(readPlainFile(Uint8Array.of(0x41, 0x3d, 0xff), [])).toBeUndefined();
  });

  it('is none with one of the words, wherever it stands', () => {
    expect(read('A=1\n# by sops\n', ['ENC[', 'sops'])).toBeUndefined();
    expect(read('A=1\n', ['ENC[', 'sops'])).toEqual({ names: ['A'], assignments: ['A=1'] });
  });

  it('is what the parser makes of it', () => {
    const pieces = [
      'A',
      'b',
      '=',
      '\n',
      '#',
      ' ',
      '\t',
      "'",
      '"',
      '\\',
      '\r',
      '\0',
      '\uFFFD',
      BOM,
      'ä',
      '1',
      '.',
    ];
    const text = fc.array(fc.constantFrom(...pieces, 'A=', '\nB='), { maxLength: 12 });
    fc.assert(
      fc.property(text, (all) => {
        const found = read(all.join(''));
        if (found !== undefined) expect(found).toEqual(byParser(all.join('')));
      }),
      { numRuns: 5000 },
    );
  });
});
