/**
 * AWS CloudWatch Logs: CreateLogGroup, CreateLogStream, DescribeLogStreams, PutLogEvents.
 * `node cloudwatch.ts [--tls] [--region NAME]…`: one port a region.
 */

import { parseArgs } from 'node:util';
import { type AccessKey, AccessKeys } from './aws/access-keys.ts';
import { ADMINISTRATOR, REGIONS } from './aws/defaults.ts';
import { type CloudWatchState, cloudWatchBehaviour } from './cloudwatch/behaviour.ts';
import { type InputLogEvent, LogGroups, makeStream, type RejectedLogEventsInfo } from './cloudwatch/logs.ts';
import type { PutLogEvents } from './cloudwatch/operations.ts';
import { Clock } from './http/clock.ts';
import { announce } from './http/lifecycle.ts';
import { Service } from './http/service.ts';
import { Inbox } from './inbox.ts';

export interface NewLogGroup {
  readonly name: string;
  /** Default: us-east-1. */
  readonly region?: string;
  readonly streams?: readonly string[];
  /** Absent: for ever. */
  readonly retentionDays?: number;
}

const DEFAULT_REGION = 'us-east-1';

const { values } = parseArgs({
  options: { tls: { type: 'boolean', default: false }, region: { type: 'string', multiple: true } },
});
const clock = new Clock();
const fresh = (): CloudWatchState => {
  const accessKeys = new AccessKeys();
  accessKeys.register(ADMINISTRATOR);
  return { clock, accessKeys, groups: new LogGroups(), puts: new Inbox<PutLogEvents>(), rejects: null };
};
let state = fresh();
const service = new Service(
  clock,
  cloudWatchBehaviour(() => state),
);

const commands = {
  ...service.commands(() => {
    state = fresh();
  }),
  accessKey: (key: AccessKey): void => state.accessKeys.register(key),
  /** Makes a log group without asking anyone, or changes one; its streams are kept. */
  group: ({ name, region = DEFAULT_REGION, streams = [], retentionDays }: NewLogGroup): void => {
    const group = state.groups.make(region, name, retentionDays);
    for (const stream of streams) makeStream(group, stream, clock.now());
  },
  /** What is in the stream; `null` when there is no such stream. */
  received: (group: string, stream: string, region = DEFAULT_REGION): InputLogEvent[] | null =>
    state.groups.find(region, group)?.streams.get(stream)?.events ?? null,
  /** Names of the streams; `null` when there is no such group. */
  streams: (group: string, region = DEFAULT_REGION): string[] | null => {
    const streams = state.groups.find(region, group)?.streams;
    return streams === undefined ? null : [...streams.keys()];
  },
  /** Every PutLogEvents that was taken. */
  puts: (): PutLogEvents[] => state.puts.list(),
  /** Waits until there are `count`, and gives all. */
  awaitPuts: (count: number): Promise<PutLogEvents[]> => state.puts.holds(count),
  /** Rejects these events of every put from now on, whatever their times. `null`: not any more. */
  rejects: (info: RejectedLogEventsInfo | null): void => {
    state.rejects = info;
  },
};

export type CloudWatchCommands = typeof commands;

const endpoints: Record<string, string> = {};
for (const region of values.region ?? REGIONS) endpoints[region] = await service.listen(region, values.tls);
await announce(endpoints, commands);
