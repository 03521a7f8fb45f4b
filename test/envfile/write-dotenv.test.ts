import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { format } from '../../src/envfile/write-dotenv.ts';
import { errorOf, read } from './reading.ts';
import { values } from './values.ts';

describe('each value gets the plainest form that holds it', () => {
  test.each([
    ['', 'A=\n'],
    ['b', 'A=b\n'],
    ['https://u@h:1/p?', "A='https://u@h:1/p?'\n"],
    ['aB9_.,:/@%+=-', 'A=aB9_.,:/@%+=-\n'],
    ['b c', "A='b c'\n"],
    [' ', "A=' '\n"],
    ['#', "A='#'\n"],
    ['~', "A='~'\n"],
    ['$B', "A='$B'\n"],
    ['`id`', "A='`id`'\n"],
    ['\\', "A='\\'\n"],
    ['"', `A='"'\n`],
    ['é', "A='é'\n"],
    ['\uFEFF', "A='\uFEFF'\n"],
    ['b\nc', "A='b\nc'\n"],
    ["it's", `A="it's"\n`],
    ['\'$B\\"\n', `A="'\\$B\\\\\\"\n"\n`],
    ['b\r\nc', 'A="b\\r\nc"\n'],
    ["'`", `A=''"'"'\`'\n`],
    ["`'\r'`", `A='\`'"'\\r'"'\`'\n`],
  ])('%j is written %j', (value, text) => {
    expect(format([['A', value]])).toBe(text);
    expect(read(text)).toEqual([['A', value]]);
  });

  test('every character is read back, alone and doubled', () => {
    const characters = Array.from({ length: 0x250 }, (_, code) => String.fromCharCode(code + 1));
    const entries = [...characters, '\u2028', '\uFEFF', '\uFFFD', '🦊'].flatMap((c) => [c, c + c, `b${c}c`]);
    const pairs = entries.map((value, i): [string, string] => [`V${i}`, value]);
    expect(read(format(pairs))).toEqual(pairs);
  });

  test('entries are written in order, duplicates too; none is an empty text', () => {
    expect(
      format([
        ['B', '1'],
        ['A', '2'],
        ['B', '3'],
      ]),
    ).toBe('B=1\nA=2\nB=3\n');
    expect(format(new Map())).toBe('');
  });

  test('no written text has a CR in it, so no editor or git changes a value', () => {
    fc.assert(fc.property(values(), (value) => !format([['A', value]]).includes('\r')));
  });
});

describe('what cannot be written is refused', () => {
  test.each([
    ['a value with NUL', 'A', 'b\0', 'a value without NUL'],
    ['an unpaired surrogate', 'A', '\ud83e', 'a value without unpaired surrogates'],
    ['a bad name', 'A B', 'b', 'a name: a letter or _ first, then letters, digits, _, . or -'],
    ['no name', '', 'b', 'a name: a letter or _ first, then letters, digits, _, . or -'],
    [
      'a name that would add a line',
      'A=b\nC',
      'd',
      'a name: a letter or _ first, then letters, digits, _, . or -',
    ],
  ])('%s', (_, name, value, expected) => {
    const error = errorOf(() =>
      format([
        ['OK', ''],
        [name, value],
      ]),
    );
    expect(error?.code).toBe('malformed');
    expect(error?.message).toBe(`cannot write variable 2 of the env file: expected ${expected}`);
  });
});

test('sh reads the same, unless there is a CR, and runs nothing', () => {
  const samples = fc.sample(values(), { numRuns: 300, seed: 1 }).filter((value) => !value.includes('\r'));
  const wanted = [
    ...samples,
    "'`touch /nowhere`",
    "'$(id)",
    '`id`',
    "'\\`",
    '~',
    '~:~',
    '*',
    'a;id',
    'it\'s "$A" \\',
  ];
  const names = wanted.map((_, i) => `V${i}`);
  const text = format(wanted.map((value, i) => [`V${i}`, value]));
  const script = `${text}printf '%s\\0' ${names.map((name) => `"$${name}"`).join(' ')}\n`;
  const output = execFileSync('sh', { input: script, env: { HOME: '/root', LC_ALL: 'C.UTF-8' } }).toString();
  expect(output.split('\0').slice(0, -1)).toEqual(wanted);
});
