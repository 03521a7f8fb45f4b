/** What a ciphertext is bound to besides its key. Pure. */
import { EnvsealError } from '../errors.ts';
import { locationOf, parseSource, type Source } from '../source.ts';

export type EncryptionContext = Readonly<Record<string, string>>;

/** `K=V` of `--encryption-context`. Throws `usage`; the pair is not shown. */
export function parseEncryptionContext(pairs: readonly string[]): EncryptionContext {
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf('=');
      if (equals > 0) return [pair.slice(0, equals), pair.slice(equals + 1)];
      throw new EnvsealError('usage', 'an encryption context is no pair NAME=VALUE', {
        hint: '--encryption-context app=snacks; repeat the flag for more',
      });
    }),
  );
}

/**
 * Throws `misplaced` when a value names a source and that is not this one: somebody copied the file, from dev to prod,
 * say.
 */
export function refuseOtherPlace(context: EncryptionContext, source: Source): void {
  for (const value of Object.values(context)) {
    const place = placeOf(value);
    if (place === undefined || place === locationOf(source)) continue;
    throw new EnvsealError('misplaced', `${source.uri} was sealed for ${value}`, {
      hint: 'someone copied it from there: find out who; if it is meant, seal it again for this place',
    });
  }
}

/** `undefined` for a value that names no source. */
function placeOf(value: string): string | undefined {
  if (!/^(?:s3|gs|file):\/\/|^arn:[a-z0-9-]+:s3:/.test(value)) return undefined;
  try {
    return locationOf(parseSource(value));
  } catch {
    // A bucket alone, say: no source is there.
    return value;
  }
}
