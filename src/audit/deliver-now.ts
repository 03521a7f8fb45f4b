/** Events that are delivered before the command starts, or before envseal ends. */

import { reportWarning } from '../cli/report.ts';
import { EnvsealError } from '../errors.ts';
import type { Ending } from '../events/access-draft.ts';
import { Recorder } from '../events/access-recorder.ts';
import { eventOptions } from './event-options.ts';
import type { SinkRecordingOptions } from './options.ts';

export function deliverNow(options: SinkRecordingOptions): (ending: Ending) => Promise<void> {
  const { attempts, command, sinks, credentialsOf, host, settings } = options;
  const recorder = new Recorder({
    attempts,
    command,
    sinks,
    credentialsOf,
    policy: settings['event-policy'] === 'required' ? 'required' : 'best-effort',
    timeout: settings['event-timeout'],
    ...eventOptions(settings['event-names'], host),
  });
  return async (ending) => {
    const failures = await recorder.finish(ending);
    // That error names them.
    if (ending.error instanceof EnvsealError && ending.error.code === 'undelivered') return;
    for (const failure of failures) {
      host.system.write(2, reportWarning(failure, settings['log-format'] === 'json' ? 'json' : 'text'));
    }
  };
}
