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

/** `run`'s part: what it returns resolves when the other process has begun. */
export async function loadBackgroundDelivery(
  settings: Settings,
  { system, environ, self }: Host,
): Promise<(events: readonly EnvsealEvent[]) => Promise<void>> {
  const [path = '', ...words] = self;
  const detach = await system.loadDetach();
  return async (events) => {
    const delivery: Delivery = {
      sinks: settings['event-sink'],
      allowInsecureEndpoint: settings['allow-insecure-endpoint'],
      events,
    };
    const input = JSON.stringify(delivery);
    await detach({ path, argv: [path, ...words, 'deliver-events'], environ, input });
  };
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
