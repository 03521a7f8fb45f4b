/** Startup: opens the sources and becomes the command. One line per step, in the order things happen. */

import type { RecordingOptions } from '../audit/options.ts';
import type { RecordOutcome } from '../audit/record-start.ts';
import { reportProblem } from '../cli/report.ts';
import { Stores } from '../clients/clients.ts';
import type { ClientOptions } from '../clients/options.ts';
import { EnvsealError } from '../errors.ts';
import { type Attempt, newAttempt } from '../events/attempt.ts';
import type { Host } from '../host.ts';
import { CRAWL_MS } from '../limits-and-defaults.ts';
import { Deadline, endOfTime } from '../net/deadline.ts';
import { plainSource } from '../plain-source.ts';
import type { Settings } from '../settings.ts';
import type { ByteString } from '../system/byte-string.ts';
import { cStrings } from '../system/c-strings.ts';
import { buildEnviron, type EnvironOptions } from './environ.ts';
import { exec, type Launch } from './exec.ts';
import { checkKernelLimits } from './kernel-limits.ts';
import { lookUp } from './lookup.ts';
import { openSources } from './open-sources.ts';

export interface StartOptions {
  readonly settings: Settings;
  /** The command and its arguments. */
  readonly argv: readonly [ByteString, ...ByteString[]];
  readonly host: Host;
}

export async function start({ settings, argv, host }: StartOptions): Promise<never> {
  const attempts = await attemptsAt(settings.source);
  const deadline = new Deadline(settings.timeout);
  limitCrawl(settings, host);
  const options: ClientOptions = { host, settings, deadline };
  const stores = new Stores(options);
  const prepared = prepare(argv, attempts, stores, options);
  // While the sources are on their way, the sinks are made. A faulty sink is reported first.
  prepared.catch(() => {});
  const record = await startRecording({ attempts, command: argv[0], stores, host, settings });
  try {
    const launch = await prepared;
    await record?.({});
    return await exec(launch, host);
  } catch (caught) {
    const { continueInFullProgram } = await import('./become-full-program.ts');
    const error = await continueInFullProgram(caught, host);
    await record?.({ error });
    throw error;
  }
}

/**
 * Timers enforce the timeout while the loop turns; a container that is short of memory may not even get that
 * far.
 */
function limitCrawl(settings: Settings, { system }: Host): void {
  const seconds = settings.timeout + settings['event-timeout'];
  const format = settings['log-format'] === 'json' ? 'json' : 'text';
  system.endAfter(seconds * 1000 + CRAWL_MS, reportProblem(endOfTime(settings.timeout), format));
}

async function prepare(
  argv: readonly [ByteString, ...ByteString[]],
  attempts: readonly Attempt[],
  stores: Stores,
  options: ClientOptions,
): Promise<Launch> {
  const { host, settings, deadline } = options;
  const sealed = await openSources(attempts, stores, options);
  deadline.clear();
  const environ = buildEnviron(host.environ, sealed, environOptions(settings));
  const path = await lookUp(argv[0], environ, host.system);
  const args = cStrings(argv);
  await checkKernelLimits(args, environ, host.system.stackLimit());
  return { path, argv: args, environ };
}

/** `undefined` without a sink. */
async function startRecording(options: RecordingOptions): Promise<RecordOutcome | undefined> {
  const { settings } = options;
  if (settings['event-sink'].length === 0) {
    if (settings['event-policy'] !== 'required') return undefined;
    throw new EnvsealError('configuration', '--event-policy required needs an --event-sink', {
      hint: 'set ENVSEAL_EVENT_SINK, or drop the policy',
    });
  }
  return await (await import('../audit/record-start.ts')).startRecording(options);
}

function environOptions(settings: Settings): EnvironOptions {
  return {
    ...settings,
    preserveEnv: settings['preserve-env'],
    allowName: settings['allow-name'],
    scrubCredentials: settings['scrub-credentials'],
  };
}

async function attemptsAt(uris: readonly string[]): Promise<Attempt[]> {
  const attempts: Attempt[] = [];
  for (const uri of uris) {
    const source = plainSource(uri) ?? (await import('../source-uri.ts')).parseSource(uri);
    attempts.push(newAttempt(source));
  }
  if (attempts.length > 0) return attempts;
  throw new EnvsealError('usage', 'no source to open', {
    hint: 'set ENVSEAL_SOURCE=s3://BUCKET/KEY, or give --source',
  });
}
