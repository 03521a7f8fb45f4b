/** The parameters that are varied, one at a time; everything else is as in a plain startup over TLS. */
import type { Limit } from '../cgroup.ts';
import type { Faults } from '../clouds.ts';
import { VARIABLE_COUNTS } from '../objects.ts';

export interface Point {
  readonly variables?: number;
  readonly sources?: number;
  readonly atOnce?: number;
  readonly faults?: Faults;
  readonly limit?: Limit;
}

export interface Sweep {
  /** Also the name of its plot's file. */
  readonly name: string;
  readonly title: string;
  readonly points: readonly number[];
  readonly at: (x: number) => Point;
}

export const SWEEPS: readonly Sweep[] = [
  {
    name: 'variables',
    title: 'variables of 100 bytes',
    points: VARIABLE_COUNTS,
    at: (variables) => ({ variables }),
  },
  { name: 'sources', title: 'sources', points: [1, 5, 10, 20, 50], at: (sources) => ({ sources }) },
  { name: 'at-once', title: 'starts at once', points: [1, 10, 50, 200, 500], at: (atOnce) => ({ atOnce }) },
  {
    name: 'delay',
    title: 'ms before each answer',
    points: [0, 10, 30, 100],
    at: (delayMs) => ({ faults: { delayMs } }),
  },
  {
    name: 'cpu',
    title: 'millicores',
    points: [100, 250, 500, 1000],
    at: (millicores) => ({ limit: { cpus: millicores / 1000 } }),
  },
];
