/**
 * Self-check: opens a file that is about to replace another, so that a mistake in how it was written loses no
 * variables.
 */
import { EnvsealError } from '../../../errors.ts';
import { detectSops } from '../detect.ts';
import type { SopsKind } from '../model.ts';
import { type OpenedSopsFile, reopenSops } from '../open.ts';

export interface VerifyOptions {
  readonly kind: SopsKind;
  readonly source: string;
  /** The data key. */
  readonly key: CryptoKey;
}

/** Throws `too_large`, and `internal` for a file that does not open to what was asked for. */
export async function verifySops(
  bytes: Uint8Array,
  wanted: ReadonlyMap<string, { readonly value: string }>,
  { kind, source, key }: VerifyOptions,
): Promise<Pick<OpenedSopsFile, 'metadata'>> {
  const opened = await reopen(bytes, { kind, source, key }).catch((error: unknown) => {
    if (error instanceof EnvsealError && error.code === 'too_large') throw error;
    throw broken(source, error);
  });
  const isSame =
    opened.values.length === wanted.size &&
    opened.values.every(({ name, value }) => wanted.get(name)?.value === value);
  if (!isSame) throw broken(source);
  return opened;
}

async function reopen(bytes: Uint8Array, { kind, source, key }: VerifyOptions) {
  if (detectSops(bytes, { source }) !== kind) throw broken(source);
  return await reopenSops(bytes, kind, { key, source });
}

export function broken(source: string, cause?: unknown): EnvsealError {
  return new EnvsealError(
    'internal',
    `self-check failed: the rewritten ${source} does not decrypt to the requested values`,
    {
      hint: 'nothing was written; make the change with sops edit, and report this bug',
      cause,
    },
  );
}
