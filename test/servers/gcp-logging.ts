/** Google Cloud Logging: `entries:write` over REST. `node gcp-logging.ts [--tls]`. */

import { parseArgs } from 'node:util';
import {
  freshProjects,
  type GcpLoggingState,
  gcpLoggingBehaviour,
  type WrittenEntry,
} from './gcp-logging/behaviour.ts';
import { Clock } from './http/clock.ts';
import { announce } from './http/lifecycle.ts';
import { Service } from './http/service.ts';
import { Inbox, inboxCommands } from './inbox.ts';

const { values } = parseArgs({ options: { tls: { type: 'boolean', default: false } } });
const clock = new Clock();
const fresh = (): GcpLoggingState => ({
  clock,
  projects: freshProjects(),
  inbox: new Inbox<WrittenEntry>(),
  bodies: [],
});
let state = fresh();
const service = new Service(
  clock,
  gcpLoggingBehaviour(() => state),
);

const commands = {
  ...service.commands(() => {
    state = fresh();
  }),
  ...inboxCommands(() => state.inbox),
  /** The requests that were taken, wholly or in part, as they were sent. */
  bodies: (): string[] => state.bodies,
  /** What the principal may do in the project, which is made when there is none: `logging.logEntries.create`. */
  allow: (principal: string, permissions: readonly string[], project: string): void => {
    const known = state.projects.get(project) ?? new Map<string, readonly string[]>();
    state.projects.set(project, known.set(principal, permissions));
  },
};

export type GcpLoggingCommands = typeof commands;

await announce({ logging: await service.listen('global', values.tls) }, commands);
