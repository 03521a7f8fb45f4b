/** What `help` says of each command, and that its examples are command lines as envseal takes them. */
import { describe, expect, test } from 'vitest';
import { splitCommandLine } from '../../src/cli/arguments.ts';
import {
  COMMAND_NAMES,
  FLAG_NAMES,
  FLAGS,
  type FlagName,
  flagsOf,
  hasVariable,
} from '../../src/cli/flags.ts';
import { layOut } from '../../src/commands/help/layout.ts';
import { FLAG_GROUPS, flagTerm, groupFlags } from '../../src/commands/help/tables.ts';
import { TOPIC_NAMES, TOPICS } from '../../src/commands/help/topics.ts';
import { help, helpOn } from '../../src/commands/help.ts';
import { commandName } from '../../src/commands/load.ts';
import { COMMANDS } from '../../src/commands/summaries.ts';
import type { Host, Variables } from '../../src/host.ts';
import { variableOf } from '../../src/own-variables.ts';

const NAMES = COMMAND_NAMES.filter((name) => !COMMANDS[name].isInternal);

interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

/** What a command line comes to that is for `help`. */
async function called(words: readonly string[], variables: Variables = {}): Promise<Outcome> {
  const written = ['', '', ''];
  const write = (fd: number, text: string) => {
    written[fd] += text;
    return true;
  };
  const commandLine = splitCommandLine(words);
  expect(commandName(commandLine)).toBe('help');
  const host = { system: { write, runtime: 'node' }, variables } as unknown as Host;
  const status = (await help({ host, commandLine })) ?? 0;
  return { stdout: written[1] as string, stderr: written[2] as string, status };
}

/** What a command line that asks for help prints, where no terminal says how wide it is. */
async function printed(words: readonly string[]): Promise<string> {
  const { stdout, ...rest } = await called(words);
  expect(rest).toEqual({ stderr: '', status: 0 });
  return stdout;
}

/** Help on a topic at that width. */
async function laidOut(topic: string, columns: number): Promise<string> {
  return layOut(await helpOn(topic === 'help' ? undefined : topic, 'node'), columns);
}

/** Without the ends of wrapped lines. */
function unwrapped(text: string): string {
  return text.replaceAll(/\n +/g, ' ').replaceAll(/ +/g, ' ');
}

describe.each(NAMES.filter((name) => name !== 'help'))('help %s', (name) => {
  const { usage, summary, example } = COMMANDS[name];

  test('has usage, summary and an example', async () => {
    const text = await laidOut(name, 100);
    expect(text.split('\n').slice(0, 3)).toEqual([usage, '', summary]);
    expect(usage).toMatch(new RegExp(`^envseal ${name}( |$)`));
    expect(text.split('\n').slice(-4)).toEqual(['', 'example:', `  ${example}`, '']);
  });

  test('has each flag once, with what it takes, and no other', async () => {
    const text = await printed(['help', name]);
    const flags = [...text.matchAll(/^ {2}(?:-\w, )?--([\w-]+)/gm)].map(([, flag]) => flag);
    expect(flags.toSorted()).toEqual([...flagsOf(name)].toSorted());
    for (const flag of flagsOf(name)) {
      const { choices, value, short } = FLAGS[flag];
      const line = text.split('\n').find((line) => line.startsWith(`  ${flagTerm(flag)}`)) ?? '';
      expect(line).toContain(choices?.join('|') ?? value ?? '');
      expect(line.startsWith(`  -${short}, `)).toBe(short !== undefined);
    }
  });

  test('has flags under the heading of their group, with variable and default', async () => {
    const text = await printed(['help', name]);
    for (const [group, heading] of Object.entries(FLAG_GROUPS)) {
      const own = flagsOf(name).filter((flag) => FLAGS[flag].group === group);
      const [, section = ''] = new RegExp(`^${heading}:\\n((?: .*\\n)+)`, 'm').exec(text) ?? [];
      expect([...section.matchAll(/^ {2}(?:-\w, )?--([\w-]+)/gm)].map(([, flag]) => flag)).toEqual(own);
      const lines = section.split(/\n(?= {2}-)/).map(unwrapped);
      for (const [at, flag] of own.entries()) {
        if (hasVariable(flag)) expect(lines[at]?.trimEnd().endsWith(` [${variableOf(flag)}]`)).toBe(true);
        const { default: fallback } = FLAGS[flag];
        if (fallback !== undefined) expect(lines[at]).toContain(`(default ${fallback})`);
      }
    }
  });

  test('is what --help and -h print too', async () => {
    const text = await printed(['help', name]);
    expect(await printed([name, '--help'])).toBe(text);
    expect(await printed(['-h', name])).toBe(text);
  });
});

describe('the groups of flags', () => {
  test('each flag is in one of them, and none is empty', () => {
    const grouped = groupFlags(FLAG_NAMES, (name) => [name, '']);
    expect(grouped.map(({ title }) => title)).toEqual(Object.values(FLAG_GROUPS));
    expect(grouped.flatMap(({ rows }) => rows.map(([name]) => name)).toSorted()).toEqual(
      [...FLAG_NAMES].toSorted(),
    );
  });

  test('run has nearly all of them', async () => {
    const headings = [...(await printed(['help', 'run'])).matchAll(/^([a-z ]+):$/gm)].map(([, name]) => name);
    expect(headings).toEqual([
      ...['sources', 'which variables', 'keys and policy', 'events', 'network', 'output'],
      'example',
    ]);
  });
});

describe('the overview', () => {
  test.each([[['help']], [['--help']], [['help', 'help']]])('%j', async (words) => {
    const text = await printed(words);
    for (const name of NAMES) {
      const own = text.split('\n').filter((line) => line.startsWith(`  ${name} `));
      expect(own).toEqual([expect.stringMatching(new RegExp(`^  ${name} +`))]);
      expect(unwrapped(text)).toContain(` ${name} ${COMMANDS[name].summary}`);
    }
    expect(text).not.toContain('deliver-events');
    expect(text.split('\n')).toContain('example:');
  });

  test('lists the topics, each on a line', async () => {
    const [, topics = ''] = /\nhelp topics:\n((?: .*\n)+)/.exec(await printed(['help'])) ?? [];
    expect(topics.split('\n').slice(0, -1)).toEqual(
      TOPIC_NAMES.map((name) => expect.stringMatching(`^  ${name} +${TOPICS[name].summary}$`)),
    );
  });
});

describe('the width', () => {
  const TOPICS_OF_HELP = [...NAMES, ...TOPIC_NAMES];

  test.each([40, 60, 72, 80, 100])(
    'at %i columns every line fits, but for what cannot be broken',
    async (columns) => {
      for (const topic of TOPICS_OF_HELP) {
        const text = await laidOut(topic, columns);
        const [, examples = ''] = /\nexample:\n((?: .*\n)+)/.exec(text) ?? [];
        for (const line of text.split('\n')) {
          // A flag with its value, or a URI, is whole; so is what people copy.
          const isWhole =
            /^ +\S+$/.test(line) || examples.includes(`${line}\n`) || /^ {2}(?:\S| (?! ))+$/.test(line);
          if (!isWhole) expect(line.length, line).toBeLessThanOrEqual(columns);
        }
      }
    },
  );

  test('at 80 columns every line fits, but for examples', async () => {
    for (const topic of TOPICS_OF_HELP) {
      const text = (await printed(['help', topic])).replace(/\nexample:\n(?: .*\n)+/, '\n');
      expect([topic, text.split('\n').filter((line) => line.length > 80)]).toEqual([topic, []]);
    }
  });

  test('no width breaks a word, a flag or its value', async () => {
    for (const topic of TOPICS_OF_HELP) {
      const words = (text: string) => text.split(/\s+/);
      const wide = words(await laidOut(topic, 100));
      for (const columns of [1, 40, 60]) expect(words(await laidOut(topic, columns))).toEqual(wide);
    }
    const narrow = (await laidOut('run', 40)).split('\n');
    for (const flag of flagsOf('run')) expect(narrow).toContain(`  ${flagTerm(flag as FlagName)}`);
  });

  test('a wide terminal has no lines that are hard to follow', async () => {
    expect(await laidOut('run', 300)).toBe(await laidOut('run', 100));
  });
});

describe('without a command', () => {
  test('the error comes first, then the commands, all on stderr', async () => {
    const { stdout, stderr, status } = await called([]);
    expect({ stdout, status }).toEqual({ stdout: '', status: 64 });
    expect(stderr.split('\n').slice(0, 4)).toEqual([
      'envseal: error: no command given',
      'envseal: hint: envseal run -- COMMAND, or envseal help',
      '',
      'usage: envseal [COMMAND] [FLAGS] [-- COMMAND [ARGUMENT…]]',
    ]);
    for (const name of NAMES) expect(unwrapped(stderr)).toContain(` ${name} ${COMMANDS[name].summary}`);
    expect(stderr).not.toContain('help topics');
  });

  test('a log in JSON keeps its one line', async () => {
    await expect(called([], { ENVSEAL_LOG_FORMAT: 'json' })).rejects.toThrow(
      expect.objectContaining({ code: 'usage', message: 'no command given' }),
    );
  });

  test.each([[['--pristine']], [['--log-format', 'json']]])(
    '%j: two lines, as for every other error',
    (words) => {
      expect(() => commandName(splitCommandLine(words))).toThrow('no command given');
    },
  );
});

test('help run is that of exec', async () => {
  expect(await printed(['help', 'exec'])).toBe(await printed(['help', 'run']));
});

describe('help on what is neither a command nor a topic', () => {
  test.each([
    ['psuh', 'did you mean push?'],
    ['exce', 'did you mean exec?'],
    ['cat', 'did you mean get?'],
    ['source', 'did you mean sources?'],
    ['exit-code', 'did you mean exit-codes?'],
    ['event', 'did you mean events?'],
    ['envfile', 'did you mean env-file?'],
    ['kubernetes', 'envseal help lists the commands and topics'],
    ['constructor', 'envseal help lists the commands and topics'],
    ['__proto__', 'envseal help lists the commands and topics'],
  ])('%s', async (topic, hint) => {
    await expect(printed(['help', topic])).rejects.toThrow(
      expect.objectContaining({ code: 'usage', message: `no help on ${topic}`, hint }),
    );
  });
});

/** The words of a line as a shell has them, without expansions. Operators are words of their own. */
function shellWords(line: string): string[] {
  const words = line.match(/(?:'[^']*'|"[^"]*"|\\.|[^\s'"\\|<>;&])+|[|<>;&]+/g) ?? [];
  return words.map((word) => word.replace(/'([^']*)'|"([^"]*)"|\\(.)/g, '$1$2$3'));
}

/** The words after `envseal`, wherever it stands in the line: behind a pipe, or behind variables. */
function argumentsIn(line: string): string[] {
  const words = shellWords(line);
  const after = words.slice(words.indexOf('envseal') + 1);
  const end = after.findIndex((word) => /^[|<>;&]/.test(word));
  return end < 0 ? after : after.slice(0, end);
}

describe('a shell takes these lines apart', () => {
  test.each([
    ['envseal version', ['version']],
    ['openssl rand -hex 32 | envseal set ./a A', ['set', './a', 'A']],
    ['EDITOR=vi envseal edit ./a', ['edit', './a']],
    ['envseal completion bash > /etc/x', ['completion', 'bash']],
    [`envseal push --from-env 'APP_*' ./a\\ b`, ['push', '--from-env', 'APP_*', './a b']],
    ['envseal run -- ./api "two words"', ['run', '--', './api', 'two words']],
  ])('%s', (line, words) => {
    expect(argumentsIn(line)).toEqual(words);
  });
});

describe('the example of', () => {
  test.each(NAMES)('%s is a command line that envseal takes', (name) => {
    const words = argumentsIn(COMMANDS[name].example ?? '');
    const commandLine = splitCommandLine(words);
    // Throws for flags of other commands.
    expect(commandName(commandLine)).toBe(name);
    const { operands, child = [] } = commandLine;
    const [least, most] = countWords(COMMANDS[name].usage);
    const count = operands.length + child.length;
    expect(count).toBeGreaterThanOrEqual(least);
    expect(count).toBeLessThanOrEqual(most);
  });

  /** How many words a usage asks for: `[NAME]` may be left out, `URI…` may be more. */
  function countWords(usage: string): [least: number, most: number] {
    const words = usage.replace(/^envseal \S+ ?/, '').replace(/--out FILE|\[FLAGS\] ?|-- ?/g, '');
    const all = words.split(' ').filter((word) => word !== '');
    const least = all.filter((word) => !word.startsWith('[')).length;
    return [least, words.includes('…') ? Number.POSITIVE_INFINITY : all.length];
  }
});
