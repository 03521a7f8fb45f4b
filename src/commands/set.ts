/** `envseal set` and `envseal unset`: variables of a sealed file, one at a time. */

import type { Command } from '../cli/command.ts';
import { isLoaderName } from '../envfile/loader-names.ts';
import { isName, NAME_IN_WORDS } from '../envfile/name.ts';
import { matcher } from '../envfile/name-glob.ts';
import { EnvsealError } from '../errors.ts';
import { changeFile } from '../files/change-variables.ts';
import { readValue } from '../files/input-value.ts';
import { printStored } from '../files/print-stored.ts';
import { openWorkspace, parseTarget, readOperands } from '../files/workspace.ts';

const SET = 'envseal set URI NAME';
const UNSET = 'envseal unset URI NAME…';

export const set: Command = async (context) => {
  refuseValue(context.commandLine.operands);
  const [uri = '', name = ''] = readOperands(context.commandLine, { least: 2 }, SET);
  const source = parseTarget(uri);
  checkName(name);
  const workspace = await openWorkspace(context);
  if (isLoaderName(name) && !matcher(workspace.flags['allow-name'])(name)) {
    throw new EnvsealError('unsafe_name', `${name} can make programs load code`, {
      hint: `accept it with --allow-name ${name}, here and when the file is opened`,
    });
  }
  // No timeout runs at the prompt.
  workspace.deadline.clear();
  const value = await readValue(name, workspace);
  workspace.deadline.renew();
  const stored = await changeFile(source, 'set', () => new Map([[name, value]]), workspace);
  printStored(uri, stored, workspace);
  return undefined;
};

export const unset: Command = async (context) => {
  const [uri = '', ...names] = readOperands(context.commandLine, { least: 2, most: 1000 }, UNSET);
  const source = parseTarget(uri);
  names.forEach(checkName);
  const workspace = await openWorkspace(context);
  const stored = await changeFile(
    source,
    'unset',
    ({ variables }) => {
      const absent = names.filter((name) => !variables.has(name));
      if (absent.length > 0) {
        throw new EnvsealError('not_found', `${uri} has no ${absent.join(', ')}`, {
          hint: `nothing was changed; envseal list ${uri} shows its variables`,
        });
      }
      return new Map(names.map((name) => [name, undefined]));
    },
    workspace,
  );
  printStored(uri, stored, workspace);
  return undefined;
};

/** The value is in the shell's history by now, and in `ps` for everyone. */
function refuseValue(operands: readonly string[]): void {
  const isPair = operands.length === 2 && operands[1]?.includes('=');
  if (operands.length < 3 && !isPair) return;
  throw new EnvsealError('usage', 'values are not accepted on the command line', {
    hint: 'anyone on this machine could read it, and your shell history keeps it: delete it there, and give a new value on stdin, with --file or at the prompt',
  });
}

/** An invalid name is not shown: it could be the value. */
function checkName(name: string): void {
  if (isName(name)) return;
  throw new EnvsealError('usage', `expected ${NAME_IN_WORDS}`, { hint: `${SET}; ${UNSET}` });
}
