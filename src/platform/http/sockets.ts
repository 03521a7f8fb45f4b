/** Streams and datagrams over the host's network. */
import type { StreamTarget } from '../../system/system.ts';
import type { NetNatives, NetTarget } from '../natives.ts';
import { NetError, type NetEvents } from './net-events.ts';

export class Sockets {
  readonly #natives: NetNatives;
  readonly #events: NetEvents;
  /** The number of a PEM bundle, as `HttpClient` has it. */
  readonly #trustOf: (ca: string | undefined) => number;

  constructor(natives: NetNatives, events: NetEvents, trustOf: (ca: string | undefined) => number) {
    this.#natives = natives;
    this.#events = events;
    this.#trustOf = trustOf;
  }

  /** See `System`. */
  async sendStream(target: StreamTarget, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw signal.reason;
    const number = this.#natives.startStream(this.#nativeTarget(target), bytes);
    let stop = (): void => {};
    const aborted = new Promise<never>((_, reject) => {
      stop = () => {
        this.#natives.cancelNet(number);
        this.#events.forget(number);
        reject(signal.reason);
      };
    });
    signal.addEventListener('abort', stop, { once: true });
    try {
      await Promise.race([this.#end(number), aborted]);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** See `System`. */
  async sendUdp(host: string, port: number, datagrams: readonly Uint8Array[]): Promise<void> {
    await this.#end(this.#natives.startDatagrams(host, port, datagrams));
  }

  #nativeTarget(target: StreamTarget): NetTarget {
    if ('path' in target) return target;
    const { host, port } = target;
    return { host, port, isSecure: 'ca' in target, trust: this.#trustOf(target.ca) };
  }

  #end(number: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#events.handle(number, (event) => {
        if (event[1] === 'end') resolve();
        if (event[1] === 'failure') reject(new NetError(event[2]));
      });
    });
  }
}
