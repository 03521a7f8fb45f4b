/**
 * Events of what a command does to files: how each change of one ended, and who got to see its values.
 *
 * A change can only be reported afterwards. So with `--event-policy required` the sinks are made first, each
 * change is reported when it is done, and one that a sink did not take ends the command with `undelivered`
 * (69) before anything else is changed; the error says that the file was changed, and it stays so. An access
 * to values is reported before they are shown. `background` is for `run`: here it is `best-effort`.
 */

import { EnvsealError } from '../errors.ts';
import { newChangeAttempt } from '../events/change-attempt.ts';
import type { ChangeRecorder as SinkRecorder } from '../events/change-recorder.ts';
import type { ChangeRecordingOptions } from './options.ts';

export type { ChangeAttempt } from '../events/change-attempt.ts';

export type ChangeRecorder = Pick<SinkRecorder, keyof SinkRecorder>;

/**
 * Throws `configuration` for what is wrong with a sink. A stop signal waits until every event is sent.
 */
export async function startChangeRecording(options: ChangeRecordingOptions): Promise<ChangeRecorder> {
  const { host, settings } = options;
  if (settings['event-sink'].length > 0) {
    const { recordToSinks } = await import('./change-sinks.ts');
    const recorder = await recordToSinks(options);
    host.onStop(() => recorder.stop());
    return recorder;
  }
  if (settings['event-policy'] !== 'required') return NO_SINKS;
  throw new EnvsealError('configuration', '--event-policy required needs an --event-sink', {
    hint: 'set ENVSEAL_EVENT_SINK, or drop the policy',
  });
}

const NO_SINKS: ChangeRecorder = {
  begin: newChangeAttempt,
  finish: async () => {},
  drop: () => {},
  changed: async () => {},
  access: () => async () => {},
  stop: async () => {},
};
