/**
 * Events of a start that does not wait for them: another envseal makes and delivers them after the hand-over. It gets
 * how each source ended, and nothing of what was in it.
 */
import { EnvsealError } from '../errors.ts';
import { type Draft, draftAll, type Ending } from '../events/access-draft.ts';
import type { Settings } from '../settings.ts';
import type { ByteString } from '../system/byte-string.ts';
import type { SinkRecordingOptions } from './options.ts';

/** The input of the other process. */
export interface Delivery {
  readonly sinks: readonly string[];
  readonly names: string;
  /** Settings that its requests depend on. */
  readonly settings: Pick<Settings, 'allow-insecure-endpoint' | 'kms-key' | 's3-addressing-style'>;
  readonly drafts: readonly Draft[];
  /** Entries `NAME=value`: what its requests depend on, and their credentials. Its own environment is empty. */
  readonly environ: readonly ByteString[];
  /** How long it waits first, in ms. */
  readonly pauseMs: number;
}

/** By then most commands are up, and an event still arrives within a second. */
const PAUSE_MS = 50;

/** The other process has none of our standard streams. */
const OWN_STREAMS = /^(?:stderr:|file:\/\/(?:\/dev\/(?:std|fd\/)|\/proc\/self\/fd\/))/i;

export async function deliverInBackground(
  options: SinkRecordingOptions,
): Promise<(ending: Ending) => Promise<void>> {
  const { attempts, command, credentialsOf, settings, host } = options;
  const { system, environ } = host;
  const own = settings['event-sink'].find((uri) => OWN_STREAMS.test(uri));
  if (own !== undefined) {
    throw new EnvsealError('configuration', `the event sink ${own} cannot be used in the background`, {
      hint: 'drop --event-policy background for it: it adds next to nothing to startup',
    });
  }
  if (settings['event-names'] === 'hash') {
    const { readSecret } = await import('./secret-variables.ts');
    readSecret('ENVSEAL_EVENT_NAMES_KEY', host);
  }
  let cancel = () => {};
  const atOnce = async (ending: Ending) => {
    const { deliverNow } = await import('./deliver-now.ts');
    await deliverNow(options)(ending);
  };
  return async (ending) => {
    // What does not start has time; and what was left behind for a start that does not happen has nothing to deliver.
    if (ending.error !== undefined || ending.isSignal) {
      cancel();
      return await atOnce(ending);
    }
    const delivery: Delivery = {
      sinks: settings['event-sink'],
      names: settings['event-names'],
      settings: {
        'allow-insecure-endpoint': settings['allow-insecure-endpoint'],
        'kms-key': settings['kms-key'],
        's3-addressing-style': settings['s3-addressing-style'],
      },
      drafts: await draftAll(attempts, ending, command, credentialsOf),
      environ,
      pauseMs: PAUSE_MS,
    };
    try {
      cancel = await system.detach(JSON.stringify(delivery));
    } catch {
      // No process can be started, for example under a process limit.
      await atOnce(ending);
    }
  };
}
