import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { report, reportSignal } from '../../src/cli/report.ts';
import { EnvsealError } from '../../src/errors.ts';

const CANARY = 'xQ7Zj0Kw9Vb3Gy';
const INTERNAL = [
  'envseal: error: internal error',
  'envseal: hint: this is a bug: report it with the version and the command, without any values',
  '',
].join('\n');

describe('an error of ours', () => {
  const withHint = new EnvsealError('wrong_key', 'it is sealed with b', {
    hint: 'add b',
    cause: new Error(CANARY),
  });
  const without = new EnvsealError('usage', 'no');

  test('is two lines, or one', () => {
    expect(report(withHint, 'text')).toEqual({
      text: 'envseal: error: it is sealed with b\nenvseal: hint: add b\n',
      exitStatus: 65,
    });
    expect(report(without, 'text')).toEqual({ text: 'envseal: error: no\n', exitStatus: 64 });
  });

  test('is one line of JSON', () => {
    expect(report(withHint, 'json')).toEqual({
      text: '{"level":"error","code":"wrong_key","message":"it is sealed with b","hint":"add b","exitStatus":65}\n',
      exitStatus: 65,
    });
    expect(report(without, 'json').text).toBe(
      '{"level":"error","code":"usage","message":"no","exitStatus":64}\n',
    );
  });
});

test('a signal', () => {
  const message = 'ended by SIGTERM before the command was started';
  expect(reportSignal('SIGTERM', { number: 15, isStart: true }, 'text')).toEqual({
    text: `envseal: error: ${message}\n`,
    exitStatus: 143,
  });
  expect(reportSignal('SIGTERM', { number: 15, isStart: false }, 'text').text).toBe(
    'envseal: error: ended by SIGTERM\n',
  );
  expect(reportSignal('SIGTERM', { number: 15, isStart: true }, 'json')).toEqual({
    text: `{"level":"error","code":"signal","message":"${message}","exitStatus":143}\n`,
    exitStatus: 143,
  });
});

describe('what is not an error of ours is not quoted', () => {
  const withProperties = Object.assign(new Error(CANARY, { cause: CANARY }), { input: CANARY, code: CANARY });
  const hostile = Object.create(EnvsealError.prototype, { message: { value: CANARY } });
  const throwing = {
    get message() {
      throw new Error(CANARY);
    },
    toString() {
      throw new Error(CANARY);
    },
  };
  const all = [
    withProperties,
    new TypeError(CANARY),
    CANARY,
    { message: CANARY, code: 'usage' },
    throwing,
    null,
    undefined,
  ];
  test.each(all.map((error, index) => [index, error] as const))('%i', (_, error) => {
    expect(report(error, 'text')).toEqual({ text: INTERNAL, exitStatus: 70 });
    const { text, exitStatus } = report(error, 'json');
    expect(JSON.parse(text)).toMatchObject({ level: 'error', code: 'internal', exitStatus: 70 });
    expect([text.includes(CANARY), exitStatus]).toEqual([false, 70]);
  });

  test('its cause neither', () => {
    expect(hostile).toBeInstanceOf(EnvsealError);
    const ours = new EnvsealError('internal', 'm', { cause: withProperties });
    for (const format of ['text', 'json'] as const) expect(report(ours, format).text).not.toContain(CANARY);
  });
});

describe('whatever the message and the hint', () => {
  const anything = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...'\0\n\r\x1b\x7f\x85\x9b\xad\u2028\u2029\u202e\ufeffa') }),
  );
  /** What ends a line or moves a terminal's cursor, or the reader's eye. */
  const control = /[\p{Cc}\p{Cf}\u2028\u2029]/u;

  test('the text is two lines without control characters', () => {
    fc.assert(
      fc.property(anything, anything, (message, hint) => {
        const { text } = report(new EnvsealError('usage', message, { hint }), 'text');
        const [error, second, ...rest] = text.split('\n');
        expect(error).toMatch(/^envseal: error: /);
        expect(second).toMatch(/^envseal: hint: /);
        expect(rest).toEqual(['']);
        expect(`${error}${second}`).not.toMatch(control);
      }),
    );
  });

  test('the JSON is one line with the same fields', () => {
    fc.assert(
      fc.property(anything, anything, (message, hint) => {
        const { text } = report(new EnvsealError('usage', message, { hint }), 'json');
        expect(text.slice(0, -1)).not.toMatch(control);
        const parsed = JSON.parse(text);
        expect(Object.keys(parsed)).toEqual(['level', 'code', 'message', 'hint', 'exitStatus']);
        expect([parsed.level, parsed.code, parsed.exitStatus]).toEqual(['error', 'usage', 64]);
      }),
    );
  });
});
