/** Access events of a run: how each of its sources ended. Loaded if there is a sink. */

import type { Ending } from '../events/access-draft.ts';
import { makeSink } from '../events/sinks/registry.ts';
import { textOf } from '../system/bytes.ts';
import { knownCredentials } from './known-credentials.ts';
import type { RecordingOptions } from './options.ts';
import { sinkContext } from './sink-context.ts';

/**
 * Reports how the run ends. If the command does not start after `granted` was sent, a second event says what
 * happened; otherwise there is one. Throws `undelivered` if the policy is `required`. Never resolves after a
 * stop signal.
 */
export type RecordOutcome = (ending: Ending) => Promise<void>;

export async function startRecording(options: RecordingOptions): Promise<RecordOutcome> {
  const { stores, host, settings } = options;
  const context = sinkContext(stores, host);
  // In any case: a faulty sink is reported before a run that could not deliver.
  const sinks = await Promise.all(settings['event-sink'].map((uri) => makeSink(uri, context)));
  const command = textOf(options.command);
  const parts = { ...options, command, sinks, credentialsOf: knownCredentials(stores) };
  const tell =
    settings['event-policy'] === 'background'
      ? await (await import('./hand-to-background.ts')).deliverInBackground(parts)
      : (await import('./deliver-now.ts')).deliverNow(parts);
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
