import { bytesOf, toByteString } from './bytes.ts';
import type { ByteString } from './system.ts';

/** What execve is given as arguments or as environment. */
export interface CStrings {
  readonly strings: readonly ByteString[];
  /** The same one after another, each with a NUL behind it. */
  readonly block: Uint8Array;
}

/**
 * `bytes` as they are, and behind them `texts` in UTF-8; none holds a NUL. A file can have thousands of variables, so
 * that this does little for each and the rest for all at once.
 */
export function cStrings(bytes: readonly ByteString[], texts: readonly string[] = []): CStrings {
  const strings = bytes.concat(texts);
  if (strings.length === 0) return { strings, block: new Uint8Array(0) };
  const all = `${strings.join('\0')}\0`;
  const block = encoder.encode(all);
  // ASCII is the same in both, and most files are nothing else.
  if (block.length === all.length) return { strings, block };
  const encoded = bytes.concat(texts.length === 0 ? [] : toByteString(texts.join('\0')).split('\0'));
  return { strings: encoded, block: bytesOf(`${encoded.join('\0')}\0`) };
}

const encoder = new TextEncoder();
