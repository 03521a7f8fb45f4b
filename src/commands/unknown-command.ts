/** What is said to a command line without a command, or with one that does not exist. Nothing here runs anything. */
import { COMMAND_NAMES, type CommandName } from '../cli/flags.ts';
import { EnvsealError } from '../errors.ts';
import { nearest } from '../nearest.ts';

/** Other names of commands. */
export const ALIASES: Readonly<Record<string, CommandName>> = { exec: 'run' };

/** What other programs call such a command. Made when it is needed: every start that is not plain loads this file. */
export function synonyms(): Readonly<Record<string, CommandName>> {
  return {
    cat: 'get',
    show: 'get',
    view: 'get',
    ls: 'list',
    rm: 'unset',
    remove: 'unset',
    delete: 'unset',
    del: 'unset',
    write: 'set',
    add: 'set',
    put: 'set',
    upload: 'push',
    cp: 'copy',
    log: 'history',
    versions: 'history',
    undo: 'rollback',
    revert: 'rollback',
    're-encrypt': 'rotate',
    rekey: 'rotate',
  };
}

/** envseal runs it by itself, so nothing suggests it. */
const INTERNAL: CommandName = 'deliver-events';

/** The command, its alias or one of `others` that was meant, or `undefined`. */
export function meant(word: string, others: readonly string[] = []): string | undefined {
  const known = synonyms();
  if (Object.hasOwn(known, word)) return known[word];
  const names = COMMAND_NAMES.filter((name) => name !== INTERNAL);
  return nearest(word, [...names, ...Object.keys(ALIASES), ...others]);
}

export function unknownCommand(word: string): EnvsealError {
  const near = meant(word);
  return new EnvsealError('usage', `unknown command ${word}`, {
    hint:
      near === undefined
        ? 'the container command goes after --: envseal run -- COMMAND'
        : `did you mean ${near}?`,
  });
}

export function noCommand(): EnvsealError {
  return new EnvsealError('usage', 'no command given', { hint: 'envseal run -- COMMAND, or envseal help' });
}
