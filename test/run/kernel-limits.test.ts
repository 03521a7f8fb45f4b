import { describe, expect, test } from 'vitest';
import { EnvsealError } from '../../src/errors.ts';
import { checkKernelLimits } from '../../src/run/kernel-limits.ts';
import { cStrings } from '../../src/system/c-strings.ts';

const MIB = 1024 * 1024;
const POINTER = 8;
const RESERVE = 4096;

async function refusal(
  argv: readonly string[],
  environ: readonly string[],
  stackLimit = 8 * MIB,
): Promise<string | undefined> {
  try {
    await checkKernelLimits(cStrings(argv), cStrings(environ), stackLimit);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(EnvsealError);
    const { code, message, hint } = error as EnvsealError;
    return `${code}: ${message}; ${hint}`;
  }
}

describe('one string', () => {
  test('131,071 bytes and a NUL pass, in the environment and in the arguments', async () => {
    expect(await refusal(['x'.repeat(131_071)], [`A=${'x'.repeat(131_069)}`])).toBeUndefined();
  });

  test('one more is refused, and the error names the variable and not its value', async () => {
    expect(await refusal(['cmd'], ['B=1', `A=${'x'.repeat(131_070)}`])).toBe(
      "too_large: A is 131073 bytes with its name, over the kernel's limit of 131072; store large content in a separate file and pass its location",
    );
  });

  test.each([0, 1, 65_536, 131_069, 131_070, 131_071, 131_072, 131_073, 262_144, 400_000])(
    'wherever it stands: behind %i bytes',
    async (before) => {
      const others = (bytes: number) =>
        Array.from({ length: Math.ceil(bytes / 100_000) }, (_, i) =>
          'x'.repeat(Math.min(100_000, bytes - i * 100_000) - 1),
        );
      const long = `A=${'x'.repeat(131_069)}`;
      expect(await refusal(['cmd'], [...others(before), long, 'B=1'])).toBeUndefined();
      expect(await refusal(['cmd'], [...others(before), `${long}x`, 'B=1'])).toContain('A is 131073 bytes');
      expect(await refusal([...others(before), `${long}x`, 'B=1'], [])).toContain(
        'an argument of the command',
      );
    },
  );

  test('an argument that is too long is not shown', async () => {
    expect(await refusal(['cmd', 'x'.repeat(131_072)], [])).toBe(
      "too_large: an argument of the command is over the kernel's limit of 131072 bytes; undefined",
    );
  });

  test('an inherited name of any bytes is made printable and cut', async () => {
    expect(await refusal(['cmd'], [`A\n\x1b\xff${'x'.repeat(131_070)}`])).toMatch(
      /^too_large: A\?\?\?x{96} is 131075 bytes/,
    );
  });
});

describe('all strings together, in bytes of the stack limit', () => {
  /** Strings that take exactly this many bytes of the limit. */
  function strings(bytes: number): string[] {
    const full = Math.floor(bytes / (100_000 + POINTER)) - 1;
    const rest = bytes - full * (100_000 + POINTER);
    const halves = [Math.floor(rest / 2), Math.ceil(rest / 2)];
    return [
      ...Array.from({ length: full }, () => 'x'.repeat(99_999)),
      ...halves.map((half) => 'x'.repeat(half - POINTER - 1)),
    ];
  }

  test.each([
    [8 * MIB, 2 * MIB],
    [8 * MIB + 3, 2 * MIB],
    [MIB, MIB / 4],
    [512 * 1024, 131_072],
    [0, 131_072],
    [24 * MIB, 6 * MIB],
    [1024 * MIB, 6 * MIB],
    [Number.POSITIVE_INFINITY, 6 * MIB],
  ])('%i: a quarter of it, but at least 128 KiB and at most 6 MiB: %i', async (stackLimit, limit) => {
    const all = strings(limit - RESERVE);
    expect(await refusal([], all, stackLimit)).toBeUndefined();
    expect(await refusal(all.slice(0, 1), all.slice(1), stackLimit)).toBeUndefined();
    const problem = `too_large: arguments and environment are ${limit - RESERVE + 1} bytes, over the kernel's limit of ${limit - RESERVE};`;
    expect(await refusal([], [...all.slice(1), `${all[0]}x`], stackLimit)).toContain(problem);
  });

  test('the hint names the largest variable, which argument list or not', async () => {
    const environ = [`A=${'x'.repeat(60_000)}`, `BIG=${'x'.repeat(70_000)}`];
    const argv = ['cmd', 'x'.repeat(100_000)];
    expect(await refusal(argv, environ, MIB / 2)).toMatch(
      /; the largest variable is BIG with 70004 bytes; take fewer/,
    );
  });
});
