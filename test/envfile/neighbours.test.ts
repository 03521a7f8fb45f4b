/** Lines that docker, Compose, dotenv, Node, systemd, sh and SOPS read differently, and what ours makes of each. */
import { describe, expect, test } from 'vitest';
import { read } from './reading.ts';

const ROWS: [
  row: string,
  text: string,
  dotenv: [string, string][],
  docker: [string, string][] | 'refused',
][] = [
  ['A="b c"', 'A="b c"', [['A', 'b c']], [['A', '"b c"']]],
  ['"b\\nc"', 'A="b\\nc"', [['A', 'b\nc']], [['A', '"b\\nc"']]],
  ['"b\\"c"', 'A="b\\"c"', [['A', 'b"c']], [['A', '"b\\"c"']]],
  [`'it'"'"'s'`, `A='it'"'"'s'`, [['A', "it's"]], [['A', `'it'"'"'s'`]]],
  ['A=b # c', 'A=b # c', [['A', 'b']], [['A', 'b # c']]],
  ['A=b#c', 'A=b#c', [['A', 'b#c']], [['A', 'b#c']]],
  ['$VAR', 'A=$VAR', [['A', '$VAR']], [['A', '$VAR']]],
  ['export A=b', 'export A=b', [['A', 'b']], 'refused'],
  ['newline in quotes', 'A="b\nc"', [['A', 'b\nc']], 'refused'],
  [
    'CRLF',
    'A=b\r\nC=d\r\n',
    [
      ['A', 'b'],
      ['C', 'd'],
    ],
    [
      ['A', 'b'],
      ['C', 'd'],
    ],
  ],
  ['BOM', '\uFEFFA=b', [['A', 'b']], [['A', 'b']]],
];

describe.each(ROWS)('%s', (_, text, dotenv, docker) => {
  test('dotenv', () => expect(read(text, 'dotenv')).toEqual(dotenv));
  test('docker', () => {
    if (docker === 'refused') expect(() => read(text, 'docker')).toThrow('expected');
    else expect(read(text, 'docker')).toEqual(docker);
  });
});
