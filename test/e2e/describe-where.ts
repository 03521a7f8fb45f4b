/** Tests that need something of the machine itself: root, a namespace, a newer kernel. */
import { spawnSync } from 'node:child_process';
import { describe, test } from 'vitest';
import { skipFor } from '../skip.ts';

/**
 * `describe`, unless something is missing. CI fails with the line that says what: a suite that is skipped there would look
 * like one that passes. Elsewhere the suite is skipped, and the line is in the table at the end.
 */
export function describeWhere(missing: string | undefined, title: string, suite: () => void): void {
  if (missing === undefined) {
    describe(title, suite);
  } else if (process.env.CI) {
    test(title, () => {
      throw new Error(missing);
    });
  } else {
    describe(title, skipFor(missing), suite);
  }
}

/** `undefined` for root where these words, in front of a command, start it. */
export function withoutRoot(words: readonly string[]): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  const [file = '', ...args] = [...words, 'true'];
  return spawnSync(file, args, { stdio: 'ignore' }).status === 0 ? undefined : `needs ${file} to work`;
}
