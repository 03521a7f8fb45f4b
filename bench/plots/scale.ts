/** A logarithmic axis. */

export interface Scale {
  /** Where a positive value is, in pixels. */
  readonly at: (value: number) => number;
  /** 1, 2 and 5 times the powers of ten between the least and the most value. */
  readonly ticks: readonly number[];
}

/** @param values all positive, at least one */
export function logScale(values: readonly number[], [from, to]: readonly [number, number]): Scale {
  const [low, high] = [Math.log10(Math.min(...values)), Math.log10(Math.max(...values))];
  const span = high - low || 1;
  const at = (value: number) => from + ((Math.log10(value) - low) / span) * (to - from);
  const powers = Array.from(
    { length: Math.ceil(high) - Math.floor(low) + 1 },
    (_, i) => 10 ** (Math.floor(low) + i),
  );
  const all = powers.flatMap((power) => [1, 2, 5].map((digit) => digit * power));
  return { at, ticks: all.filter((value) => Math.log10(value) >= low && Math.log10(value) <= high) };
}
