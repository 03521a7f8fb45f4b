/** Collects events and gives them to the sinks in batches: a command that changes many files has one for each. */
import type { EnvsealError } from '../errors.ts';
import { deliver } from './deliver.ts';
import type { AuditEvent } from './event.ts';
import type { Sink } from './sink.ts';

/**
 * In JSON, in characters; CloudWatch Logs takes 1 MiB of UTF-8 with its envelopes.
 * https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
 */
const MAX_BATCH_LENGTH = 256 * 1024;
const MAX_BATCH_EVENTS = 64;
/** Batches on their way at the same time. */
const MAX_DELIVERIES = 3;

/** A sink that did not take the batch of an event, and why. */
export interface Refusal {
  readonly sink: Sink;
  readonly error: EnvsealError;
}

interface Waiting {
  readonly event: AuditEvent;
  readonly length: number;
  readonly resolve: (refusals: readonly Refusal[]) => void;
}

export class Outbox {
  readonly #sinks: readonly Sink[];
  readonly #timeoutSeconds: number;
  readonly #waiting: Waiting[] = [];
  #deliveries = 0;

  constructor(sinks: readonly Sink[], timeoutSeconds: number) {
    this.#sinks = sinks;
    this.#timeoutSeconds = timeoutSeconds;
  }

  /** Resolves when every sink has taken it or has failed. */
  send(event: AuditEvent): Promise<readonly Refusal[]> {
    return new Promise((resolve) => {
      this.#waiting.push({ event, length: JSON.stringify(event).length, resolve });
      // What comes in the same turn goes together.
      setImmediate(() => this.#start());
    });
  }

  #start(): void {
    while (this.#deliveries < MAX_DELIVERIES && this.#waiting.length > 0) {
      this.#deliveries += 1;
      const batch = this.#waiting.splice(0, this.#countOfNext());
      this.#deliver(batch.map(({ event }) => event)).then((refusals) => {
        for (const { resolve } of batch) resolve(refusals);
        this.#deliveries -= 1;
        this.#start();
      });
    }
  }

  #countOfNext(): number {
    let length = 0;
    const tooMany = this.#waiting.findIndex((each, index) => {
      length += each.length;
      return index > 0 && (index === MAX_BATCH_EVENTS || length > MAX_BATCH_LENGTH);
    });
    return tooMany < 0 ? this.#waiting.length : tooMany;
  }

  async #deliver(events: readonly AuditEvent[]): Promise<readonly Refusal[]> {
    const options = { policy: 'best-effort', timeoutSeconds: this.#timeoutSeconds } as const;
    const refusals = this.#sinks.map(async (sink) =>
      (await deliver(events, [sink], options)).map((error) => ({ sink, error })),
    );
    return (await Promise.all(refusals)).flat();
  }
}
