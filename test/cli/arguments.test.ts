import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readFlags, readSettings, splitCommandLine } from '../../src/cli/arguments.ts';
import { COMMAND_NAMES, type CommandName, FLAGS, type FlagName, flagsOf } from '../../src/cli/flags.ts';
import { commandName } from '../../src/commands/load.ts';
import { COMMANDS } from '../../src/commands/summaries.ts';
import { EnvsealError } from '../../src/errors.ts';
import type { Variables } from '../../src/host.ts';
import { variableOf } from '../../src/own-variables.ts';
import { SETTINGS, type SettingName, type SettingRow, type Settings } from '../../src/settings.ts';

const NAMES = Object.keys(SETTINGS) as SettingName[];

function read(words: readonly string[], variables: Variables = {}): Settings {
  return readSettings(splitCommandLine(words), variables);
}

function problem(words: readonly string[], variables: Variables = {}): string {
  try {
    read(words, variables);
  } catch (error) {
    if (error instanceof EnvsealError) return `${error.code}: ${error.message}; ${error.hint}`;
    throw error;
  }
  return 'none';
}

describe('the command line is split at the first --', () => {
  test.each([
    [[], { command: undefined, operands: [], child: undefined }],
    [['--'], { command: undefined, operands: [], child: [] }],
    [['--', '--', 'run'], { command: undefined, operands: [], child: ['--', 'run'] }],
    [['run', 'a', 'b', '--', 'c'], { command: 'run', operands: ['a', 'b'], child: ['c'] }],
    [['--pristine', 'run', '-'], { command: 'run', operands: ['-'], child: undefined }],
    [['-s', 'run', '--'], { command: undefined, operands: [], child: [] }],
    [['--', '\xff'], { command: undefined, operands: [], child: ['\xff'] }],
  ])('%j', (argv, expected) => {
    expect(splitCommandLine(argv)).toMatchObject(expected);
  });

  test.each([
    [['-h'], true, false],
    [['run', '--help'], true, false],
    [['-V'], false, true],
    [['--version'], false, true],
    [['--', '-h', '--version'], false, false],
    [['--source', '--help'], false, false],
  ])('%j: help %j, version %j', (argv, wantsHelp, wantsVersion) => {
    expect(splitCommandLine(argv)).toMatchObject({ wantsHelp, wantsVersion });
  });

  test('words before it are UTF-8', () => {
    expect(splitCommandLine(['-s', 'caf\xc3\xa9']).flags).toEqual([{ name: 'source', value: 'café' }]);
    expect(problem(['-s', '\xff'])).toBe('usage: an argument before -- is not UTF-8; undefined');
  });
});

describe('a value is written in any of the usual ways', () => {
  test.each([[['--source', 'a']], [['--source=a']], [['-s', 'a']], [['-s=a']], [['-sa']]])('%j', (argv) => {
    expect(read(argv).source).toEqual(['a']);
  });

  test.each([
    [['--source'], '--source needs a value'],
    [['--timeout'], '--timeout needs a value'],
    [['-s'], '--source needs a value'],
    [['--source='], '--source is empty'],
    [['-s='], '--source is empty'],
    [['--only='], '--only is empty'],
    [['--only', ' , '], '--only is empty'],
  ])('%j', (argv, message) => {
    expect(problem(argv)).toContain(`usage: ${message};`);
  });

  test('a value may hold = and look like a flag', () => {
    expect(read(['--source=a=b', '-s=c=d', '--source', '--pristine']).source).toEqual([
      'a=b',
      'c=d',
      '--pristine',
    ]);
  });
});

/** For each kind: texts of a variable and what they mean. */
const MEANINGS = {
  switch: [
    ...['1', 'true', 'TRUE', 'yes', 'on', 'On'].map((text) => [text, true] as const),
    ...['0', 'false', 'no', 'off', 'OFF', ''].map((text) => [text, false] as const),
  ],
  list: [
    ['', []],
    [' ,\n, ', []],
    ['a', ['a']],
    ['a,b', ['a', 'b']],
    [' a  b\tc\nd,,e ', ['a', 'b', 'c', 'd', 'e']],
  ],
  'switch-or-list': [
    ['', false],
    ['true', true],
    ['1', true],
    ['no', false],
    ['A', ['A']],
    ['A,B C', ['A', 'B', 'C']],
  ],
  seconds: [
    ['0.1', 0.1],
    ['1', 1],
    ['007', 7],
    ['2.50', 2.5],
    ['3600', 3600],
  ],
} as const;

/** What neither the flag nor the variable may be. */
const NONSENSE = {
  switch: ['2', 'maybe', 'tru', ' true', 'null'],
  seconds: [
    '0',
    '0.09',
    '3600.1',
    '-1',
    '+1',
    '1e3',
    '5s',
    ' 5',
    '.5',
    '5.',
    '0x10',
    'Infinity',
    'NaN',
    '٣',
    '1,5',
  ],
  choice: ['none', 'AUTO', 'auto ', 'constructor'],
} as const;

describe.each(NAMES)('--%s', (name) => {
  const row: SettingRow = SETTINGS[name];
  const variable = variableOf(name);
  const meanings: readonly (readonly [string, unknown])[] =
    row.kind === 'choice'
      ? [...(row.choices ?? []).map((choice) => [choice, choice] as const), ['', row.default]]
      : row.kind === 'seconds'
        ? [...MEANINGS.seconds, ['', Number(row.default)]]
        : MEANINGS[row.kind];

  test('its variable is its name in capitals', () => {
    expect(variable).toMatch(/^ENVSEAL_[A-Z0-9_]+$/);
    expect(variable.slice(8).toLowerCase().replaceAll('_', '-')).toBe(name);
  });

  test('the default', () => {
    const defaults = {
      switch: false,
      list: [],
      'switch-or-list': false,
      seconds: Number(row.default),
      choice: row.default,
    };
    expect(read([])[name]).toEqual(defaults[row.kind]);
  });

  const isEmptyList = (meaning: unknown) => Array.isArray(meaning) && meaning.length === 0;
  const allowed = meanings.filter(([, meaning]) => !row.restricts || !isEmptyList(meaning));

  test.each(row.restricts ? ['', ' ', ' ,\n, '] : [])(
    'the variable: %j is refused, because it would loosen',
    (text) => {
      expect(() => read([], { [variable]: text })).toThrow(
        expect.objectContaining({
          code: 'configuration',
          message: `${variable} is empty: set it, or remove it`,
        }),
      );
    },
  );

  test.each(allowed)('the variable: %j is %j', (text, meaning) => {
    expect(read([], { [variable]: text })[name]).toEqual(meaning);
  });

  test('a flag wins over the variable', () => {
    for (const [text, meaning] of meanings.filter(([text]) => text.trim() !== '' && !/^[ ,]/.test(text))) {
      const expected = row.verbatim && row.kind === 'list' ? [text] : meaning;
      for (const [other] of meanings) {
        expect(read([`--${name}=${text}`], { [variable]: other })[name]).toEqual(expected);
      }
    }
  });

  test('the last of several flags counts, of a list all', () => {
    const [first, second, both] = {
      switch: ['0', '1', true],
      list: ['a', 'b', ['a', 'b']],
      'switch-or-list': ['A', 'B', ['A', 'B']],
      seconds: ['1', '2', 2],
      choice: [row.choices?.[0], row.choices?.[1], row.choices?.[1]],
    }[row.kind];
    expect(read([`--${name}=${first}`, `--${name}=${second}`])[name]).toEqual(both);
  });

  const nonsense: readonly string[] = NONSENSE[row.kind as keyof typeof NONSENSE] ?? [];
  test.runIf(nonsense.length > 0).each(nonsense)('%j is refused', (text) => {
    const expectation = {
      switch: 'must be true or false',
      seconds: 'must be a number of seconds from 0.1 to 3600',
      choice: `must be one of ${row.choices?.join(', ')}`,
    }[row.kind as keyof typeof NONSENSE];
    expect(problem([`--${name}=${text}`])).toContain(`usage: --${name} ${expectation}; --${name}`);
    expect(problem([], { [variable]: text })).toContain(
      `configuration: ${variable} ${expectation}; --${name}`,
    );
    // A flag wins, so the variable does not matter.
    expect(problem([`--${name}=${meanings[1]?.[0]}`], { [variable]: text })).toBe('none');
  });
});

describe('--preserve-env', () => {
  test.each([
    [['--preserve-env'], true],
    [['--preserve-env', '--preserve-env=A'], true],
    [['--preserve-env=A', '--preserve-env=true'], true],
    [
      ['--preserve-env=A', '--preserve-env=B,C'],
      ['A', 'B', 'C'],
    ],
    [['--preserve-env=A', '--preserve-env=no'], ['A']],
    [['--preserve-env='], false],
  ])('%j', (argv, expected) => {
    expect(read(argv)['preserve-env']).toEqual(expected);
  });

  test('takes no word after it', () => {
    expect(splitCommandLine(['--preserve-env', 'A'])).toMatchObject({ command: 'A' });
  });
});

describe('unknown names', () => {
  test.each([
    ['--kms-keys', '--kms-keys', 'did you mean --kms-key?'],
    ['--sorce=x', '--sorce', 'did you mean --source?'],
    ['--prisitne', '--prisitne', 'did you mean --pristine?'],
    ['--hepl', '--hepl', 'did you mean --help?'],
    ['--verison', '--verison', 'did you mean --version?'],
    ['--password=hunter2', '--password', 'envseal help run lists the flags'],
    ['--constructor', '--constructor', 'envseal help run lists the flags'],
    ['--__proto__=x', '--__proto__', 'envseal help run lists the flags'],
    ['--=x', '--', 'envseal help run lists the flags'],
    ['-x', '-x', 'envseal help run lists the flags'],
    ['-xvalue', '-x', 'envseal help run lists the flags'],
    ['-é', '-é', 'envseal help run lists the flags'],
    ['--SOURCE', '--SOURCE', 'envseal help run lists the flags'],
    ['--ouut', '--ouut', 'envseal help run lists the flags'],
  ])('the flag %s', (word, shown, hint) => {
    expect(problem([Buffer.from(word).toString('latin1')])).toBe(`usage: unknown flag ${shown}; ${hint}`);
  });

  test.each([
    ['ENVSEAL_SORCE', 'did you mean ENVSEAL_SOURCE?'],
    ['ENVSEAL_KMSKEY', 'did you mean ENVSEAL_KMS_KEY?'],
    ['ENVSEAL_STRIKT', 'did you mean ENVSEAL_STRICT?'],
    ['ENVSEAL_OUT', 'envseal help run lists the variables; remove this one'],
    ['ENVSEAL_', 'envseal help run lists the variables; remove this one'],
    ['ENVSEAL_FOO', 'envseal help run lists the variables; remove this one'],
    ['ENVSEAL_CONSTRUCTOR', 'envseal help run lists the variables; remove this one'],
    ['ENVSEAL_kms_key', 'envseal help run lists the variables; remove this one'],
  ])('the variable %s', (name, hint) => {
    expect(problem([], { [name]: 'x' })).toBe(`configuration: unknown variable ${name}; ${hint}`);
  });

  test('other variables are not ours', () => {
    expect(problem([], { ENVSEAL: 'x', envseal_source: 'x', MY_ENVSEAL_SOURCE: 'x' })).toBe('none');
  });
});

describe('each command has its flags', () => {
  const refusal = (words: readonly string[]) => {
    try {
      return commandName(splitCommandLine(words));
    } catch (error) {
      if (error instanceof EnvsealError) return `${error.code}: ${error.message}; ${error.hint}`;
      throw error;
    }
  };
  const all = Object.keys(FLAGS) as FlagName[];
  const commands = Object.keys(COMMANDS) as CommandName[];

  test('the tables name the same commands, and each flag has one', () => {
    expect(commands).toEqual(COMMAND_NAMES);
    expect(new Set(commands.flatMap(flagsOf))).toEqual(new Set(all));
  });

  test.each(commands)('%s takes --log-format, which main.ts reads', (command) => {
    expect(refusal([command, '--log-format', 'json'])).toBe(command);
  });

  test('no two flags share a letter', () => {
    const letters = all.flatMap((name) => FLAGS[name].short ?? []);
    expect(new Set(letters).size).toBe(letters.length);
  });

  test.each(commands.flatMap((command) => all.map((flag) => [command, flag] as const)))(
    '%s --%s',
    (command, flag) => {
      const owners = commands.filter((name) => flagsOf(name).includes(flag));
      const expected = owners.includes(command)
        ? command
        : `usage: --${flag} is a flag of ${owners.join(', ')}; envseal help ${command} lists the flags of ${command}`;
      expect(refusal([command, `--${flag}=x`])).toBe(expected);
      expect(refusal([`--${flag}=x`, command])).toBe(expected);
    },
  );

  test.each([
    [
      ['run', '--out', 'x', '--', 'env'],
      '--out is a flag of get, keygen; envseal help run lists the flags of run',
    ],
    [
      ['exec', '--out=x', '--', 'env'],
      '--out is a flag of get, keygen; envseal help run lists the flags of run',
    ],
    [['--out', 'x', '--', 'env'], '--out is a flag of get, keygen; envseal help run lists the flags of run'],
    [['keygen', '-s', 'x'], '--source is a flag of run; envseal help keygen lists the flags of keygen'],
    [['keygen', '--ouut', 'x'], 'unknown flag --ouut; did you mean --out?'],
    [['keygen', '--sorce', 'x'], 'unknown flag --sorce; envseal help keygen lists the flags'],
    [['exec', '--sorce', 'x'], 'unknown flag --sorce; did you mean --source?'],
    [
      ['keygen', '--out'],
      '--out needs a value; --out FILE: write to this new file, readable only by its owner',
    ],
    [['kegen', '--out', 'x'], 'unknown command kegen; did you mean keygen?'],
    // The value of a flag is not a command.
    [['--out', 'keygen'], 'no command given; envseal run -- COMMAND, or envseal help'],
  ])('%j', (words, expected) => {
    expect(refusal(words)).toBe(`usage: ${expected}`);
  });

  test.each([[['keygen', '--source', 'x', '--help']], [['--out', 'x', '-h']]])('%j is help', (words) => {
    expect(refusal(words)).toBe('help');
  });

  test('an option is what was said last, or nothing; no variable says it', () => {
    const out = (words: readonly string[], variables: Variables = {}) =>
      readFlags(splitCommandLine(['keygen', ...words]), variables, ['out']).out;
    expect(out(['--out', 'a b,c'])).toBe('a b,c');
    expect(out(['--out=a', '--out', '--b'])).toBe('--b');
    expect(out([], { ENVSEAL_OUT: 'x', ENVSEAL_NONSENSE: 'x', ENVSEAL_TIMEOUT: 'x' })).toBe(undefined);
    expect(() => out(['--out='])).toThrow(
      expect.objectContaining({ code: 'usage', message: '--out is empty' }),
    );
  });
});

test('an encryption context may hold commas in a flag, and is split in the variable', () => {
  expect(read(['--encryption-context', 'a=b,c', '--encryption-context=d=e f'])['encryption-context']).toEqual(
    ['a=b,c', 'd=e f'],
  );
  expect(read([], { ENVSEAL_ENCRYPTION_CONTEXT: 'a=b,c=d\ne=f' })['encryption-context']).toEqual([
    'a=b',
    'c=d',
    'e=f',
  ]);
});

test('whatever the words and variables, settings come out or one of our errors', () => {
  const flags = NAMES.map((name) => `--${name}`);
  const word = fc.oneof(
    fc.constantFrom(...flags, '-s', '--', '-', '--=', '-h', 'run'),
    fc.tuple(fc.constantFrom(...flags), fc.string()).map(([flag, value]) => `${flag}=${value}`),
    fc.string({ unit: 'binary-ascii' }),
  );
  const variables = fc.dictionary(fc.constantFrom(...NAMES.map(variableOf), 'ENVSEAL_X'), fc.string());
  fc.assert(
    fc.property(fc.array(word), variables, (words, env) => {
      const hasNothing = problem(words, env) === 'none';
      if (hasNothing) expect(Object.keys(read(words, env))).toEqual(NAMES);
    }),
    { numRuns: 2000 },
  );
});
