/** A start that has little: nothing in the page cache, 32 MiB of memory, a tenth of a CPU. */
import { makeGroup } from '../cgroup.ts';
import type { Start } from '../launch.ts';
import { failureIn } from '../statistics.ts';
import type { Workbench } from '../workbench.ts';
import { type Figure, ratio, unmeasured } from './figure.ts';

const MEMORY_BYTES = 32 << 20;
/** Today's limit is a second; longer is only waited for to say how much longer. */
const [MEMORY_MS, MEMORY_GIVE_UP_MS] = [1000, 10_000];
const MEMORY_ROUNDS = 3;
const CPUS = 0.1;
const ONE = 's3://snacks/one';

export async function measureCold(bench: Workbench): Promise<Figure[]> {
  const aws = bench.aws();
  const results = await bench.turns(
    {
      'yardstick, cold': { ...bench.yardstick(aws), evict: [bench.tools.yardstick] },
      'envseal, cold': { ...bench.envseal(aws, [ONE]), evict: [bench.program] },
    },
    { rounds: Math.ceil(bench.rounds / 5) },
  );
  const base = 'yardstick, cold';
  const title = 'cold: its own file is not in the page cache';
  return [ratio({ title, results, name: 'envseal, cold', base, of: 'the yardstick, cold', atMost: 3 })];
}

export async function measureLittleMemory(bench: Workbench): Promise<Figure[]> {
  const title = 'cold, under a limit of 32 MiB of memory';
  const limit = `${MEMORY_MS} ms`;
  using group = makeGroup({ memoryBytes: MEMORY_BYTES });
  if (group === undefined) return [unmeasured(title, 'control groups cannot be made here', limit)];
  const one = { ...bench.envseal(bench.aws(), [ONE]), join: group.join, evict: [bench.program] };
  const turns = { rounds: 1, warmUp: 0, timeoutMs: MEMORY_GIVE_UP_MS };
  const starts: Start[] = [];
  for (let round = 0; round < MEMORY_ROUNDS && failureIn(starts) === undefined; round++)
    starts.push(...(await bench.launcher.inTurns({ one }, turns)).one);
  const slowest = Math.max(...starts.map(({ wallMs }) => wallMs));
  const status = failureIn(starts);
  const value = status === undefined ? `${slowest.toFixed(1)} ms, the slowest` : `ended with ${status}`;
  return [{ title, value, limit, met: status === undefined && slowest <= MEMORY_MS }];
}

export async function measureLittleCpu(bench: Workbench): Promise<Figure[]> {
  const title = 'CPU time at 100 millicores';
  using group = makeGroup({ cpus: CPUS });
  if (group === undefined) return [unmeasured(title, 'control groups cannot be made here', '2.5×')];
  const { join } = group;
  const results = await bench.turns(
    {
      'yardstick, 100m': { ...bench.yardstick(bench.aws()), join },
      'envseal, 100m': { ...bench.envseal(bench.aws(), [ONE]), join },
    },
    { rounds: Math.ceil(bench.rounds / 5), warmUp: 1 },
  );
  const compared = { results, name: 'envseal, 100m', base: 'yardstick, 100m', of: 'the yardstick' };
  return [
    ratio({ ...compared, title, measure: 'cpuMs', atMost: 2.5 }),
    ratio({ ...compared, title: 'time of such a start, one after the other' }),
  ];
}
