/** Errors for a string, or all of them together, over the kernel's limits. Loaded when that happens. */
import { EnvsealError } from '../errors.ts';
import { MAX_ENV_STRING_BYTES } from '../limits-and-defaults.ts';
import type { ByteString } from '../system/byte-string.ts';
import type { CStrings } from '../system/c-strings.ts';
import { nameOf } from './environ.ts';

export interface TooLarge {
  readonly argv: CStrings;
  readonly environ: CStrings;
  /** Size of both, in bytes. */
  readonly total: number;
  readonly limit: number;
}

export function explainTooLarge({ argv, environ, total, limit }: TooLarge): EnvsealError {
  const long = longest(environ);
  if (long.length + 1 > MAX_ENV_STRING_BYTES) {
    return new EnvsealError(
      'too_large',
      `${printable(nameOf(long))} is ${long.length + 1} bytes with its name, over the kernel's limit of ${MAX_ENV_STRING_BYTES}`,
      {
        hint: 'store large content in a separate file and pass its location',
      },
    );
  }
  if (longest(argv).length + 1 > MAX_ENV_STRING_BYTES) {
    return new EnvsealError(
      'too_large',
      `an argument of the command is over the kernel's limit of ${MAX_ENV_STRING_BYTES} bytes`,
    );
  }
  return new EnvsealError(
    'too_large',
    `arguments and environment are ${total} bytes, over the kernel's limit of ${limit}`,
    {
      hint: `the largest variable is ${printable(nameOf(long))} with ${long.length} bytes; take fewer with --only or --exclude`,
    },
  );
}

function longest({ lists }: CStrings): ByteString {
  let found = '';
  for (const list of lists) for (const string of list) if (string.length > found.length) found = string;
  return found;
}

/** An inherited name can hold any byte. */
function printable(name: ByteString): string {
  return name.replace(/[^\x20-\x7e]/g, '?').slice(0, 100);
}
