/** Access events of commands that open files to show them. */

import type { CommandName } from '../cli/flags.ts';
import { EnvsealError } from '../errors.ts';
import { type Attempt, newAttempt } from '../events/attempt.ts';
import type { Source } from '../source-uri.ts';
import type { ChangeRecorder } from './record-changes.ts';

/** Runs `action`, which fills in the attempts. Nothing comes of it where the policy is `required` and a sink refuses. */
export async function recordAccess<T>(
  { events }: { readonly events: ChangeRecorder },
  command: CommandName,
  sources: readonly Source[],
  action: (attempts: readonly Attempt[]) => Promise<T>,
): Promise<T> {
  const attempts = sources.map(newAttempt);
  const ended = events.access(`envseal ${command}`, attempts);
  let result: T;
  try {
    result = await action(attempts);
  } catch (error) {
    await ended(error instanceof EnvsealError ? { error } : { error });
    throw error;
  }
  await ended({});
  return result;
}
