import { EnvsealError } from '../../src/errors.ts';

/** What a promise is rejected with; any other outcome fails the test. */
export async function failureOf(promise: Promise<unknown>): Promise<EnvsealError> {
  const outcome = await promise.then(
    () => 'no failure',
    (error: unknown) => error,
  );
  if (outcome instanceof EnvsealError) return outcome;
  throw outcome instanceof Error ? outcome : new Error(String(outcome));
}
