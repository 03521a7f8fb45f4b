/**
 * The answer to a request, with what this project uses of <https://fetch.spec.whatwg.org/#response-class>: the body is
 * read once, by one of `arrayBuffer`, `bytes`, `text`, `json` or the iteration over `body`.
 */
import type { BodyEnd } from '../../system/system.ts';

/** Where the bytes come from. */
export interface BodySource {
  /** So many bytes were taken: others may come. */
  used(bytes: number): void;
  /** No more is wanted. */
  cancel(): void;
}

export class ResponseBody {
  readonly #source: BodySource;
  readonly #chunks: Uint8Array<ArrayBuffer>[] = [];
  #state: 'open' | 'ended' | { readonly error: unknown } = 'open';
  #wake: (() => void) | undefined;
  locked = false;

  constructor(source: BodySource) {
    this.#source = source;
  }

  push(chunk: Uint8Array<ArrayBuffer>): void {
    this.#chunks.push(chunk);
    this.#wake?.();
  }

  end(): void {
    this.#state = 'ended';
    this.#wake?.();
  }

  /** What has come before is read first. */
  fail(error: unknown): void {
    if (this.#state !== 'open') return;
    this.#state = { error };
    this.#wake?.();
  }

  async cancel(): Promise<void> {
    this.#chunks.length = 0;
    if (this.#state !== 'open') return;
    this.end();
    this.#source.cancel();
  }

  /** Throws a TypeError when the body was read before. To stop early cancels it. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array<ArrayBuffer>, undefined> {
    this.#lock();
    try {
      for (;;) {
        const chunk = this.#take();
        if (chunk !== undefined) yield chunk;
        else if (this.#state === 'ended') return;
        else await this.#change();
      }
    } finally {
      await this.cancel();
    }
  }

  /** All that the iteration would give. To iterate takes an interpreter a promise more for each step. */
  async all(): Promise<Uint8Array<ArrayBuffer>[]> {
    this.#lock();
    const all: Uint8Array<ArrayBuffer>[] = [];
    for (;;) {
      const chunk = this.#take();
      if (chunk !== undefined) all.push(chunk);
      else if (this.#state === 'ended') return all;
      else await this.#change();
    }
  }

  #lock(): void {
    if (this.locked) throw new TypeError('the body was read before');
    this.locked = true;
  }

  /** `undefined` where nothing is there. Throws what the body has failed with, after what came before. */
  #take(): Uint8Array<ArrayBuffer> | undefined {
    const chunk = this.#chunks.shift();
    if (chunk !== undefined && this.#state === 'open') this.#source.used(chunk.length);
    if (chunk === undefined && typeof this.#state === 'object') throw this.#state.error;
    return chunk;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }
}

export interface ResponseInit {
  readonly status: number;
  readonly headers: Headers;
  readonly url: string;
  readonly endedBy: BodyEnd;
}

export class NetResponse {
  readonly status: number;
  readonly statusText = '';
  readonly headers: Headers;
  readonly url: string;
  readonly body: ResponseBody | null;
  /** See `BodyEnd`. */
  readonly endedBy: BodyEnd;

  constructor(body: ResponseBody | null, { status, headers, url, endedBy }: ResponseInit) {
    this.body = body;
    this.status = status;
    this.headers = headers;
    this.url = url;
    this.endedBy = endedBy;
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  get bodyUsed(): boolean {
    return this.body?.locked ?? false;
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.body === null ? new Uint8Array() : join(await this.body.all());
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    const bytes = await this.bytes();
    return bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;
  }

  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }
}

function join(chunks: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const [first] = chunks;
  if (first !== undefined && chunks.length === 1) return first;
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    all.set(chunk, offset);
    offset += chunk.length;
  }
  return all;
}
