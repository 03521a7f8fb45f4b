/** The same by the host, without a text of all of them in between. */
import { natives } from '../platform/callbacks.ts';
import type { ByteString } from './byte-string.ts';
import { toByteString } from './bytes.ts';
import type { CStrings } from './c-strings.ts';

export function cStrings(bytes: readonly ByteString[], texts: readonly string[] = []): CStrings {
  return {
    count: bytes.length + texts.length,
    block: natives.joinEnded(bytes, texts),
    lists: {
      *[Symbol.iterator]() {
        yield bytes;
        yield texts.map(toByteString);
      },
    },
  };
}
