/**
 * The part of Node's Buffer that the product uses. What Node's does otherwise than Uint8Array, and this does not have,
 * throws. <https://nodejs.org/api/buffer.html>
 */
import { bytesOfSource } from './buffer-source.ts';
import { natives } from './callbacks.ts';

type Bytes = Uint8Array<ArrayBuffer>;
/** Without the static functions, of which `from` is another one here. */
const Base = Uint8Array as unknown as {
  new (length: number): Bytes;
  new (buffer: ArrayBuffer, offset?: number, length?: number): Bytes;
};

interface Encoding {
  encode(text: string): Bytes;
  decode(bytes: Uint8Array): string;
}

/** ECMAScript's own, which QuickJS and Node from 25 on have. */
interface Native {
  toHex(): string;
  toBase64(options?: { alphabet?: string; omitPadding?: boolean }): string;
}
const nativeOf = (bytes: Uint8Array) => bytes as unknown as Native;
const { fromHex } = Uint8Array as unknown as { fromHex(text: string): Bytes };

const UTF8: Encoding = {
  encode: (text) => natives.encodeUtf8(text),
  decode: (bytes) => natives.decodeUtf8(bytes, false) as string,
};
const LATIN1: Encoding = {
  encode: (text) => natives.encodeLatin1(text),
  decode: (bytes) => natives.decodeLatin1(bytes),
};
const BASE64: Encoding = {
  encode: (text) => natives.decodeBase64(text),
  decode: (bytes) => nativeOf(bytes).toBase64(),
};
const BASE64URL: Encoding = {
  encode: BASE64.encode,
  decode: (bytes) => nativeOf(bytes).toBase64({ alphabet: 'base64url', omitPadding: true }),
};
const HEX: Encoding = {
  encode(text) {
    // Node takes the lower byte of each character.
    if (/[^\0-\x7f]/.test(text)) throw new TypeError('hexadecimal digits are ASCII');
    // Up to the first pair that is none.
    return fromHex.call(Uint8Array, /^(?:[0-9A-Fa-f]{2})*/.exec(text)?.[0] ?? '');
  },
  decode: (bytes) => nativeOf(bytes).toHex(),
};
const ENCODINGS: Readonly<Record<string, Encoding>> = {
  utf8: UTF8,
  'utf-8': UTF8,
  latin1: LATIN1,
  binary: LATIN1,
  base64: BASE64,
  base64url: BASE64URL,
  hex: HEX,
};

type Source = string | ArrayBuffer | Uint8Array | readonly number[];

export class Buffer extends Base {
  static from(source: Source, encodingOrOffset?: string | number, length?: number): Buffer {
    if (typeof source === 'string') return viewOf(encodingNamed(encodingOrOffset).encode(source));
    if (source instanceof ArrayBuffer) return fromArrayBuffer(source, encodingOrOffset, length);
    if (!(source instanceof Uint8Array) && !Array.isArray(source)) throw unsupported('from');
    const copy = new Buffer(source.length);
    copy.set(source);
    return copy;
  }

  static alloc(length: number, fill?: never): Buffer {
    if (fill !== undefined) throw unsupported('alloc');
    return new Buffer(length);
  }

  /** Zeros, too. */
  static allocUnsafe(length: number): Buffer {
    return new Buffer(length);
  }

  static byteLength(source: string | Uint8Array, encoding?: string): number {
    return typeof source === 'string'
      ? encodingNamed(encoding).encode(source).length
      : bytesOfSource(source).length;
  }

  static isBuffer(value: unknown): boolean {
    return value instanceof Buffer;
  }

  static concat(list: readonly Uint8Array[], length?: never): Buffer {
    if (length !== undefined) throw unsupported('concat');
    const all = new Buffer(list.reduce((sum, bytes) => sum + bytes.length, 0));
    let at = 0;
    for (const bytes of list) {
      all.set(bytes, at);
      at += bytes.length;
    }
    return all;
  }

  static compare(first: Uint8Array, second: Uint8Array): -1 | 0 | 1 {
    const length = Math.min(first.length, second.length);
    for (let i = 0; i < length; i++) {
      const difference = (first[i] as number) - (second[i] as number);
      if (difference !== 0) return difference < 0 ? -1 : 1;
    }
    return first.length === second.length ? 0 : first.length < second.length ? -1 : 1;
  }

  override toString(encoding?: string, start = 0, end = this.length): string {
    const bytes =
      start === 0 && end === this.length ? this : this.subarray(inside(start, this), inside(end, this));
    return encodingNamed(encoding).decode(bytes);
  }

  override subarray(start?: number, end?: number): Buffer {
    return viewOf(super.subarray(start, end));
  }

  toJSON(): { type: 'Buffer'; data: number[] } {
    return { type: 'Buffer', data: [...this] };
  }

  equals(other: Uint8Array): boolean {
    return this.length === other.length && Buffer.compare(this, other) === 0;
  }

  writeUInt32BE(value: number, at = 0): number {
    if (!(value >= 0 && value <= 0xffffffff)) throw new RangeError('the value is out of range');
    dataOf(this).setUint32(at, value);
    return at + 4;
  }

  readUInt32BE(at = 0): number {
    return dataOf(this).getUint32(at);
  }

  readUInt32LE(at = 0): number {
    return dataOf(this).getUint32(at, true);
  }

  /** Node's shares memory. */
  override slice(): never {
    throw unsupported('slice');
  }

  /** The next four take text in Node. */
  override indexOf(byte: number, from?: number): number {
    return super.indexOf(number(byte), from);
  }

  override lastIndexOf(byte: number, ...from: [number?]): number {
    return (super.lastIndexOf as (byte: number, from?: number) => number)(number(byte), ...from);
  }

  override includes(byte: number, from?: number): boolean {
    return super.includes(number(byte), from);
  }

  override fill(byte: number, start?: number, end?: number): this {
    return super.fill(number(byte), start, end);
  }

  override toLocaleString(): never {
    throw unsupported('toLocaleString');
  }
}

function viewOf(bytes: Bytes): Buffer {
  return bytes instanceof Buffer ? bytes : new Buffer(bytes.buffer, bytes.byteOffset, bytes.length);
}

function fromArrayBuffer(buffer: ArrayBuffer, offset: unknown, length: number | undefined): Buffer {
  if (offset !== undefined && typeof offset !== 'number') throw unsupported('from');
  return new Buffer(buffer, offset ?? 0, length);
}

function encodingNamed(name: unknown): Encoding {
  const known = name === undefined || name === 'utf8' ? UTF8 : ENCODINGS[String(name).toLowerCase()];
  if (known === undefined) throw new TypeError('unknown encoding');
  return known;
}

function dataOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function inside(index: number, { length }: Buffer): number {
  if (Number.isInteger(index) && index >= 0 && index <= length) return index;
  throw new RangeError('the index is outside of the buffer');
}

function number(value: unknown): number {
  if (typeof value === 'number') return value;
  throw unsupported('anything but numbers');
}

function unsupported(what: string): TypeError {
  return new TypeError(`this Buffer has no ${what}`);
}
