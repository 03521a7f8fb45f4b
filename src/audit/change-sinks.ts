import { reportWarning } from '../cli/report.ts';
import { ChangeRecorder } from '../events/change-recorder.ts';
import { makeSink } from '../events/sinks/registry.ts';
import { eventOptions } from './event-options.ts';
import { knownCredentials } from './known-credentials.ts';
import type { ChangeRecordingOptions } from './options.ts';
import { sinkContext } from './sink-context.ts';

/** Throws `configuration` for what is wrong with a sink, or with `--event-names`. */
export async function recordToSinks({
  stores,
  host,
  settings,
}: ChangeRecordingOptions): Promise<ChangeRecorder> {
  const context = sinkContext(stores, host);
  const format = settings['log-format'] === 'json' ? 'json' : 'text';
  return new ChangeRecorder({
    ...eventOptions(settings['event-names'], host),
    sinks: await Promise.all(settings['event-sink'].map((uri) => makeSink(uri, context))),
    isRequired: settings['event-policy'] === 'required',
    timeout: settings['event-timeout'],
    credentialsOf: knownCredentials(stores),
    warn: (warning) => void host.system.write(2, reportWarning(warning, format)),
  });
}
