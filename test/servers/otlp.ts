/** A receiver of OpenTelemetry logs: OTLP over HTTP, in JSON. `node otlp.ts [--tls]`. */

import { parseArgs } from 'node:util';
import { Clock } from './http/clock.ts';
import { announce } from './http/lifecycle.ts';
import { Service } from './http/service.ts';
import { Inbox, inboxCommands } from './inbox.ts';
import { type OtlpState, otlpBehaviour, type PartialSuccess, type ReceivedLogs } from './otlp/behaviour.ts';

const { values } = parseArgs({ options: { tls: { type: 'boolean', default: false } } });
const clock = new Clock();
const fresh = (): OtlpState => ({
  clock,
  inbox: new Inbox<ReceivedLogs>(),
  refused: [],
  required: {},
  partialSuccess: null,
});
let state = fresh();
const service = new Service(
  clock,
  otlpBehaviour(() => state),
);

const commands = {
  ...service.commands(() => {
    state = fresh();
  }),
  ...inboxCommands(() => state.inbox),
  /** What it refused, faults aside. */
  refused: (): OtlpState['refused'] => state.refused,
  /** Headers that every request must have from now on, as `{ 'api-key': 'secret' }`: 401 without. */
  requireHeaders: (headers: Readonly<Record<string, string>>): void => {
    const entries = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
    state.required = Object.fromEntries(entries);
  },
  /** Says with every 200 that it did not take everything, though it did. `null`: not any more. */
  partialSuccess: (partialSuccess: PartialSuccess | null): void => {
    state.partialSuccess = partialSuccess;
  },
};

export type OtlpCommands = typeof commands;

await announce({ otlp: await service.listen('global', values.tls) }, commands);
