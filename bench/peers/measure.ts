/** Measures the peers: one loop for all of them, in turns. */
import { cpus } from 'node:os';
import { makeGroup } from '../cgroup.ts';
import type { Counts } from '../clouds.ts';
import { type Resident, residentOf } from '../figures/resident.ts';
import { type Case, type Start, type Turns, whyItFails } from '../launch.ts';
import { failureIn, medianOf } from '../statistics.ts';
import { COMMAND, type Workbench } from '../workbench.ts';
import { peerEnvironment } from './environment.ts';
import type { Found, Peer } from './peer.ts';
import type { Point, Sweep } from './sweeps.ts';

export interface Competitor {
  readonly peer: Peer;
  readonly found: Found;
}

export interface Measured {
  readonly competitor: Competitor;
  /** Absent where it cannot speak HTTP to a given address. */
  readonly http: readonly Start[] | undefined;
  readonly tls: readonly Start[];
  /** Counted in one startup over TLS. */
  readonly counts: Counts;
  readonly resident: Resident | undefined;
}

/** One line of a sweep: wall time in ms by x. */
export interface Line {
  readonly name: string;
  readonly wallMs: ReadonlyMap<number, number>;
}

/** The most CPU time that a crowd may take, all together: what would take more is left out. */
const MOST_CPU_MS = 30_000;
/** The limit for one startup. */
const TIMEOUT_MS = 60_000;

/** The time of one startup from which on there is only one. */
const SLOW_MS = 2000;

type NamedCase = readonly [name: string, one: Case];

interface CaseOptions {
  readonly secure?: boolean;
  readonly variables?: number;
  readonly sources?: number;
  readonly command?: readonly string[];
}

function caseOf(bench: Workbench, { peer, found }: Competitor, options: CaseOptions = {}): Case {
  const { secure = true, variables = 1, sources = 1, command = [COMMAND] } = options;
  const { program } = found;
  const { words, env } = peer.start({ bench, program, secure, variables, sources, command });
  return { words, env: { ...peerEnvironment(bench, secure), ...env } };
}

/** Those that start, measured; the others are in the bench's problems. */
export async function measurePlainStarts(
  bench: Workbench,
  competitors: readonly Competitor[],
): Promise<Measured[]> {
  const starting = competitors.filter((one) => starts(bench, one));
  const overHttp = starting.filter(({ peer }) => !peer.onlyTls);
  const turns = { rounds: bench.rounds, warmUp: 2, timeoutMs: TIMEOUT_MS };
  const casesOf = (list: readonly Competitor[], secure: boolean) =>
    Object.fromEntries(list.map((one) => [one.peer.name, caseOf(bench, one, { secure })]));
  const tls = await bench.launcher.inTurns(casesOf(starting, true), turns);
  const http = await bench.launcher.inTurns(casesOf(overHttp, false), turns);
  const measured: Measured[] = [];
  for (const competitor of starting) {
    const { name } = competitor.peer;
    const counts = await bench.counts(caseOf(bench, competitor));
    const resident = await residentOf(caseOf(bench, competitor, { command: ['/bin/sleep', '60'] }));
    measured.push({ competitor, http: http[name], tls: tls[name] ?? [], counts, resident });
  }
  return measured;
}

/** @param rounds for each point; crowds are started once */
export async function measureSweep(
  bench: Workbench,
  { title, points, at }: Sweep,
  measured: readonly Measured[],
  rounds: number,
): Promise<Line[]> {
  const lines = measured.map(({ competitor }) => ({
    name: competitor.peer.name,
    wallMs: new Map<number, number>(),
  }));
  for (const x of points) {
    const begin = performance.now();
    const wallMs = await measurePoint(bench, at(x), measured, rounds);
    console.error(`${x} ${title}: ${((performance.now() - begin) / 1000).toFixed(1)} s`);
    for (const line of lines) {
      const value = wallMs.get(line.name);
      if (value !== undefined) line.wallMs.set(x, value);
    }
  }
  return lines;
}

async function measurePoint(
  bench: Workbench,
  point: Point,
  measured: readonly Measured[],
  rounds: number,
): Promise<ReadonlyMap<string, number>> {
  const able = measured.filter((one) => canDo(one, point));
  using group = point.limit === undefined ? undefined : makeGroup(point.limit);
  if (point.limit !== undefined && group === undefined) return new Map();
  await bench.clouds.change(point.faults);
  const cases = able.flatMap(({ competitor }): NamedCase[] => {
    const one = tryCaseOf(bench, competitor, point);
    if (one === undefined) return [];
    return [[competitor.peer.name, { ...one, ...(group !== undefined && { join: group.join }) }]];
  });
  const walls =
    point.atOnce === undefined ? inTurns(bench, cases, rounds) : crowds(bench, cases, point.atOnce);
  const result = await walls;
  await bench.clouds.change();
  return result;
}

/** Nothing where what it is to open cannot be made, which some tools take too long for. */
function tryCaseOf(bench: Workbench, competitor: Competitor, point: Point): Case | undefined {
  try {
    return caseOf(bench, competitor, point);
  } catch (error) {
    bench.problems.push(`${competitor.peer.name} at ${JSON.stringify(point)}: ${(error as Error).message}`);
    return undefined;
  }
}

/** The median of those whose starts all succeed. What is slow is started once. */
async function inTurns(bench: Workbench, cases: readonly NamedCase[], rounds: number) {
  const once = await wallTimes(bench, cases, { rounds: 1, warmUp: 0 });
  const quick = cases.filter(([name]) => (once.get(name) ?? Number.POSITIVE_INFINITY) < SLOW_MS);
  return new Map([...once, ...(await wallTimes(bench, quick, { rounds, warmUp: 0 }))]);
}

async function wallTimes(bench: Workbench, cases: readonly NamedCase[], turns: Turns) {
  if (cases.length === 0) return new Map<string, number>();
  const starts = await bench.launcher.inTurns(Object.fromEntries(cases), { ...turns, timeoutMs: TIMEOUT_MS });
  const good = Object.entries(starts).filter(([, list]) => failureIn(list) === undefined);
  return new Map(good.map(([name, list]) => [name, medianOf(list, 'wallMs')]));
}

async function crowds(bench: Workbench, cases: readonly NamedCase[], count: number) {
  const walls = new Map<string, number>();
  for (const [name, one] of cases) {
    const { succeeded, wallMs } = await bench.launcher.atOnce(one, count);
    if (succeeded === count) walls.set(name, wallMs);
    else bench.problems.push(`${name}: of ${count} starts at once, ${count - succeeded} failed`);
  }
  return walls;
}

function canDo({ competitor: { peer }, tls }: Measured, { sources = 1, atOnce = 1, limit }: Point): boolean {
  const cpuMs = medianOf(tls, 'cpuMs') * atOnce;
  const share = limit?.cpus ?? cpus().length;
  return sources <= (peer.maxSources ?? 1) && cpuMs <= MOST_CPU_MS && cpuMs / share <= TIMEOUT_MS;
}

function starts(bench: Workbench, one: Competitor): boolean {
  const secures = one.peer.onlyTls ? [true] : [true, false];
  for (const secure of secures) {
    const why = whyItFails(caseOf(bench, one, { secure }));
    if (why === undefined) continue;
    bench.problems.push(`${one.peer.name} does not start over ${secure ? 'TLS' : 'HTTP'}: ${why}`);
    return false;
  }
  return true;
}
