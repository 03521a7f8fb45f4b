/** Messages out of a stream of bytes. */

import { MalformedError } from './message.ts';

export type Framing = 'octet-counting' | 'terminated';

export interface Frame {
  readonly framing: Framing;
  readonly bytes: Buffer;
}

/** `MSG-LEN SP`: https://www.rfc-editor.org/rfc/rfc6587#section-3.4.1 */
const COUNT = /^([1-9]\d{0,8}) /;
const COUNT_BEGINS = /^([1-9]\d{0,8})?$/;
const LONGEST_COUNT = 10;
const TERMINATORS = [0x0a, 0x00];

export class Unframer {
  readonly #isTerminatedAllowed: boolean;
  #pending: Buffer = Buffer.alloc(0);

  /** A local socket may end each message with LF or NUL instead, as the C library does. */
  constructor(isTerminatedAllowed: boolean) {
    this.#isTerminatedAllowed = isTerminatedAllowed;
  }

  /** What does not belong to a whole frame yet. */
  get pending(): Buffer {
    return this.#pending;
  }

  /** Gives every frame that is whole now; throws a MalformedError for what can be no frame. */
  *push(piece: Buffer): Generator<Frame> {
    this.#pending = Buffer.concat([this.#pending, piece]);
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) yield frame;
  }

  #next(): Frame | undefined {
    if (this.#pending.length === 0) return undefined;
    if (this.#isTerminatedAllowed && this.#pending[0] === '<'.charCodeAt(0)) return this.#terminated();
    const start = this.#pending.toString('latin1', 0, LONGEST_COUNT);
    const [prefix = '', count] = COUNT.exec(start) ?? [];
    if (count !== undefined) return this.#cut('octet-counting', prefix.length, Number(count), 0);
    if (COUNT_BEGINS.test(start)) return undefined;
    throw new MalformedError('no octet count');
  }

  #terminated(): Frame | undefined {
    const end = this.#pending.findIndex((byte) => TERMINATORS.includes(byte));
    return end < 0 ? undefined : this.#cut('terminated', 0, end, 1);
  }

  #cut(framing: Framing, start: number, length: number, after: number): Frame | undefined {
    if (this.#pending.length < start + length + after) return undefined;
    const bytes = this.#pending.subarray(start, start + length);
    this.#pending = this.#pending.subarray(start + length + after);
    return { framing, bytes };
  }
}
