/** Tells the sinks what a command does to files, an event for each. Loaded where there is a sink. */
import { EnvsealError } from '../errors.ts';
import type { Source } from '../source.ts';
import { type CredentialsOf, cloudOf, decidedNow, draftAll, type Ending } from './access.ts';
import type { Attempt } from './attempt.ts';
import { type ChangeDraft, fromChangeDraft } from './change.ts';
import { type ChangeAttempt, newChangeAttempt } from './change-attempt.ts';
import { undelivered } from './deliver.ts';
import type { Change, ChangeReason } from './event.ts';
import { type EventOptions, fromDraft } from './from-draft.ts';
import { Outbox, type Refusal } from './outbox.ts';
import type { Sink } from './sink.ts';

export interface ChangeRecorderOptions extends EventOptions {
  readonly sinks: readonly Sink[];
  /** A sink that does not take an event is an error. */
  readonly isRequired: boolean;
  /** Of a delivery, in seconds. */
  readonly timeout: number;
  readonly credentialsOf: CredentialsOf;
  /** What does not end the command; once for each sink. */
  readonly warn: (warning: EnvsealError) => void;
}

/** How an access ended. Throws `undelivered` where its event is required and was not taken: then nothing is shown. */
export type TellAccess = (ending: Ending) => Promise<void>;

export class ChangeRecorder {
  readonly #options: ChangeRecorderOptions;
  readonly #outbox: Outbox;
  /** What a signal would end: each tells so. */
  readonly #underWay = new Map<object, () => Promise<unknown>>();
  readonly #telling = new Set<Promise<unknown>>();
  readonly #warned = new Set<Sink>();
  /** Why nothing more is changed: of a file that was, the event is required and was not taken. */
  #untold: { readonly subject: string; readonly failures: readonly EnvsealError[] } | undefined;
  #isStopped = false;

  constructor(options: ChangeRecorderOptions) {
    this.#options = options;
    this.#outbox = new Outbox(options.sinks, options.timeout);
  }

  /**
   * A change that is under way until `finish` or `drop`; what makes it fills the attempt in. Throws `undelivered` after a
   * change whose event is required and was not taken.
   */
  begin(source: Source, change: Change): ChangeAttempt {
    if (this.#untold !== undefined) throw notBegun(source.uri, this.#untold.subject, this.#untold.failures);
    const attempt = newChangeAttempt(source, change);
    this.#underWay.set(attempt, () => this.#tellChange(toDraft(attempt, 'signal')));
    return attempt;
  }

  /**
   * Tells that a change is done, or with an error why not. Resolves when the sinks have its event, or a warning says which
   * has not; where it is required and the change is done, throws `undelivered` instead: the file stays changed.
   */
  async finish(attempt: ChangeAttempt, error?: unknown): Promise<void> {
    this.#underWay.delete(attempt);
    if (error === undefined) return await this.changed(toDraft(attempt, 'done'));
    // It is told already that a signal ended it.
    await this.#goOn();
    const { code = 'internal', requestIds = [] } = error instanceof EnvsealError ? error : {};
    if (attempt.requestIds.length === 0) attempt.requestIds = requestIds;
    await this.changed(toDraft(attempt, code));
  }

  /** For what turned out to change nothing: nothing is told. */
  drop(attempt: ChangeAttempt): void {
    this.#underWay.delete(attempt);
  }

  /** What `finish` does, for a change that nothing was told of before. */
  async changed(draft: ChangeDraft): Promise<void> {
    const refusals = await this.#tellChange(draft);
    await this.#goOn();
    const isDone = draft.reason === 'done';
    if (!isDone || !this.#options.isRequired || refusals.length === 0) return this.#warn(refusals);
    const failures = errorsOf(refusals);
    this.#untold ??= { subject: draft.subject, failures };
    throw undelivered(`${draft.subject} was changed, but its event was not delivered`, failures, REMEDY);
  }

  /**
   * Values that are opened for people. `command` is `envseal get` and its like. What comes back tells how the attempts
   * ended, and is waited for before anything is shown.
   */
  access(command: string, attempts: readonly Attempt[]): TellAccess {
    const tell = (ending: Ending) => this.#tellAccess(attempts, command, ending);
    this.#underWay.set(tell, () => tell({ isSignal: true }));
    return async (ending) => {
      this.#underWay.delete(tell);
      await this.#goOn();
      const refusals = await tell(ending);
      await this.#goOn();
      if (ending.error !== undefined || !this.#options.isRequired || refusals.length === 0)
        return this.#warn(refusals);
      const error = undelivered('the access event was not delivered', errorsOf(refusals), REMEDY);
      // Those that took it hear that nobody got to see anything.
      await tell({ error });
      throw error;
    };
  }

  /**
   * For a signal: tells that it ended what is under way, and waits until all is told. From then on nothing of this
   * resolves any more, so that the command neither goes on nor ends as if it was done; what is done all the same is told.
   */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const tell of this.#underWay.values()) tell();
    while (this.#telling.size > 0) await Promise.allSettled(this.#telling);
  }

  #tellChange(draft: ChangeDraft): Promise<readonly Refusal[]> {
    const now = decidedNow();
    return this.#track(async () => {
      const credentials = await this.#options.credentialsOf(draft.cloud).catch(() => null);
      return await this.#outbox.send(fromChangeDraft(draft, { ...now, credentials }, this.#options));
    });
  }

  #tellAccess(attempts: readonly Attempt[], command: string, ending: Ending): Promise<readonly Refusal[]> {
    return this.#track(async () => {
      const drafts = await draftAll(attempts, ending, command, this.#options.credentialsOf);
      const sent = drafts.map((draft) => this.#outbox.send(fromDraft(draft, this.#options)));
      return (await Promise.all(sent)).flat();
    });
  }

  #track<T>(tell: () => Promise<T>): Promise<T> {
    const telling = tell();
    this.#telling.add(telling);
    telling.catch(() => {}).finally(() => this.#telling.delete(telling));
    return telling;
  }

  #warn(refusals: readonly Refusal[]): void {
    for (const { sink, error } of refusals) {
      if (!this.#warned.has(sink)) this.#options.warn(error);
      this.#warned.add(sink);
    }
  }

  async #goOn(): Promise<void> {
    if (this.#isStopped) await new Promise(() => {});
  }
}

const REMEDY = '--event-policy best-effort goes on without it';

function toDraft(attempt: ChangeAttempt, reason: ChangeReason): ChangeDraft {
  const { source, ...known } = attempt;
  return { ...known, reason, subject: source.uri, cloud: cloudOf(source) };
}

function notBegun(uri: string, subject: string, failures: readonly EnvsealError[]): EnvsealError {
  const problem = `${uri} was not changed, because the event of ${subject} was not delivered`;
  return undelivered(problem, failures, REMEDY);
}

/** One for each sink. */
function errorsOf(refusals: readonly Refusal[]): EnvsealError[] {
  return [...new Map(refusals.map(({ sink, error }) => [sink, error])).values()];
}
