/** What is suggested to a command that does not exist. Nothing of it is run. */
import { describe, expect, test } from 'vitest';
import { splitCommandLine } from '../../src/cli/arguments.ts';
import { isCommandName } from '../../src/cli/flags.ts';
import { commandName } from '../../src/commands/load.ts';
import { COMMANDS } from '../../src/commands/summaries.ts';
import { ALIASES, synonyms } from '../../src/commands/unknown-command.ts';
import type { EnvsealError } from '../../src/errors.ts';

/** What the command line is refused with. */
function refusal(words: readonly string[]): EnvsealError {
  try {
    commandName(splitCommandLine(words));
  } catch (error) {
    return error as EnvsealError;
  }
  throw new Error(`${words.join(' ')} is taken`);
}

describe('what other programs call a command', () => {
  const SYNONYMS = {
    get: ['cat', 'show', 'view'],
    list: ['ls'],
    unset: ['rm', 'remove', 'delete', 'del'],
    set: ['write', 'add', 'put'],
    push: ['upload'],
    copy: ['cp'],
    history: ['log', 'versions'],
    rollback: ['undo', 'revert'],
    rotate: ['re-encrypt', 'rekey'],
  };

  test('the table is this one', () => {
    const rows = Object.entries(SYNONYMS).flatMap(([name, words]) => words.map((word) => [word, name]));
    expect(synonyms()).toEqual(Object.fromEntries(rows));
  });

  test.each(Object.entries(synonyms()))('%s: did you mean %s?', (word, name) => {
    for (const words of [[word], [word, 's3://snacks/dev/env'], [word, '--', 'x']]) {
      const { code, message, hint } = refusal(words);
      expect({ code, message, hint }).toEqual({
        code: 'usage',
        message: `unknown command ${word}`,
        hint: `did you mean ${name}?`,
      });
    }
  });

  test('none of them is a command or an alias, so none runs anything; each means a command', () => {
    for (const [word, name] of Object.entries(synonyms())) {
      expect([word, isCommandName(word), Object.hasOwn(ALIASES, word)]).toEqual([word, false, false]);
      expect(isCommandName(name) && COMMANDS[name].isInternal).toBe(undefined);
    }
  });
});

describe('a slip of the fingers', () => {
  test.each([
    ['rnu', 'run'],
    ['exce', 'exec'],
    ['psuh', 'push'],
    ['rotat', 'rotate'],
    ['hlep', 'help'],
  ])('%s: did you mean %s?', (word, name) => {
    expect(refusal([word]).hint).toBe(`did you mean ${name}?`);
  });

  test.each(['./api', 'npm', 'constructor', '__proto__', 'toString'])(
    '%s may be the command of the container',
    (word) => {
      expect(refusal([word]).hint).toBe('the container command goes after --: envseal run -- COMMAND');
    },
  );

  test('what envseal runs by itself is not suggested', () => {
    const internal = Object.entries(COMMANDS).filter(([, { isInternal }]) => isInternal);
    expect(internal.length).toBeGreaterThan(0);
    for (const [name] of internal) expect(refusal([`${name}x`]).hint).not.toContain(name);
  });
});
