/** What `help` says of each command, and that its examples are command lines as envseal takes them. */
import { describe, expect, test } from 'vitest';
import { splitCommandLine } from '../../src/cli/arguments.ts';
import { COMMAND_NAMES, FLAGS, type FlagName, flagsOf } from '../../src/cli/flags.ts';
import { help } from '../../src/commands/help.ts';
import { COMMANDS, commandName } from '../../src/commands/table.ts';
import { EnvsealError } from '../../src/errors.ts';
import type { Host } from '../../src/host.ts';

const NAMES = COMMAND_NAMES.filter((name) => !COMMANDS[name].isInternal);

/** What a command line that asks for help prints. */
async function printed(words: readonly string[]): Promise<string> {
  let text = '';
  const write = (fd: number, chunk: string) => {
    expect(fd).toBe(1);
    text += chunk;
    return true;
  };
  await help({ host: { system: { write } } as unknown as Host, commandLine: splitCommandLine(words) });
  return text;
}

describe.each(NAMES.filter((name) => name !== 'help'))('help %s', (name) => {
  const { usage, summary, example } = COMMANDS[name];

  test('has usage, summary and an example', async () => {
    const lines = (await printed(['help', name])).split('\n');
    expect(lines.slice(0, 3)).toEqual([usage, '', summary]);
    expect(usage).toMatch(new RegExp(`^envseal ${name}( |$)`));
    expect(lines.slice(-4)).toEqual(['', 'example:', `  ${example}`, '']);
  });

  test('has each flag once, with what it takes, and no other', async () => {
    const lines = (await printed(['help', name])).split('\n');
    const flags = lines.slice(lines.indexOf('flags:') + 1, lines.indexOf('example:') - 1);
    expect(flags.map((line) => /--([\w-]+)/.exec(line)?.[1])).toEqual(flagsOf(name));
    for (const [at, line] of flags.entries()) {
      const { choices, value, short } = FLAGS[flagsOf(name)[at] as FlagName];
      expect(line).toContain(choices?.join('|') ?? value ?? '');
      expect(line.startsWith(`  -${short}, `)).toBe(short !== undefined);
    }
  });

  test('is what --help and -h print too', async () => {
    const text = await printed(['help', name]);
    expect(await printed([name, '--help'])).toBe(text);
    expect(await printed(['-h', name])).toBe(text);
  });
});

describe('the overview', () => {
  test.each([[['help']], [['--help']], [['help', 'help']]])('%j', async (words) => {
    const lines = (await printed(words)).split('\n');
    for (const name of NAMES) {
      const own = lines.filter((line) => line.startsWith(`  ${name} `));
      expect(own).toEqual([expect.stringMatching(new RegExp(`^  ${name} +`))]);
      expect(own[0]?.endsWith(`  ${COMMANDS[name].summary}`)).toBe(true);
    }
    expect(lines.some((line) => line.includes('deliver-events'))).toBe(false);
    expect(lines).toContain('example:');
  });
});

test('help run is that of exec', async () => {
  expect(await printed(['help', 'exec'])).toBe(await printed(['help', 'run']));
});

test('help on what is none', async () => {
  await expect(printed(['help', 'psuh'])).rejects.toThrow(
    new EnvsealError('usage', 'no help on psuh', { hint: 'did you mean push?' }),
  );
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
