import { bytesOf, toByteString } from './bytes.ts';
import type { ByteString } from './system.ts';

/** What execve is given as arguments or as environment. */
export interface CStrings {
  readonly strings: readonly ByteString[];
  /** The same one after another, each with a NUL behind it; of none, a NUL that nothing points to. */
  readonly block: Uint8Array;
}

/**
 * `bytes` as they are, and behind them `texts` in UTF-8; none holds a NUL. A file can have thousands of variables, so
 * that this does little for each and the rest for all at once.
 */
export function cStrings(bytes: readonly ByteString[], texts: readonly string[] = []): CStrings {
  const strings = bytes.concat(texts);
  const all = `${strings.join('\0')}\0`;
  const block = encoder.encode(all);
  // ASCII is the same in both, and most files are nothing else.
  if (block.length === all.length) return { strings, block };
  const encoded = bytes.concat(texts.length === 0 ? [] : toByteString(texts.join('\0')).split('\0'));
  return { strings: encoded, block: bytesOf(`${encoded.join('\0')}\0`) };
}

const encoder = new TextEncoder();

/**
 * A NULL-terminated `char *const []` for strings whose block is at an address, good as long as somebody holds that. In
 * halves of 32 bits, little-endian as x86-64 and arm64 are: thousands of BigInts would take milliseconds.
 */
export function pointersTo(strings: readonly ByteString[], address: number): Uint32Array {
  const end = 2 * strings.length;
  const halves = new Uint32Array(end + 2);
  let low = address % 2 ** 32;
  // The upper halves are the same nearly always.
  halves[1] = address / 2 ** 32;
  for (let done = 2; done < end; done *= 2) halves.copyWithin(done, 0, Math.min(done, end - done));
  for (let i = 0; i < strings.length; i++) {
    halves[2 * i] = low;
    low += (strings[i] as ByteString).length + 1;
  }
  if (strings.length === 0) halves[1] = 0;
  else if (low > 2 ** 32) carry(halves, end);
  return halves;
}

/** Where the block lies across 4 GiB, the lower halves began anew. */
function carry(halves: Uint32Array, end: number): void {
  const first = halves[0] as number;
  for (let i = 0; i < end; i += 2)
    if ((halves[i] as number) < first) halves[i + 1] = (halves[1] as number) + 1;
}
