/** What `--event-policy background` leaves behind. Nobody reads what it would say. */
import { EnvsealError } from '../errors.ts';
import { deliver } from '../events/deliver.ts';
import { fromDraft } from '../events/from-draft.ts';
import { makeSink } from '../events/sinks.ts';
import { parseObject } from '../json.ts';
import { BACKGROUND_DELIVERY_SECONDS } from '../limits.ts';
import { Deadline } from '../net/deadline.ts';
import type { Settings } from '../settings.ts';
import type { Command } from './commands.ts';
import { eventOptions } from './event-options.ts';
import { Stores } from './open-sources.ts';
import { sinkContext } from './sink-context.ts';
import type { Delivery } from './tell-in-background.ts';

/** Larger than what any start has to say. */
const MAX_INPUT_BYTES = 16 * 1024 * 1024;

export const deliverEvents: Command = async ({ host }) => {
  const { system } = host;
  // While it waits for its input, nothing of ours could take a signal.
  system.resetStopSignals(host.stopSignals);
  const { sinks, names, drafts, ...delivery } = parse(system.readInput(MAX_INPUT_BYTES));
  const settings = delivery.settings as Settings;
  const stores = new Stores({ host, settings, deadline: new Deadline(BACKGROUND_DELIVERY_SECONDS) });
  const made = await Promise.all(sinks.map((uri) => makeSink(uri, sinkContext(stores, host))));
  const about = eventOptions(names, host);
  const events = drafts.map((draft) => fromDraft(draft, about));
  const options = { policy: 'best-effort', timeoutSeconds: BACKGROUND_DELIVERY_SECONDS } as const;
  await deliver(events, made, options);
};

function parse(input: Uint8Array): Delivery {
  const delivery = (parseObject(input) ?? {}) as Partial<Delivery>;
  if (Array.isArray(delivery.sinks) && Array.isArray(delivery.drafts) && delivery.settings) {
    return delivery as Delivery;
  }
  throw new EnvsealError('usage', 'deliver-events has no events to deliver', {
    hint: 'envseal runs it by itself, for --event-policy background',
  });
}
