/** Statistics over many runs of the same program. */
import type { Start } from './launch.ts';

/** Throws for none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error('no values');
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

export type Measure = 'wallMs' | 'cpuMs' | 'peakMiB';

export function medianOf(starts: readonly Start[], measure: Measure): number {
  return median(starts.map((start) => start[measure]));
}

/** What disturbs a start only adds to it, so the least of many is the steadiest figure. */
export function leastOf(starts: readonly Start[], measure: Measure): number {
  return Math.min(...starts.map((start) => start[measure]));
}

/** The first status that is not 0. */
export function failureIn(starts: readonly Start[]): number | undefined {
  return starts.find(({ status }) => status !== 0)?.status;
}
