/** The encryption context, which binds a ciphertext to more than its key. Pure. */
import { EnvsealError } from '../errors.ts';
import { locationOf, parseSource, SOURCE_START, type Source } from '../source-uri.ts';

export type EncryptionContext = Readonly<Record<string, string>>;

/** `K=V` of `--encryption-context`. Throws `usage`; the pair is not shown. */
export function parseEncryptionContext(pairs: readonly string[]): EncryptionContext {
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf('=');
      if (equals > 0) return [pair.slice(0, equals), pair.slice(equals + 1)];
      throw new EnvsealError('usage', 'invalid encryption context: expected NAME=VALUE', {
        hint: '--encryption-context app=snacks; repeat the flag for more',
      });
    }),
  );
}

/**
 * Throws `misplaced` when a value names another source than this one: the file was copied, from dev to prod,
 * say.
 */
export function refuseOtherPlace(context: EncryptionContext, source: Source): void {
  for (const value of Object.values(context)) {
    const place = placeOf(value);
    if (place === undefined || place === locationOf(source)) continue;
    throw new EnvsealError('misplaced', `${source.uri} was sealed for ${value}`, {
      hint: 'someone copied it from there: investigate; if intended, seal it again for this location',
    });
  }
}

/** `undefined` for a value that names no source. */
function placeOf(value: string): string | undefined {
  if (!SOURCE_START.test(value)) return undefined;
  try {
    return locationOf(parseSource(value));
  } catch {
    // A bucket alone, say: no source is there.
    return value;
  }
}
