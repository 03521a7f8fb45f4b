/** The error for a write whose condition does not hold. */
import { EnvsealError } from '../errors.ts';
import type { Source } from '../source-uri.ts';
import type { Expected } from './contract.ts';

export interface Winner {
  readonly version: string | undefined;
  readonly modified: Date | undefined;
}

/** @param winner what is there now; `absent` for nothing, `unknown` where the credentials may not look */
export function conflict(
  { uri }: Source,
  expected: Expected,
  winner: Winner | 'absent' | 'unknown',
  cause?: unknown,
  requestIds: readonly string[] = [],
): EnvsealError {
  return new EnvsealError('conflict', `${uri}: ${whatHappened(expected, winner)}`, {
    hint: 'nothing was written: check envseal diff and envseal history, then run the command again',
    cause,
    requestIds,
  });
}

function whatHappened(expected: Expected, winner: Winner | 'absent' | 'unknown'): string {
  if (winner === 'absent') return 'someone deleted it in the meantime';
  const name = winner === 'unknown' ? 'another version' : nameOf(winner);
  return expected === 'nothing' ? `a file already exists, ${name}` : `someone stored ${name} in the meantime`;
}

/** Without versions, the time distinguishes it from others. */
function nameOf({ version, modified }: Winner): string {
  if (version !== undefined) return `version ${version}`;
  return modified === undefined ? 'another version' : `another version at ${modified.toISOString()}`;
}
