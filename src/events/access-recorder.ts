/**
 * One event for each source of a run, sent to every sink when its outcome is known. Loaded if there is a
 * sink.
 */
import type { EnvsealError } from '../errors.ts';
import { type CredentialsOf, draftAll, type Ending } from './access-draft.ts';
import type { Attempt } from './attempt.ts';
import { deliver } from './deliver.ts';
import type { AccessEvent } from './event.ts';
import { type EventOptions, fromDraft } from './from-draft.ts';
import type { Sink } from './sink.ts';

export interface RecorderOptions extends EventOptions {
  readonly attempts: readonly Attempt[];
  readonly sinks: readonly Sink[];
  readonly policy: 'best-effort' | 'required';
  /** Time limit of a delivery, in seconds. */
  readonly timeout: number;
  /** argv[0] of the command. */
  readonly command: string;
  readonly credentialsOf: CredentialsOf;
}

export class Recorder {
  readonly #options: RecorderOptions;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** Returns why sinks did not take it; where the command would start and they are `required`, it throws `undelivered`. */
  async finish(ending: Ending): Promise<readonly EnvsealError[]> {
    const { sinks, timeout } = this.#options;
    // The error that ends the run anyway is reported first.
    const isStart = ending.error === undefined && !ending.isSignal;
    const policy = isStart ? this.#options.policy : 'best-effort';
    return await deliver(await this.#events(ending), sinks, { policy, timeoutSeconds: timeout });
  }

  async #events(ending: Ending): Promise<AccessEvent[]> {
    const { attempts, command, credentialsOf } = this.#options;
    const drafts = await draftAll(attempts, ending, command, credentialsOf);
    return drafts.map((draft) => fromDraft(draft, this.#options));
  }
}
