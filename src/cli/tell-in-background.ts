/**
 * Events of a start that does not wait for them: another envseal makes and delivers them after the hand-over. It gets
 * how each source ended, and nothing of what was in it.
 */
import { type Draft, draftAll, type Ending } from '../events/draft.ts';
import type { TellOptions } from './tell-at-once.ts';

/** What the other process reads. */
export interface Delivery {
  readonly sinks: readonly string[];
  readonly names: string;
  readonly allowInsecureEndpoint: boolean;
  readonly drafts: readonly Draft[];
}

export async function tellInBackground(options: TellOptions): Promise<(ending: Ending) => Promise<void>> {
  const { attempts, command, credentialsOf, settings, host } = options;
  const { system, environ, self } = host;
  const [path = '', ...words] = self;
  const detach = await system.loadDetach();
  if (settings['event-names'] === 'hash') {
    const { readSecret } = await import('./secret-variables.ts');
    readSecret('ENVSEAL_EVENT_NAMES_KEY', host);
  }
  return async (ending) => {
    // What does not start has time.
    if (ending.error !== undefined || ending.isSignal) {
      const { tellAtOnce } = await import('./tell-at-once.ts');
      return await tellAtOnce(options)(ending);
    }
    const delivery: Delivery = {
      sinks: settings['event-sink'],
      names: settings['event-names'],
      allowInsecureEndpoint: settings['allow-insecure-endpoint'],
      drafts: await draftAll(attempts, ending, command, credentialsOf),
    };
    const input = JSON.stringify(delivery);
    await detach({ path, argv: [path, ...words, 'deliver-events'], environ, input });
  };
}
