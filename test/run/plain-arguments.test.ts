import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readSettings, splitCommandLine } from '../../src/cli/arguments.ts';
import { commandName } from '../../src/commands/load.ts';
import { variableOf } from '../../src/own-variables.ts';
import { readPlainStart } from '../../src/run/plain-arguments.ts';
import { SETTINGS } from '../../src/settings.ts';

const NAMES = Object.keys(SETTINGS);
const SOURCE = 's3://snacks/dev/env';

function readFully(argv: readonly string[], variables: Readonly<Record<string, string>>) {
  const commandLine = splitCommandLine(argv);
  expect(commandName(commandLine)).toBe('run');
  expect(commandLine.operands).toEqual([]);
  return { settings: readSettings(commandLine, variables), argv: commandLine.child };
}

describe('a plain start', () => {
  test.each([
    [['run', '--source', SOURCE, '--', 'api'], {}],
    [['exec', '-s', SOURCE, '-s', './env', '--', 'api', '--', '-s'], {}],
    [['-s', SOURCE, '--kms-key', 'alias/snacks', '--strict', '--preserve-env', '--', 'api', ''], {}],
    [
      ['run', '--', 'api'],
      { ENVSEAL_SOURCE: SOURCE, ENVSEAL_ONLY: 'A*', ENVSEAL_PRISTINE: 'true', PATH: '/' },
    ],
    [
      ['-s', SOURCE, '--event-sink', 'https://hooks/a', '--', 'api'],
      { ENVSEAL_WEBHOOK_SECRET: 'a b', ENVSEAL_SPLUNK_TOKEN_FILE: './token' },
    ],
    [['run', '-s', SOURCE, '--pristine', '--', 'api'], { ENVSEAL_SOURCE: 'A B', ENVSEAL_PRISTINE: 'true' }],
  ])('%j %j is what the tables make of it', (argv, variables) => {
    const plain = readPlainStart({ argv, variables });
    expect(plain).toBeDefined();
    expect(plain).toEqual(readFully(argv, variables));
  });

  const word = fc.constantFrom(
    ...[
      'run',
      'exec',
      'push',
      '--',
      '-s',
      '--source',
      '--help',
      '-V',
      '-',
      '--timeout',
      '--json',
      '--__proto__',
    ],
    ...['--strict=false', '--kms-key=k', '--only', '--toString', '--preserve-env', '--allow-unsealed'],
    ...[SOURCE, 'a,b', 'a b', '', 'é', '1', 'json', '-s', './x'],
  );
  const variable = fc.tuple(
    fc.constantFrom(...NAMES.map(variableOf), 'ENVSEAL_kms_key', 'ENVSEAL_', 'ENVSEAL_SPLUNK_TOKEN', 'PATH'),
    fc.constantFrom(SOURCE, 'true', 'false', '1', '', 'a,b', 'a b', 'json', '5'),
  );

  test('is what the tables make of it, or left to them', () => {
    let plainOnes = 0;
    fc.assert(
      fc.property(
        fc.array(word, { maxLength: 5 }),
        fc.array(variable, { maxLength: 2 }),
        fc.boolean(),
        (words, pairs, isStart) => {
          const argv = isStart ? ['run', '-s', SOURCE, ...words, '--', 'api'] : words;
          const variables = Object.fromEntries(pairs);
          const plain = readPlainStart({ argv, variables });
          if (plain === undefined) return;
          plainOnes += 1;
          expect(plain).toEqual(readFully(argv, variables));
        },
      ),
      { numRuns: 5000 },
    );
    expect(plainOnes).toBeGreaterThan(100);
  });
});
