/** What `--event-policy background` leaves behind. Nobody reads what it would say. */
import { deliver } from '../events/deliver.ts';
import { fromDraft } from '../events/from-draft.ts';
import { readPlace } from '../events/place.ts';
import { makeSink } from '../events/sinks.ts';
import type { NamesMode } from '../events/variable-names.ts';
import { BACKGROUND_DELIVERY_SECONDS } from '../limits.ts';
import { Deadline } from '../net/deadline.ts';
import { readSettings } from './arguments.ts';
import type { Command } from './commands.ts';
import { Stores } from './open-sources.ts';
import { readSecret } from './secret-variables.ts';
import { sinkContext } from './sink-context.ts';
import type { Delivery } from './tell-in-background.ts';

/** Larger than what any start has to say. */
const MAX_INPUT_BYTES = 16 * 1024 * 1024;

export const deliverEvents: Command = async ({ host, commandLine }) => {
  const { system, variables } = host;
  const input = Buffer.from(system.readInput(MAX_INPUT_BYTES)).toString('utf8');
  const { sinks, allowInsecureEndpoint, drafts, ...delivery } = JSON.parse(input) as Delivery;
  const own = readSettings(commandLine, variables);
  const settings = { ...own, 'allow-insecure-endpoint': allowInsecureEndpoint };
  const stores = new Stores({ host, settings, deadline: new Deadline(BACKGROUND_DELIVERY_SECONDS) });
  const made = await Promise.all(sinks.map((uri) => makeSink(uri, sinkContext(stores, host))));
  const names = delivery.names as NamesMode;
  const namesKey = names === 'hash' ? readSecret('ENVSEAL_EVENT_NAMES_KEY', host) : undefined;
  const place = readPlace({ variables, system });
  const about = { place, names, namesKey, system, variables };
  const events = drafts.map((draft) => fromDraft(draft, about));
  const options = { policy: 'best-effort', timeoutSeconds: BACKGROUND_DELIVERY_SECONDS } as const;
  await deliver(events, made, options);
};
