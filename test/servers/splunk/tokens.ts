/** Tokens of the HTTP Event Collector, and what is acknowledged to whom. */

export interface HecToken {
  readonly token: string;
  /** Where events go that name no index. Default: `main`. */
  readonly index?: string;
  /** Those that events may name; none: any. */
  readonly indexes?: readonly string[];
  readonly disabled?: boolean;
  /** Indexer acknowledgement: every request needs a channel. */
  readonly ack?: boolean;
}

/**
 * What is acknowledged on each channel of each token. An id is `true` once, and forgotten.
 * https://help.splunk.com/en/splunk-enterprise/get-data-in/collect-http-event-data/about-http-event-collector-indexer-acknowledgment
 */
export class Acknowledgements {
  readonly #channels = new Map<string, { next: number; readonly polls: Map<number, number> }>();
  /** So many polls of an id say that it is not indexed yet. */
  pollsBefore = 0;

  /** The id of what has come in. */
  open(channel: string): number {
    const known = this.#channel(channel);
    const id = known.next++;
    known.polls.set(id, this.pollsBefore);
    return id;
  }

  poll(channel: string, id: number): boolean {
    const { polls } = this.#channel(channel);
    const left = polls.get(id);
    if (left === 0) polls.delete(id);
    else if (left !== undefined) polls.set(id, left - 1);
    return left === 0;
  }

  #channel(name: string) {
    const known = this.#channels.get(name) ?? { next: 0, polls: new Map<number, number>() };
    this.#channels.set(name, known);
    return known;
  }
}
