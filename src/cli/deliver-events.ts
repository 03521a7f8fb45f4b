/** What `--event-policy background` leaves behind: another envseal, which gets the events on stdin and nothing else. */
import { deliver } from '../events/deliver.ts';
import type { EnvsealEvent } from '../events/event.ts';
import { makeSink } from '../events/sinks.ts';
import type { Host } from '../host.ts';
import { BACKGROUND_DELIVERY_SECONDS } from '../limits.ts';
import { Deadline } from '../net/deadline.ts';
import type { Settings } from '../settings.ts';
import { readSettings } from './arguments.ts';
import type { Command } from './commands.ts';
import { Stores } from './open-sources.ts';
import { sinkContext } from './sink-context.ts';

interface Delivery {
  readonly sinks: readonly string[];
  readonly allowInsecureEndpoint: boolean;
  readonly events: readonly EnvsealEvent[];
}

/** Larger than the events of any start. */
const MAX_INPUT_BYTES = 16 * 1024 * 1024;

/** `run`'s part: returns when the other process has begun. Throws ErrnoError. */
export async function deliverInBackground(
  events: readonly EnvsealEvent[],
  settings: Settings,
  { system, environ, self }: Host,
): Promise<void> {
  const delivery: Delivery = {
    sinks: settings['event-sink'],
    allowInsecureEndpoint: settings['allow-insecure-endpoint'],
    events,
  };
  const [path = '', ...words] = self;
  await system.detach({
    path,
    argv: [path, ...words, 'deliver-events'],
    environ,
    input: JSON.stringify(delivery),
  });
}

/** The other process: nobody reads what it would say. */
export const deliverEvents: Command = async ({ host, commandLine }) => {
  const input = Buffer.from(host.system.readInput(MAX_INPUT_BYTES)).toString('utf8');
  const { sinks, allowInsecureEndpoint, events } = JSON.parse(input) as Delivery;
  const own = readSettings(commandLine, host.variables);
  const settings = { ...own, 'allow-insecure-endpoint': allowInsecureEndpoint };
  const stores = new Stores({ host, settings, deadline: new Deadline(BACKGROUND_DELIVERY_SECONDS) });
  const made = await Promise.all(sinks.map((uri) => makeSink(uri, sinkContext(stores, host))));
  const options = { policy: 'best-effort', timeoutSeconds: BACKGROUND_DELIVERY_SECONDS } as const;
  await deliver(events, made, options);
};
