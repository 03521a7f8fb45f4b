/** Tells the sinks of a run how each of its sources ended. Loaded where there is a sink. */

import type { Stores } from '../clients/clients.ts';
import type { Ending } from '../events/access.ts';
import type { Attempt } from '../events/attempt.ts';
import { makeSink } from '../events/sinks/registry.ts';
import type { Host } from '../host.ts';
import type { Settings } from '../settings.ts';
import type { ByteString } from '../system/byte-string.ts';
import { textOf } from '../system/bytes.ts';
import { knownCredentials } from './known-credentials.ts';
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
  const command = textOf(options.command);
  const parts = { ...options, command, sinks, credentialsOf: knownCredentials(stores) };
  const tell =
    settings['event-policy'] === 'background'
      ? await (await import('./deliver-in-background.ts')).tellInBackground(parts)
      : (await import('./deliver-now.ts')).tellAtOnce(parts);
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
