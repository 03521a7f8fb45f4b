/** Events of what a command does to files, one for each. Loaded if there is a sink. */
import { EnvsealError } from '../errors.ts';
import type { Source } from '../source-uri.ts';
import { CLOUD_OF, type CredentialsOf, decidedNow, draftAll, type Ending } from './access-draft.ts';
import type { Attempt } from './attempt.ts';
import { type ChangeAttempt, newChangeAttempt } from './change-attempt.ts';
import { type ChangeDraft, fromChangeDraft } from './change-draft.ts';
import { undelivered } from './deliver.ts';
import type { Change, ChangeReason } from './event.ts';
import { type EventOptions, fromDraft } from './from-draft.ts';
import { Outbox, type Refusal } from './outbox.ts';
import type { Sink } from './sink.ts';

export interface ChangeRecorderOptions extends EventOptions {
  readonly sinks: readonly Sink[];
  /** A sink that does not take an event is an error. */
  readonly isRequired: boolean;
  /** Time limit of a delivery, in seconds. */
  readonly timeout: number;
  readonly credentialsOf: CredentialsOf;
  /** Called for a failure that does not end the command; once for each sink. */
  readonly warn: (warning: EnvsealError) => void;
}

/**
 * Reports how an access ended. Throws `undelivered` if its event is required and was not taken: then nothing
 * is shown.
 */
export type ReportAccess = (ending: Ending) => Promise<void>;

export class ChangeRecorder {
  readonly #options: ChangeRecorderOptions;
  readonly #outbox: Outbox;
  /** What a signal would end; each entry sends that event. */
  readonly #inProgress = new Map<object, () => Promise<unknown>>();
  readonly #deliveries = new Set<Promise<unknown>>();
  readonly #warned = new Set<Sink>();
  /** Why nothing more is changed: a required event of an earlier change was not taken. */
  #undelivered: { readonly subject: string; readonly failures: readonly EnvsealError[] } | undefined;
  #isStopped = false;

  constructor(options: ChangeRecorderOptions) {
    this.#options = options;
    this.#outbox = new Outbox(options.sinks, options.timeout);
  }

  /**
   * A change that is in progress until `finish` or `drop`; what makes it fills the attempt in. Throws
   * `undelivered` after a change whose event is required and was not taken.
   */
  begin(source: Source, change: Change): ChangeAttempt {
    if (this.#undelivered !== undefined)
      throw notBegun(source.uri, this.#undelivered.subject, this.#undelivered.failures);
    const attempt = newChangeAttempt(source, change);
    this.#inProgress.set(attempt, () => this.#sendChange(toDraft(attempt, 'signal')));
    return attempt;
  }

  /**
   * Reports that a change is done, or why not. Resolves when the sinks have its event, or a warning says
   * which have not; if it is required and the change is done, throws `undelivered` instead: the file stays
   * changed.
   */
  async finish(attempt: ChangeAttempt, error?: unknown): Promise<void> {
    this.#inProgress.delete(attempt);
    if (error === undefined) return await this.changed(toDraft(attempt, 'done'));
    // The event that a signal ended it was sent already.
    await this.#haltIfStopped();
    const { code = 'internal', requestIds = [] } = error instanceof EnvsealError ? error : {};
    if (attempt.requestIds.length === 0) attempt.requestIds = requestIds;
    await this.changed(toDraft(attempt, code));
  }

  /** For what turned out to change nothing: no event is sent. */
  drop(attempt: ChangeAttempt): void {
    this.#inProgress.delete(attempt);
  }

  /** Does what `finish` does, for a change without `begin`. */
  async changed(draft: ChangeDraft): Promise<void> {
    const refusals = await this.#sendChange(draft);
    await this.#haltIfStopped();
    const isDone = draft.reason === 'done';
    if (!isDone || !this.#options.isRequired || refusals.length === 0) return this.#warn(refusals);
    const failures = errorsOf(refusals);
    this.#undelivered ??= { subject: draft.subject, failures };
    throw undelivered(`${draft.subject} was changed, but its event was not delivered`, failures, REMEDY);
  }

  /**
   * Values that are opened to be shown. `command` is `envseal get` and its like. The result reports how the
   * attempts ended, and is awaited before anything is shown.
   */
  access(command: string, attempts: readonly Attempt[]): ReportAccess {
    const send = (ending: Ending) => this.#sendAccess(attempts, command, ending);
    this.#inProgress.set(send, () => send({ isSignal: true }));
    return async (ending) => {
      this.#inProgress.delete(send);
      await this.#haltIfStopped();
      const refusals = await send(ending);
      await this.#haltIfStopped();
      if (ending.error !== undefined || !this.#options.isRequired || refusals.length === 0)
        return this.#warn(refusals);
      const error = undelivered('the access event was not delivered', errorsOf(refusals), REMEDY);
      // The sinks that took it learn that nothing was shown.
      await send({ error });
      throw error;
    };
  }

  /**
   * For a signal: reports that it ended what is in progress, and waits until every event is sent. From then
   * on nothing of this resolves any more, so that the command neither continues nor ends as if it was done;
   * what is done anyway is still reported.
   */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const send of this.#inProgress.values()) send();
    while (this.#deliveries.size > 0) await Promise.allSettled(this.#deliveries);
  }

  #sendChange(draft: ChangeDraft): Promise<readonly Refusal[]> {
    const now = decidedNow();
    return this.#track(async () => {
      const credentials = await this.#options.credentialsOf(draft.cloud).catch(() => null);
      return await this.#outbox.send(fromChangeDraft(draft, { ...now, credentials }, this.#options));
    });
  }

  #sendAccess(attempts: readonly Attempt[], command: string, ending: Ending): Promise<readonly Refusal[]> {
    return this.#track(async () => {
      const drafts = await draftAll(attempts, ending, command, this.#options.credentialsOf);
      const sent = drafts.map((draft) => this.#outbox.send(fromDraft(draft, this.#options)));
      return (await Promise.all(sent)).flat();
    });
  }

  #track<T>(send: () => Promise<T>): Promise<T> {
    const delivery = send();
    this.#deliveries.add(delivery);
    delivery.catch(() => {}).finally(() => this.#deliveries.delete(delivery));
    return delivery;
  }

  #warn(refusals: readonly Refusal[]): void {
    for (const { sink, error } of refusals) {
      if (!this.#warned.has(sink)) this.#options.warn(error);
      this.#warned.add(sink);
    }
  }

  async #haltIfStopped(): Promise<void> {
    if (this.#isStopped) await new Promise(() => {});
  }
}

const REMEDY = 'use --event-policy best-effort to continue without it';

function toDraft(attempt: ChangeAttempt, reason: ChangeReason): ChangeDraft {
  const { source, ...known } = attempt;
  return { ...known, reason, subject: source.uri, cloud: CLOUD_OF[source.scheme] };
}

function notBegun(uri: string, subject: string, failures: readonly EnvsealError[]): EnvsealError {
  const problem = `${uri} was not changed, because the event of ${subject} was not delivered`;
  return undelivered(problem, failures, REMEDY);
}

/** One for each sink. */
function errorsOf(refusals: readonly Refusal[]): EnvsealError[] {
  return [...new Map(refusals.map(({ sink, error }) => [sink, error])).values()];
}
