/** TextEncoder and TextDecoder, of UTF-8 alone. <https://encoding.spec.whatwg.org/> */
import { bytesOfSource } from './buffer-source.ts';
import { natives } from './callbacks.ts';

const BOM = 0xfeff;
/** https://encoding.spec.whatwg.org/#names-and-labels */
const LABELS = ['utf-8', 'utf8', 'unicode-1-1-utf-8', 'unicode11utf8', 'unicode20utf8', 'x-unicode20utf8'];

export class TextEncoder {
  get encoding(): string {
    return 'utf-8';
  }

  encode(text = ''): Uint8Array<ArrayBuffer> {
    return natives.encodeUtf8(String(text));
  }
}

export class TextDecoder {
  readonly #isFatal: boolean;
  readonly #keepsBom: boolean;

  /** Throws RangeError for any other encoding. */
  constructor(label = 'utf-8', { fatal = false, ignoreBOM = false }: TextDecoderOptions = {}) {
    if (label !== 'utf-8' && !LABELS.includes(trim(label))) throw new RangeError('only UTF-8 can be decoded');
    this.#isFatal = fatal;
    this.#keepsBom = ignoreBOM;
  }

  get encoding(): string {
    return 'utf-8';
  }

  get fatal(): boolean {
    return this.#isFatal;
  }

  get ignoreBOM(): boolean {
    return this.#keepsBom;
  }

  /** Throws TypeError for what is not UTF-8 where that is fatal, and for a stream, which nothing here has. */
  decode(source?: AllowSharedBufferSource, { stream = false }: TextDecodeOptions = {}): string {
    if (stream) throw new TypeError('a stream cannot be decoded');
    if (source === undefined) return '';
    const text = natives.decodeUtf8(bytesOfSource(source), this.#isFatal);
    if (text === undefined) throw new TypeError('not UTF-8');
    return !this.#keepsBom && text.charCodeAt(0) === BOM ? text.slice(1) : text;
  }
}

function trim(label: string): string {
  return String(label)
    .replace(/^[\t\n\f\r ]+|[\t\n\f\r ]+$/g, '')
    .toLowerCase();
}
