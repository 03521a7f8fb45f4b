/** The background process of `--event-policy background`. Its output is discarded. */

import { eventOptions } from '../audit/event-options.ts';
import type { Delivery } from '../audit/hand-to-background.ts';
import { sinkContext } from '../audit/sink-context.ts';
import type { Command } from '../cli/command.ts';
import { Stores } from '../clients/clients.ts';
import { EnvsealError } from '../errors.ts';
import { deliver } from '../events/deliver.ts';
import { fromDraft } from '../events/from-draft.ts';
import { makeSink } from '../events/sinks/registry.ts';
import { decodeEnviron, type Host } from '../host.ts';
import { parseObject } from '../json.ts';
import { BACKGROUND_DELIVERY_SECONDS } from '../limits-and-defaults.ts';
import { Deadline } from '../net/deadline.ts';
import type { Settings } from '../settings.ts';

/** More than any run sends. */
const MAX_INPUT_BYTES = 16 * 1024 * 1024;

export const deliverEvents: Command = async ({ host: { system, ...parts } }) => {
  const { sinks, names, drafts, environ, pauseMs, ...delivery } = parse(system.readInput(MAX_INPUT_BYTES));
  if (!(await system.hasBecomeCommand())) return undefined;
  await new Promise((resolve) => setTimeout(resolve, pauseMs));
  const host: Host = { ...parts, system, environ, variables: decodeEnviron(environ) };
  const settings = delivery.settings as Settings;
  const stores = new Stores({ host, settings, deadline: new Deadline(BACKGROUND_DELIVERY_SECONDS) });
  const made = await Promise.all(sinks.map((uri) => makeSink(uri, sinkContext(stores, host))));
  const about = eventOptions(names, host);
  const events = drafts.map((draft) => fromDraft(draft, about));
  const options = { policy: 'best-effort', timeoutSeconds: BACKGROUND_DELIVERY_SECONDS } as const;
  await deliver(events, made, options);
  return undefined;
};

function parse(input: Uint8Array): Delivery {
  const delivery = (parseObject(input) ?? {}) as Partial<Delivery>;
  if ([delivery.sinks, delivery.drafts, delivery.environ].every(Array.isArray) && delivery.settings) {
    return delivery as Delivery;
  }
  throw new EnvsealError('usage', 'deliver-events has no events to deliver', {
    hint: 'envseal runs it itself, for --event-policy background',
  });
}
