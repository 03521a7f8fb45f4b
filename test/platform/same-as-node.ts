/** Operations that fast-check makes, done by Node and by the host. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { HostProgram } from './host-program.ts';
import { type Json, perform } from './operations.ts';

export type Call = readonly [string, ...Json[]];

/** In one process: a test of thousands of cases would else be thousands of starts. */
export async function expectSame(host: HostProgram, calls: readonly Call[]): Promise<void> {
  const actual = host.perform(calls);
  const different: Json[] = [];
  for (const [at, call] of calls.entries()) {
    // What JSON cannot say is the same nothing on both sides.
    const expected = JSON.stringify(await perform(call));
    if (JSON.stringify(actual[at]) !== expected)
      different.push({ call, actual: actual[at] as Json, expected });
  }
  expect(different.slice(0, 3)).toEqual([]);
}

/** Makes the cases the same each time, so that a run does not depend on luck. Another seed makes others. */
const seed = Number(process.env.PLATFORM_SEED ?? 1);

export function sample<T>(cases: fc.Arbitrary<T>, numRuns: number): T[] {
  return fc.sample(cases, { seed, numRuns });
}

export function expectSameOf(host: HostProgram, calls: fc.Arbitrary<Call>, count: number): Promise<void> {
  return expectSame(host, sample(calls, count));
}

export const hex = (constraints?: fc.IntArrayConstraints) =>
  fc.uint8Array(constraints).map((bytes) => Buffer.from(bytes).toString('hex'));

/** With halves of a pair, and characters at the bounds of every length. */
export const anyText = fc.oneof(
  fc.string({ unit: 'grapheme-ascii' }),
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom(
      'a',
      '\0',
      '\x7f',
      '\x80',
      'ÿ',
      'Ā',
      '߿',
      'ࠀ',
      '\uD7FF',
      '\uD800',
      '\uDC00',
      '\uE000',
      '\uFEFF',
      '\uFFFD',
      '\uFFFF',
      '𝒳',
      '\u{10FFFF}',
    ),
  }),
);
