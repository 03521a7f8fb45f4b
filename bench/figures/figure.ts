/** The rows of the table of figures. */
import type { Start } from '../launch.ts';
import { leastOf, type Measure, medianOf } from '../statistics.ts';

export interface Figure {
  readonly title: string;
  /** The median, with its unit. */
  readonly median?: string;
  /** What has the limit: a ratio or a difference of medians, or another figure. */
  readonly value?: string;
  /** The same of the fastest start of each. */
  readonly least?: string;
  readonly limit?: string;
  /** Whether `value` keeps to the limit. Absent without one, and where it could not be measured. */
  readonly met?: boolean;
}

export type Results = Readonly<Partial<Record<string, readonly Start[]>>>;

interface Comparison {
  readonly title: string;
  readonly results: Results;
  readonly name: string;
  readonly base: string;
  /** What `base` is, in a word or two. */
  readonly of: string;
  readonly measure?: Measure;
  readonly atMost?: number;
}

const NOT_MEASURED = 'not measured';

export function plain(title: string, results: Results, name: string): Figure {
  const starts = results[name];
  return {
    title,
    median: starts === undefined ? NOT_MEASURED : format(medianOf(starts, 'wallMs'), 'wallMs'),
  };
}

/** How many times as much as another program takes. */
export function ratio({ title, results, name, base, of, measure = 'wallMs', atMost }: Comparison): Figure {
  const [ours, theirs] = [results[name], results[base]];
  const limit = atMost === undefined ? {} : { limit: `${atMost}×` };
  if (ours === undefined || theirs === undefined) return { title, median: NOT_MEASURED, ...limit };
  const value = medianOf(ours, measure) / medianOf(theirs, measure);
  const least = leastOf(ours, measure) / leastOf(theirs, measure);
  return {
    title,
    median: format(medianOf(ours, measure), measure),
    value: `${value.toFixed(2)}× ${of}`,
    least: `${least.toFixed(2)}×`,
    ...limit,
    ...(atMost !== undefined && { met: value <= atMost }),
  };
}

/** How much more than another program takes. */
export function difference(comparison: Comparison): Figure {
  const { title, results, name, base, of, measure = 'wallMs', atMost = 0 } = comparison;
  const [ours, theirs] = [results[name], results[base]];
  const limit = `${format(atMost, measure)} more`;
  if (ours === undefined || theirs === undefined) return { title, median: NOT_MEASURED, limit };
  const value = medianOf(ours, measure) - medianOf(theirs, measure);
  const least = leastOf(ours, measure) - leastOf(theirs, measure);
  return {
    title,
    median: format(medianOf(ours, measure), measure),
    value: `${format(value, measure)} more than ${of}`,
    least: format(least, measure),
    limit,
    met: value <= atMost,
  };
}

/** A figure with a limit of its own. */
export function bounded(title: string, value: number, atMost: number, unit: string, digits = 1): Figure {
  return {
    title,
    value: `${value.toFixed(digits)} ${unit}`.trim(),
    limit: `${atMost} ${unit}`.trim(),
    met: value <= atMost,
  };
}

export function unmeasured(title: string, why: string, limit: string): Figure {
  return { title, value: `not measured: ${why}`, limit };
}

function format(value: number, measure: Measure): string {
  return measure === 'peakMiB' ? `${value.toFixed(1)} MiB` : `${value.toFixed(2)} ms`;
}

export function markdown(figures: readonly Figure[]): string {
  const rows = figures.map(({ title, median = '', value = '', least = '', limit = '', met }) => [
    title,
    median,
    value,
    least,
    limit,
    met === undefined ? '' : met ? 'yes' : '**no**',
  ]);
  const head = ['', 'median', '', 'fastest of each', 'at most', 'met'];
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
