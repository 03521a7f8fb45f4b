import type { ByteString } from './byte-string.ts';
import { bytesOf, toByteString } from './bytes.ts';

/** Arguments or environment for execve. */
export interface CStrings {
  readonly count: number;
  /** One after another, each with a NUL behind it. */
  readonly block: Uint8Array;
  /** The same ones, list after list: to make one of thousands is a pass over them, and seldom needed. */
  readonly lists: Iterable<readonly ByteString[]>;
}

/**
 * `bytes` as they are, and behind them `texts` in UTF-8; none holds a NUL. A file can have thousands of variables, so
 * that this does little for each and the rest for all at once.
 */
export function cStrings(bytes: readonly ByteString[], texts: readonly string[] = []): CStrings {
  const count = bytes.length + texts.length;
  const all = ended(bytes) + ended(texts);
  const block = encoder.encode(all);
  // ASCII is the same in both, and most files are nothing else.
  if (block.length === all.length) return { count, block, lists: [bytes, texts] };
  const encoded = texts.length === 0 ? [] : toByteString(texts.join('\0')).split('\0');
  return { count, block: bytesOf(ended(bytes) + ended(encoded)), lists: [bytes, encoded] };
}

/** Each with its NUL. */
function ended(strings: readonly string[]): string {
  return strings.length === 0 ? '' : `${strings.join('\0')}\0`;
}

const encoder = new TextEncoder();
