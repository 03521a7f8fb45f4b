/** Faults of answers, and the requests that they affect. */

export interface Fault {
  /** Answer with this status and an error body of the service's own kind. */
  readonly status?: number;
  /** The error code in that body. */
  readonly code?: string;
  /** Headers to set on whatever is answered; null removes one. */
  readonly setHeaders?: Readonly<Record<string, string | null>>;
  /** Remove every `x-amz-server-side-encryption*` header. */
  readonly stripSse?: boolean;
  /** Replace `x-amz-checksum-*` by a well-formed checksum of other bytes. */
  readonly wrongChecksum?: boolean;
  /** Flip a bit in the middle of the body and leave the headers as they are. */
  readonly wrongBody?: boolean;
  /** Wait before the first byte. */
  readonly delayMs?: number;
  /** Never answer, and keep the connection open. */
  readonly hang?: boolean;
  /** Reset the connection (RST) instead of answering. */
  readonly resetBeforeHeaders?: boolean;
  /** Carry the request out before `status`, `hang` or `resetBeforeHeaders` hides that it was. */
  readonly applied?: boolean;

  // At most one of these: how the body goes out.
  /** Reset the connection (RST) after this many bytes of body. */
  readonly resetAfterBytes?: number;
  /** Declare the right length, send this many bytes, close in good order (FIN). */
  readonly truncateTo?: number;
  /** Declare this length and send the whole body, or declare none and end the body by closing. */
  readonly wrongLength?: number | 'none';
  /** Send the body this slowly. */
  readonly dripBytesPerSecond?: number;
  /** `Transfer-Encoding: chunked` instead of a length. */
  readonly chunked?: boolean;
  /** Declare 3 GB and send until the client goes away. */
  readonly hugeDeclared?: boolean;
  /** Declare nothing and send chunks until the client goes away. */
  readonly hugeChunked?: boolean;
}

export interface FaultRule extends Fault {
  /** A regular expression over `bucket/key` (S3), the path (metadata) or the action (STS, KMS); absent: every request. */
  readonly match?: string;
  readonly method?: string;
  /** How many requests it strikes. Default 1. */
  readonly count?: number | 'always';
  /** Strike only this share of the requests that match, 0 to 1. Default 1. */
  readonly probability?: number;
  /** Makes `probability` repeatable. Default 1. */
  readonly seed?: number;
}

interface Armed {
  readonly rule: FaultRule;
  readonly pattern: RegExp;
  readonly random: () => number;
  left: number;
}

const NONE: Fault = {};

/** Rules in the order they were added; the first that matches strikes, and one that is used up is gone. */
export class FaultList {
  #armed: Armed[] = [];

  add(rule: FaultRule): void {
    const { match = '', count = 1, seed = 1 } = rule;
    const left = count === 'always' ? Number.POSITIVE_INFINITY : count;
    this.#armed.push({ rule, pattern: new RegExp(match), random: seededRandom(seed), left });
  }

  next(method: string, subject: string): Fault {
    const armed = this.#armed.find((candidate) => strikes(candidate, method, subject));
    if (armed === undefined) return NONE;
    armed.left -= 1;
    this.#armed = this.#armed.filter(({ left }) => left > 0);
    return armed.rule;
  }

  clear(): void {
    this.#armed = [];
  }
}

function strikes({ rule, pattern, random }: Armed, method: string, subject: string): boolean {
  if (rule.method !== undefined && rule.method !== method) return false;
  return pattern.test(subject) && (rule.probability === undefined || random() < rule.probability);
}

/** mulberry32: enough to spread faults, and the same on every run. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
