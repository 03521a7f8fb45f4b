/** What of the platform needs no host, in Node and against Node's own. */
import type fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { AbortController, AbortSignal } from '../../src/platform/abort.ts';
import { Event, EventTarget } from '../../src/platform/events.ts';
import { Headers } from '../../src/platform/http/headers.ts';
import { abortCalls, eventCalls, headerCalls } from './calls.ts';
import { perform } from './operations.ts';
import { type Call, sample } from './same-as-node.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

const OURS = { AbortController, AbortSignal, Event, EventTarget, Headers };

test.for([
  ['headers', headerCalls],
  ['aborts', abortCalls],
  ['events', eventCalls],
] as [string, fc.Arbitrary<Call>][])('%s are those of Node', async ([, calls]) => {
  const all = sample(calls, 500);
  const expected = await Promise.all(all.map(perform));

  for (const [name, value] of Object.entries(OURS)) vi.stubGlobal(name, value);
  const actual = await Promise.all(all.map(perform));

  expect(JSON.stringify(actual)).toBe(JSON.stringify(expected));
});

test('a signal is made by a controller alone', () => {
  expect(() => new AbortSignal()).toThrow(TypeError);
  expect(() => AbortSignal.timeout(-1)).toThrow(RangeError);
  expect(AbortSignal.any([]).aborted).toBe(false);
});
