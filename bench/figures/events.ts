/** The cost of access events at startup. */
import { join } from 'node:path';
import type { Workbench } from '../workbench.ts';
import { bounded, type Figure, ratio } from './figure.ts';

const SECRETS = {
  ENVSEAL_WEBHOOK_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  ENVSEAL_SPLUNK_TOKEN: 'token',
};
const HANG_S = 1;
/** What `--event-timeout 1` may take beside that second, in ms. */
const BESIDE_MS = 250;

export async function measureEvents(bench: Workbench): Promise<Figure[]> {
  const url = bench.clouds.http;
  const { host } = new URL(url);
  const file = `file://${join(bench.folder, 'events')}`;
  const five = [
    `${url}/hook`,
    `splunk+http://${host}`,
    `otlp+http://${host}`,
    file,
    'syslog+udp://127.0.0.1:9',
  ];
  const to = (sinks: readonly string[], ...flags: string[]) =>
    bench.envseal(
      { ...bench.aws(), ...SECRETS },
      ['s3://snacks/one'],
      [...sinks.flatMap((sink) => ['--event-sink', sink]), ...flags],
    );
  const results = await bench.turns({
    'no sink': to([]),
    'one webhook': to([`${url}/hook`]),
    'five sinks': to(five),
  });
  const row = (title: string, name: string) => ({
    title,
    results,
    name,
    base: 'no sink',
    of: 'a start without',
  });
  const hanging = { one: to([`${url}/hang`], '--event-timeout', String(HANG_S)) };
  const [hung] = (await bench.launcher.inTurns(hanging, { rounds: 1, warmUp: 0 })).one;
  return [
    ratio({ ...row('with one webhook', 'one webhook'), atMost: 1.35 }),
    ratio(row('with five sinks: webhook, Splunk, OTLP, file, syslog', 'five sinks')),
    bounded(
      `with a sink that never answers, \`--event-timeout ${HANG_S}\``,
      hung?.wallMs ?? Number.NaN,
      HANG_S * 1000 + BESIDE_MS,
      'ms',
      0,
    ),
  ];
}
