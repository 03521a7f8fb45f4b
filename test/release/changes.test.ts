/** Changes to finished programs: what does not look as expected fails the build. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { changesFor, unchangedOn } from '../../scripts/prepare-bun.ts';
import { checkSignature } from '../../scripts/release/mach-o.ts';
import { PLATFORMS } from '../../scripts/release/platforms.ts';
import { setInterpreter } from '../../scripts/release/portable.ts';
import { replace } from '../../scripts/release/replacement.ts';

test.each([
  ['as often as expected', 'a-b-a', { from: 'a', to: 'c', count: 2 }, 'c-b-c'],
  ['only the first', 'a-b-a', { from: 'a', to: 'c', count: 2, firstOnly: true }, 'c-b-a'],
  ['overlapping', 'aaa', { from: 'aa', to: 'bb', count: 2, firstOnly: true }, 'bba'],
] as const)('replaces text: %s', (_, before, change, after) => {
  const bytes = Buffer.from(before);
  replace(bytes, change);
  expect(bytes.toString()).toBe(after);
});

test.each([
  ['less often', { from: 'a', to: 'c', count: 3 }],
  ['more often', { from: 'a', to: 'c', count: 1 }],
  ['not at all', { from: 'x', to: 'c', count: 1 }],
  ['of another length', { from: 'a', to: 'cc', count: 2 }],
])('refuses text that is there %s, and changes nothing', (_, change) => {
  const bytes = Buffer.from('a-b-a');
  expect(() => replace(bytes, change)).toThrow(/expected/);
  expect(bytes.toString()).toBe('a-b-a');
});

test.each(PLATFORMS)('$name: every change keeps the length, or what is not changed is said', (platform) => {
  for (const { from, to } of changesFor(platform)) expect(to.length).toBe(from.length);
  expect(unchangedOn(platform).length > 0).toBe(platform.os === 'darwin');
});

const LOADER = /\/lib(?:64)?\/ld-linux-[\w-]+\.so\.\d/;

test('names another loader in a program for Linux', () => {
  const program = readFileSync('dist/envseal');
  setInterpreter(program, '/opt/envseal/ld.so');
  const start = program.subarray(0, 4096).toString('latin1');
  expect(start).toContain('/opt/envseal/ld.so\0');
  expect(start).not.toMatch(LOADER);
});

test.each([
  [
    'a longer path than there is room for',
    () => readFileSync('dist/envseal'),
    `/${'x'.repeat(40)}`,
    /has only/,
  ],
  ['a program that names none', () => Buffer.alloc(64), '/ld.so', /names no loader/],
])('refuses %s', (_, program, path, message) => {
  expect(() => setInterpreter(program(), path)).toThrow(message);
});

/** A header, one load command, `bytes` of content and a signature of all that. */
function signedProgram({ pages = 3, command = 0x1d } = {}): Buffer {
  const [pageBytes, header] = [4096, 48];
  const limit = pages * pageBytes;
  const program = Buffer.alloc(limit + 20 + 44 + pages * 32, 7);
  program.writeUInt32LE(1, 16);
  for (const [index, word] of [command, 16, limit, 0].entries()) program.writeUInt32LE(word, 32 + 4 * index);
  expect(header).toBeLessThan(pageBytes);
  program.writeUInt32BE(20, limit + 16);
  const directory = limit + 20;
  const fields = { 0: 0xfade0c02, 4: 44, 7: pages, 8: limit };
  for (const [index, word] of Object.entries(fields))
    program.writeUInt32BE(word, directory + 4 * Number(index));
  program.set([32, 2, 0, 12], directory + 36);
  for (let page = 0; page < pages; page++) {
    const bytes = program.subarray(page * pageBytes, (page + 1) * pageBytes);
    createHash('sha256')
      .update(bytes)
      .digest()
      .copy(program, directory + 44 + 32 * page);
  }
  return program;
}

test.each([
  ['nothing changed', 'fits', signedProgram()],
  ['no signature', 'absent', signedProgram({ command: 2 })],
])('a signature of a program for macOS: %s', (_, found, program) => {
  expect(checkSignature(program)).toBe(found);
});

test.each([100, 4096, 12_287])('a signature does not fit when byte %i is another', (offset) => {
  const program = signedProgram();
  program[offset] = 8;
  expect(checkSignature(program)).toBe('does not fit');
});
