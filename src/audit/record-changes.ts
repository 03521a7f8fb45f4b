/**
 * Tells the sinks what a command does to files: how each change of one ended, and who got to see its values.
 *
 * A change cannot be told before it has happened. So with `--event-policy required` the sinks are made first, each change
 * is told when it is done, and one that a sink did not take ends the command with `undelivered` (69) before anything else
 * is changed; the error says that the file was changed, and it stays so. What values are read for people is told before
 * they are shown. `background` is for starts: here it is `best-effort`.
 */

import type { Stores } from '../clients/clients.ts';
import { EnvsealError } from '../errors.ts';
import { newChangeAttempt } from '../events/change-attempt.ts';
import type { ChangeRecorder as TellingRecorder } from '../events/change-recorder.ts';
import type { Host } from '../host.ts';
import type { Settings } from '../settings.ts';

export type { ChangeDraft } from '../events/change.ts';
export type { ChangeAttempt } from '../events/change-attempt.ts';

export type ChangeRecorder = Pick<TellingRecorder, keyof TellingRecorder>;

export interface ChangeRecordingOptions {
  readonly stores: Stores;
  readonly host: Host;
  readonly settings: Settings;
}

/**
 * Throws `configuration` for what is wrong with a sink. A stop signal waits until all is told.
 */
export async function startChangeRecording(options: ChangeRecordingOptions): Promise<ChangeRecorder> {
  const { host, settings } = options;
  if (settings['event-sink'].length > 0) {
    const { tellChanges } = await import('./change-sinks.ts');
    const recorder = await tellChanges(options);
    host.onStop(() => recorder.stop());
    return recorder;
  }
  if (settings['event-policy'] !== 'required') return TELLS_NOBODY;
  throw new EnvsealError('configuration', '--event-policy is required, and there is no --event-sink', {
    hint: 'set ENVSEAL_EVENT_SINK, or leave the policy out',
  });
}

const TELLS_NOBODY: ChangeRecorder = {
  begin: newChangeAttempt,
  finish: async () => {},
  drop: () => {},
  changed: async () => {},
  access: () => async () => {},
  stop: async () => {},
};
