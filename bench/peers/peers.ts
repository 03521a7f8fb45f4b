/** `npm run bench -- peers`: envseal beside other programs for the same job, in the same run. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { machine } from '../machine.ts';
import type { Options } from '../options.ts';
import { ROOT } from '../paths.ts';
import { drawPlot } from '../plots/plot.ts';
import { keep } from '../readme.ts';
import { bundleSdkProgram } from '../sdk/programs.ts';
import type { Workbench } from '../workbench.ts';
import { makeFiles } from './files.ts';
import { type Competitor, type Line, measurePlainStarts, measureSweep } from './measure.ts';
import { find } from './origins.ts';
import { plainTables, sweepTable, whereNotFirst } from './report.ts';
import { SWEEPS, type Sweep } from './sweeps.ts';
import { PEERS } from './table.ts';

const PLOTS = `${ROOT}bench/plots`;

export async function measurePeers(bench: Workbench, { peersFolder, write }: Options): Promise<void> {
  await Promise.all([bundleSdkProgram('get'), makeFiles(bench)]);
  const { competitors, missing } = findPeers(bench, peersFolder);
  const measured = await measurePlainStarts(bench, competitors);
  const sweeps: { sweep: Sweep; lines: Line[] }[] = [];
  for (const sweep of SWEEPS) {
    const lines = await measureSweep(bench, sweep, measured, Math.max(3, Math.ceil(bench.rounds / 5)));
    sweeps.push({ sweep, lines });
  }
  const notFirst = whereNotFirst(measured, sweeps);
  const tables = [
    `${machine()}; medians of ${bench.rounds} rounds, of the sweeps fewer.`,
    plainTables(measured),
    ...sweeps.map(
      ({ sweep, lines }) => `![${sweep.title}](plots/${sweep.name}.svg)\n\n${sweepTable(sweep, lines)}`,
    ),
    notFirst.length === 0
      ? 'envseal is first in every column.'
      : list('Where envseal is not first:', notFirst),
    ...(missing.length > 0 ? [`Not found, so not measured: ${missing.join(', ')}.`] : []),
    ...(bench.problems.length > 0 ? [list('Found, and not measured:', bench.problems)] : []),
  ].join('\n\n');
  console.log(tables);
  if (!write) return;
  keep('peers', tables);
  mkdirSync(PLOTS, { recursive: true });
  for (const { sweep, lines } of sweeps)
    writeFileSync(`${PLOTS}/${sweep.name}.svg`, drawPlot(sweep.title, lines));
}

function findPeers(bench: Workbench, peersFolder: string | undefined) {
  const competitors: Competitor[] = [];
  const missing: string[] = [];
  for (const peer of PEERS) {
    try {
      const found = find(peer.origin, { bench, peersFolder });
      if (found === undefined) missing.push(peer.name);
      else competitors.push({ peer, found });
    } catch (error) {
      missing.push(`${peer.name} (${(error as Error).message.split('\n')[0]})`);
    }
  }
  return { competitors, missing };
}

function list(title: string, lines: readonly string[]): string {
  return `${title}\n\n${lines.map((line) => `- ${line}`).join('\n')}`;
}
