/** Tells the sinks of a run how each of its sources ended. Loaded where there is a sink. */
import type { Attempt } from '../events/attempt.ts';
import type { CredentialsOf, Ending } from '../events/draft.ts';
import { makeSink } from '../events/sinks.ts';
import type { Host } from '../host.ts';
import type { Settings } from '../settings.ts';
import type { ByteString } from '../system/system.ts';
import type { Stores } from './open-sources.ts';
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
  const { stores, host, settings } = options;
  const context = sinkContext(stores, host);
  // In any case: what is wrong with a sink is told before a start that would not deliver.
  const sinks = await Promise.all(settings['event-sink'].map((uri) => makeSink(uri, context)));
  const command = Buffer.from(options.command, 'latin1').toString('utf8');
  const parts = { ...options, command, sinks, credentialsOf: credentialsOf(stores) };
  const tell =
    settings['event-policy'] === 'background'
      ? await (await import('./tell-in-background.ts')).tellInBackground(parts)
      : (await import('./tell-at-once.ts')).tellAtOnce(parts);
  let isDone = false;
  const record: Record = async (ending) => {
    if (isDone) return;
    isDone = true;
    await tell(ending);
  };
  host.onStop(() => record({ isSignal: true }));
  return record;
}

/** Of the cloud that the source is in. */
function credentialsOf(stores: Stores): CredentialsOf {
  return async ({ source }) => {
    const { aws, google } = await stores.known();
    if (source.scheme === 'gs') {
      if (google === undefined) return null;
      const { origin, principal } = await google.token();
      return { cloud: 'google', origin, principal };
    }
    if (aws === undefined) return null;
    const { origin, principal, accessKeyId } = await aws.credentials();
    const role = origin === 'profile' ? aws.settings.profile.settings?.role_arn : undefined;
    return { cloud: 'aws', origin, principal: principal ?? role, accessKeyId };
  };
}
