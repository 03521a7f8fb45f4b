/** How a test says that it does not run here, and why. The reasons are what a run of all tests ends with. */
import type { TestOptions } from 'vitest';

declare module 'vitest' {
  interface TaskMeta {
    /** Why a test is skipped, or a suite with all that is in it. */
    skipReason?: string;
  }
}

/**
 * The options of a test or a suite that is skipped for a reason, and runs where there is none:
 *
 *     test('the owner stays', skipFor(!isRoot && 'needs root'), () => …);
 */
export function skipFor(reason: string | false | undefined): Pick<TestOptions, 'skip' | 'meta'> {
  return reason ? { skip: true, meta: { skipReason: reason } } : {};
}
