/** Hundreds of starts at once, and with a store that throttles. */
import type { Case, Crowd } from '../launch.ts';
import { median } from '../statistics.ts';
import type { Workbench } from '../workbench.ts';
import type { Figure } from './figure.ts';

const ROUNDS = 3;
const AT_MOST = 2.5;
const THROTTLED = { count: 200, oneIn: 3, requestsBelow: 2 };

export async function measureCrowds(bench: Workbench): Promise<Figure[]> {
  return [
    await measureCrowd(bench, 200, false),
    await measureCrowd(bench, 500, false),
    await measureCrowd(bench, 200, true),
    await measureThrottled(bench),
  ];
}

async function measureCrowd(bench: Workbench, count: number, secure: boolean): Promise<Figure> {
  const env = bench.aws(secure);
  const pair: [Case, Case] = [bench.envseal(env, ['s3://snacks/one']), bench.yardstick(env)];
  const crowds: [Crowd[], Crowd[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++)
    for (const side of [0, 1] as const) crowds[side].push(await bench.launcher.atOnce(pair[side], count));
  const [ours, theirs] = crowds.map((side) => median(side.map(({ wallMs }) => wallMs))) as [number, number];
  const least = crowds.map((side) => Math.min(...side.map(({ wallMs }) => wallMs))) as [number, number];
  const failed = crowds[0].reduce((sum, { succeeded }) => sum + count - succeeded, 0);
  return {
    title: `${count} starts at once over ${secure ? 'TLS' : 'HTTP'}`,
    median: `${ours.toFixed(0)} ms`,
    value: `${(ours / theirs).toFixed(2)}× the yardstick, ${failed === 0 ? 'all succeed' : `${failed} fail`}`,
    least: `${(least[0] / least[1]).toFixed(2)}×`,
    limit: `${AT_MOST}×, all succeed`,
    met: ours / theirs <= AT_MOST && failed === 0,
  };
}

async function measureThrottled(bench: Workbench): Promise<Figure> {
  const { count, oneIn, requestsBelow } = THROTTLED;
  await bench.clouds.change({ throttleOneIn: oneIn });
  const crowd = await bench.launcher.atOnce(bench.envseal(bench.aws(), ['s3://snacks/one']), count);
  const { requests } = await bench.clouds.change();
  const each = requests / count;
  return {
    title: `${count} starts at once, a third of the requests throttled`,
    median: `${crowd.wallMs.toFixed(0)} ms`,
    value: `${each.toFixed(2)} requests a start, ${crowd.succeeded} succeed`,
    limit: `below ${requestsBelow}, all succeed`,
    met: each < requestsBelow && crowd.succeeded === count,
  };
}
