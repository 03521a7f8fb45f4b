/**
 * `npm run bench`: how fast a container starts, as ratios within one run, each with its limit. `npm run bench -- peers`:
 * beside other programs for the same job. bench/README.md says how it is measured, and keeps a run.
 */
import { existsSync } from 'node:fs';
import { measureCrowds } from './figures/crowd.ts';
import { measureEvents } from './figures/events.ts';
import { type Figure, markdown } from './figures/figure.ts';
import { measureResident } from './figures/resident.ts';
import { measureCold, measureLittleCpu, measureLittleMemory } from './figures/scarcity.ts';
import { measureFile, measureMemory } from './figures/size.ts';
import { measureExtras, measureSources, measureStarts } from './figures/start.ts';
import { measureTls } from './figures/tls.ts';
import { machine } from './machine.ts';
import { measureOperators } from './operators.ts';
import { readOptions } from './options.ts';
import { measurePeers } from './peers/peers.ts';
import { keep } from './readme.ts';
import { Unusable } from './unusable.ts';
import { Workbench } from './workbench.ts';

const SECTIONS = [
  measureStarts,
  measureSources,
  measureEvents,
  measureTls,
  measureExtras,
  measureMemory,
  measureFile,
  measureCold,
  measureLittleMemory,
  measureLittleCpu,
  measureCrowds,
  measureResident,
];

try {
  const options = readOptions(process.argv.slice(2));
  await using bench = await Workbench.make(options);
  if (!existsSync(bench.program)) throw new Unusable(`there is no ${bench.program}: npm run build makes it`);
  if (options.peers) await measurePeers(bench, options);
  else await measureFigures(bench, options.write);
} catch (error) {
  console.error(error instanceof Unusable ? `bench: ${error.message}` : error);
  process.exitCode = 1;
}

async function measureFigures(bench: Workbench, write: boolean): Promise<void> {
  const figures: Figure[] = [];
  for (const measure of SECTIONS) {
    const begin = performance.now();
    figures.push(...(await measure(bench)));
    console.error(`${measure.name}: ${((performance.now() - begin) / 1000).toFixed(1)} s`);
  }
  const limited = figures.filter(({ limit }) => limit !== undefined);
  const met = limited.filter((figure) => figure.met).length;
  const unmeasured = limited.filter((figure) => figure.met === undefined).length;
  const caption = `${machine()}; ${bench.rounds} rounds. ${met} of ${limited.length} limits are met`;
  const tables = [
    unmeasured === 0 ? `${caption}.` : `${caption}, ${unmeasured} could not be measured.`,
    markdown(figures),
    ...(bench.problems.length > 0
      ? [`Not measured:\n\n${bench.problems.map((line) => `- ${line}`).join('\n')}`]
      : []),
    'What operators do, by the bundle on Node, against the test server for S3 and the bare requests of `@aws-sdk/client-s3`:',
    await measureOperators(),
  ].join('\n\n');
  console.log(tables);
  if (write) keep('figures', tables);
}
