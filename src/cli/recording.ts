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

/**
 * Tells how the run ends. A start that was told and does not happen is told again, as what it became; anything else is
 * told once. Throws `undelivered` where the policy is `required`. Does not resolve any more where a signal ends us.
 */
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
  let told: { readonly isStart: boolean; readonly done: Promise<void> } | undefined;
  function once(ending: Ending): Promise<void> {
    const isStart = ending.error === undefined && !ending.isSignal;
    const before = told;
    if (before === undefined) told = { isStart, done: tell(ending) };
    else if (before.isStart && !isStart) {
      told = { isStart, done: before.done.catch(() => {}).then(() => tell(ending)) };
    }
    return told?.done ?? Promise.resolve();
  }
  let isStopped = false;
  host.onStop(async () => {
    isStopped = true;
    await once({ isSignal: true });
  });
  return async (ending) => {
    if (!isStopped) await once(ending);
    // What a signal ends must neither start the command nor be reported.
    if (isStopped) await new Promise(() => {});
  };
}

/** Of the cloud that the source is in. Nobody is waited for: what is not known by now stays unknown. */
function credentialsOf(stores: Stores): CredentialsOf {
  return async ({ source }) => {
    const { aws, google } = (await ifSettled(stores.known())) ?? {};
    if (source.scheme === 'gs') {
      const token = google && (await ifSettled(google.token()));
      return token === undefined
        ? null
        : { cloud: 'google', origin: token.origin, principal: token.principal };
    }
    const credentials = aws && (await ifSettled(aws.credentials()));
    if (aws === undefined || credentials === undefined) return null;
    const { origin, principal, accessKeyId } = credentials;
    const role = origin === 'profile' ? aws.settings.profile.settings?.role_arn : undefined;
    return { cloud: 'aws', origin, principal: principal ?? role, accessKeyId };
  };
}

/** `undefined` for what is still on its way, or has failed. */
function ifSettled<T>(promise: Promise<T>): Promise<T | undefined> {
  const now = new Promise<undefined>((resolve) => setImmediate(() => resolve(undefined)));
  return Promise.race([promise.catch(() => undefined), now]);
}
