import { expect, test } from 'vitest';
import { outcomeOf } from '../../src/events/outcome.ts';
import { CODES, OUTCOMES } from './samples.ts';

test('each error has an outcome, and none is granted', () => {
  const byOutcome = Object.fromEntries(
    OUTCOMES.map((outcome) => [outcome, CODES.filter((code) => outcomeOf(code) === outcome)]),
  );
  expect(byOutcome).toEqual({
    granted: [],
    refused: [
      'malformed',
      'unsealed',
      'wrong_key',
      'corrupt',
      'misplaced',
      'expired',
      'too_large',
      'unmet',
      'unsafe_name',
    ],
    denied: ['credentials', 'denied', 'key_unavailable'],
    failed: [
      'usage',
      'not_found',
      'unreachable',
      'undelivered',
      'internal',
      'conflict',
      'throttled',
      'timeout',
      'configuration',
      'unconditional',
      'unversioned',
      'exposed',
      'not_executable',
      'command_not_found',
    ],
  });
});
