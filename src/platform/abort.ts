/** AbortController and AbortSignal. <https://dom.spec.whatwg.org/#aborting-ongoing-activities> */
import { Event, EventTarget } from './events.ts';
import { setTimeout } from './timers.ts';

/** Keeps `new AbortSignal()` to this file, as the standard wants it. */
const INSIDE = Symbol();

let abortSignal: (signal: AbortSignal, reason: unknown) => void;

export class AbortSignal extends EventTarget {
  #isAborted = false;
  #reason: unknown;
  /** Made by `any`: none of them has dependents of its own, because those depend on its sources. */
  #dependents: AbortSignal[] = [];
  /** Only a signal that `any` made has these. */
  #sources: AbortSignal[] | undefined;
  onabort: ((event: Event) => void) | null = null;

  constructor(inside?: typeof INSIDE) {
    if (inside !== INSIDE) throw new TypeError('Illegal constructor');
    super();
  }

  static {
    abortSignal = (signal, reason) => signal.#abort(reason);
  }

  static abort(reason?: unknown): AbortSignal {
    const signal = new AbortSignal(INSIDE);
    signal.#isAborted = true;
    signal.#reason = reason === undefined ? aborted() : reason;
    return signal;
  }

  static timeout(ms: number): AbortSignal {
    if (!(ms >= 0 && ms <= Number.MAX_SAFE_INTEGER)) throw new RangeError('the time is out of range');
    const signal = new AbortSignal(INSIDE);
    const end = () =>
      signal.#abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
    setTimeout(end, ms);
    return signal;
  }

  static any(signals: Iterable<AbortSignal>): AbortSignal {
    const all = [...signals];
    const first = all.find((signal) => signal.aborted);
    if (first !== undefined) return AbortSignal.abort(first.reason);
    const signal = new AbortSignal(INSIDE);
    signal.#sources = [...new Set(all.flatMap((source) => source.#sources ?? [source]))];
    for (const source of signal.#sources) source.#dependents.push(signal);
    return signal;
  }

  get aborted(): boolean {
    return this.#isAborted;
  }

  get reason(): unknown {
    return this.#reason;
  }

  throwIfAborted(): void {
    if (this.#isAborted) throw this.#reason;
  }

  /** All signals are aborted before the first listener hears of it. */
  #abort(reason: unknown): void {
    if (this.#isAborted) return;
    const reached = [this, ...this.#dependents.filter((signal) => !signal.#isAborted)];
    this.#dependents = [];
    for (const signal of reached) {
      signal.#isAborted = true;
      signal.#reason = reason;
    }
    for (const signal of reached) signal.#tell();
  }

  #tell(): void {
    const event = new Event('abort');
    if (this.onabort !== null) this.addEventListener('abort', this.onabort, { once: true });
    this.dispatchEvent(event);
  }
}

export class AbortController {
  readonly signal = new AbortSignal(INSIDE);

  abort(reason?: unknown): void {
    abortSignal(this.signal, reason === undefined ? aborted() : reason);
  }
}

function aborted(): DOMException {
  return new DOMException('This operation was aborted', 'AbortError');
}
