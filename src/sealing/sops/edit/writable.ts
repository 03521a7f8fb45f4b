/** Names and values that the formats of sops cannot hold. Pure. */
import { EnvsealError } from '../../../errors.ts';
import { looksEncrypted } from '../ciphertext.ts';
import { METADATA_KEY, type SopsKind } from '../model.ts';

/** Whether a name is one of the metadata's. */
export function isReserved(name: string, format: SopsKind): boolean {
  return format === 'dotenv' ? name.startsWith(`${METADATA_KEY}_`) : name === METADATA_KEY;
}

/** Throws `malformed`, naming the variable. */
export function checkValue(name: string, value: string, isEncrypted: boolean, format: SopsKind): void {
  if (value.includes('\0')) throw unwritable(name, 'expected a value without NUL');
  if (!value.isWellFormed()) throw unwritable(name, 'expected a value without unpaired surrogates');
  if (isEncrypted) return;
  if (looksEncrypted(value)) throw unwritable(name, 'a plain value cannot look encrypted');
  if (format === 'dotenv' && value.includes('\\n')) {
    throw unwritable(name, 'a plain value cannot hold a backslash before an n in this format');
  }
}

export function unwritable(subject: string, reason: string): EnvsealError {
  return new EnvsealError('malformed', `cannot seal ${subject}: ${reason}`);
}
