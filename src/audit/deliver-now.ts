/** Events that are delivered before the command starts, or before envseal ends. */

import { reportWarning } from '../cli/report.ts';
import { EnvsealError } from '../errors.ts';
import type { CredentialsOf, Ending } from '../events/access.ts';
import { Recorder } from '../events/access-recorder.ts';
import type { Sink } from '../events/sink.ts';
import { eventOptions } from './event-options.ts';
import type { RecordingOptions } from './record-start.ts';

export interface TellOptions extends RecordingOptions {
  readonly sinks: readonly Sink[];
  readonly credentialsOf: CredentialsOf;
}

export function tellAtOnce(options: TellOptions): (ending: Ending) => Promise<void> {
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
