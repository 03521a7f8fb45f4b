import { EnvsealError } from '../errors.ts';

/**
 * The time that everything before the hand-over may take. `signal` aborts with an EnvsealError `timeout` when it is
 * over, or with the reason given to `abort` when another source has already failed.
 */
export class Deadline {
  #controller = new AbortController();
  readonly #seconds: number;
  #end = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param seconds from now */
  constructor(seconds: number) {
    this.#seconds = seconds;
    this.renew();
  }

  /** The whole time again from now, for what is done step by step; also after it was over. */
  renew(): void {
    const seconds = this.#seconds;
    if (this.signal.aborted) this.#controller = new AbortController();
    clearTimeout(this.#timer);
    this.#end = performance.now() + seconds * 1000;
    this.#timer = setTimeout(() => {
      // A timer can come a little early.
      this.#end = 0;
      const { code, message, hint } = endOfTime(seconds);
      this.abort(new EnvsealError(code, message, { hint }));
    }, seconds * 1000);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Never negative. */
  remainingMs(): number {
    return Math.max(0, this.#end - performance.now());
  }

  abort(reason: EnvsealError): void {
    clearTimeout(this.#timer);
    this.#controller.abort(reason);
  }

  /** Lets the process end. */
  clear(): void {
    clearTimeout(this.#timer);
  }
}

/** The parts of its error. */
export function endOfTime(seconds: number) {
  const hint = 'find out what does not answer, or raise --timeout';
  return { code: 'timeout', message: `timed out after ${seconds} s`, hint } as const;
}

/** Whether a failure is what ended this time, or a copy of it, and not one of its own. */
export function isEndOf({ signal }: Deadline, error: unknown): boolean {
  const { aborted, reason } = signal;
  return aborted && error instanceof EnvsealError && error.message === (reason as EnvsealError).message;
}

/** For what takes no signal: what it does after the deadline is left behind. */
export function withDeadline<T>(promise: Promise<T>, { signal }: Deadline): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
