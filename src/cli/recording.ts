/** Tells the sinks of a run how each of its sources ended. Loaded where there is a sink. */
import type { Attempt } from '../events/attempt.ts';
import type { Principal } from '../events/event.ts';
import { principalOfAws, principalOfGoogle } from '../events/principal.ts';
import { type Ending, Recorder } from '../events/recorder.ts';
import { makeSink } from '../events/sinks.ts';
import type { Host } from '../host.ts';
import type { Settings } from '../settings.ts';
import type { ByteString } from '../system/system.ts';
import type { Stores } from './open-sources.ts';
import { reportWarning } from './report.ts';
import { readSecret } from './secret-variables.ts';
import { sinkContext } from './sink-context.ts';

export interface RecordingOptions {
  readonly attempts: readonly Attempt[];
  readonly command: ByteString;
  readonly stores: Stores;
  readonly host: Host;
  readonly settings: Settings;
}

/** Tells it once; later calls do nothing. Throws `undelivered` where the policy is `required`. */
export type Record = (ending: Ending) => Promise<void>;

export async function startRecording(options: RecordingOptions): Promise<Record> {
  const { attempts, command, stores, host, settings } = options;
  const context = sinkContext(stores, host);
  const policy = settings['event-policy'] as 'best-effort' | 'required' | 'background';
  // Made in any case: what is wrong with a sink is told before a start that would not deliver.
  const sinks = await Promise.all(settings['event-sink'].map((uri) => makeSink(uri, context)));
  const names = settings['event-names'] as 'full' | 'count' | 'hash';
  const recorder = new Recorder({
    attempts,
    sinks,
    policy: policy === 'required' ? 'required' : 'best-effort',
    timeout: settings['event-timeout'],
    inBackground: policy === 'background' ? await loadInBackground(settings, host) : undefined,
    names,
    namesKey: names === 'hash' ? readSecret('ENVSEAL_EVENT_NAMES_KEY', host) : undefined,
    command: Buffer.from(command, 'latin1').toString('utf8'),
    system: host.system,
    variables: host.variables,
    principalOf: (attempt) => principalOf(attempt, stores, host),
  });
  const record: Record = async (ending) => {
    for (const failure of await recorder.finish(ending)) {
      host.system.write(2, reportWarning(failure, settings['log-format'] === 'json' ? 'json' : 'text'));
    }
  };
  host.onStop(() => record({ isSignal: true }));
  return record;
}

async function loadInBackground(settings: Settings, host: Host) {
  const { loadBackgroundDelivery } = await import('./deliver-events.ts');
  return await loadBackgroundDelivery(settings, host);
}

/** Of the cloud that the source is in. Nobody is asked for it: what is not known by now stays unknown. */
async function principalOf(
  { source }: Attempt,
  stores: Stores,
  { variables }: Host,
): Promise<Principal | null> {
  const { aws, google } = await stores.known();
  if (source.scheme === 'gs') return google === undefined ? null : principalOfGoogle(await google.token());
  if (aws === undefined) return null;
  const { profile } = aws.settings;
  return principalOfAws(await aws.credentials(), variables, profile.settings);
}
