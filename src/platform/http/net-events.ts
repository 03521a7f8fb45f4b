/** Dispatch of network events. */
import type { NetEvent } from '../natives.ts';

/** What failed, by a code that Node or the kernel has too. */
export class NetError extends Error {
  override readonly name = 'NetError';
  readonly code: string;
  /** A proxy's answer to CONNECT, with `ERR_PROXY_TUNNEL`. */
  readonly status: number | undefined;
  constructor(code: string, status?: number) {
    super(code);
    this.code = code;
    this.status = status;
  }
}

export type NetHandler = (event: NetEvent) => void;

export class NetEvents {
  readonly #handlers = new Map<number, NetHandler>();

  /** Until the `end` or `failure`, or `forget`. */
  handle(number: number, handler: NetHandler): void {
    this.#handlers.set(number, handler);
  }

  forget(number: number): void {
    this.#handlers.delete(number);
  }

  /** For `callbacks.net`. */
  receive(event: NetEvent): void {
    const { 0: number, 1: kind } = event;
    const handler = this.#handlers.get(number);
    if (kind === 'end' || kind === 'failure') this.#handlers.delete(number);
    handler?.(event);
  }
}
