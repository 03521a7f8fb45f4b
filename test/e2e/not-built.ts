/** What is left of the end-to-end tests of dist/envseal where it is not there: one that says what to install. */
import { test } from 'vitest';
import { describeReal } from '../real/available.ts';

describeReal('host', 'dist/envseal, end to end', () => {
  test('each test of test/e2e', () => {});
});
