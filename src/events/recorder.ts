/**
 * One event for each source of a run, told to every sink when it is decided. Loaded where there is a sink. What it costs
 * before that is to connect.
 */
import { EnvsealError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import type { System } from '../system/system.ts';
import { VERSION } from '../version.ts';
import type { Attempt } from './attempt.ts';
import { deliver } from './deliver.ts';
import {
  type AccessData,
  accessEvent,
  type EnvsealEvent,
  type Outcome,
  type Place,
  type Principal,
  type Reason,
} from './event.ts';
import { outcomeOf } from './outcome.ts';
import { readPlace } from './place.ts';
import type { Sink } from './sink.ts';
import { describeNames } from './variable-names.ts';

export interface RecorderOptions {
  readonly attempts: readonly Attempt[];
  readonly sinks: readonly Sink[];
  readonly policy: 'best-effort' | 'required';
  /** Of a delivery, in seconds. */
  readonly timeout: number;
  /** Delivers what was granted after the hand-over. */
  readonly inBackground: ((events: readonly EnvsealEvent[]) => Promise<void>) | undefined;
  readonly names: 'full' | 'count' | 'hash';
  readonly namesKey: Secret | undefined;
  /** argv[0] of the command. */
  readonly command: string;
  readonly system: System;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Whose credentials opened the source, where that is known by now. */
  readonly principalOf: (attempt: Attempt) => Promise<Principal | null>;
}

/** How the run ended: the command starts, or why it does not. */
export type Ending = { readonly error?: unknown; readonly isSignal?: boolean };

export class Recorder {
  readonly #options: RecorderOptions;
  readonly #place: Place;
  #isDone = false;

  /** Does what can be done before anything is decided, while the sources are on their way. */
  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#place = readPlace(options);
    for (const { prepare } of options.sinks) prepare?.();
    // At a cold start the first run of a function takes longer than what it does.
    this.#events({}).catch(() => {});
  }

  /**
   * Tells it once; later calls do nothing. Returns why sinks did not take it, with `required` it throws `undelivered`
   * instead.
   */
  async finish(ending: Ending): Promise<readonly EnvsealError[]> {
    if (this.#isDone) return [];
    this.#isDone = true;
    const { sinks, timeout, inBackground } = this.#options;
    const events = await this.#events(ending);
    // What ends the start anyway is told first.
    const isStart = ending.error === undefined && !ending.isSignal;
    if (isStart && inBackground !== undefined) {
      await inBackground(events);
      return [];
    }
    const policy = isStart ? this.#options.policy : 'best-effort';
    return await deliver(events, sinks, { policy, timeoutSeconds: timeout });
  }

  async #events(ending: Ending): Promise<EnvsealEvent[]> {
    const { attempts } = this.#options;
    const place = this.#place;
    const now = Date.now();
    const durationMs = Math.round(performance.now() * 10) / 10;
    return await Promise.all(
      attempts.map(async (attempt) => {
        const data = { ...(await this.#data(attempt, ending)), place, durationMs };
        return accessEvent(attempt.source.uri, data, now);
      }),
    );
  }

  async #data(attempt: Attempt, ending: Ending): Promise<Omit<AccessData, 'place' | 'durationMs'>> {
    const { names, namesKey, command, system, principalOf } = this.#options;
    const { sealing, kmsKeys, version, requestIds, attempts, variables } = attempt;
    const reason = reasonOf(attempt, ending, this.#options.attempts);
    return {
      outcome: outcomeFor(reason),
      reason,
      sealing,
      kmsKeys,
      version,
      variables:
        variables === undefined ? null : describeNames([...variables.keys()], names, namesKey, system),
      principal: await principalOf(attempt).catch(() => null),
      command,
      requestIds,
      attempts,
      envseal: VERSION,
    };
  }
}

/** A source's own failure, then how the run ended: only a command that starts gets variables. */
function reasonOf(
  { error, isAbsent }: Attempt,
  { error: end, isSignal }: Ending,
  all: readonly Attempt[],
): Reason {
  if (error !== undefined) return error.code;
  if (isSignal) return 'signal';
  if (all.some((other) => other.error !== undefined)) return 'aborted';
  if (end !== undefined) return end instanceof EnvsealError ? end.code : 'internal';
  return isAbsent ? 'absent' : 'opened';
}

function outcomeFor(reason: Reason): Outcome {
  switch (reason) {
    case 'opened':
      return 'granted';
    case 'absent':
    case 'aborted':
    case 'signal':
      return 'failed';
    default:
      return outcomeOf(reason);
  }
}
