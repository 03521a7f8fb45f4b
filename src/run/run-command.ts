/** `envseal run` for any command line. The usual ones take the fast path of `plain-arguments.ts` instead. */

import { type CommandLine, readSettings } from '../cli/arguments.ts';
import type { CommandContext } from '../cli/command.ts';
import { EnvsealError } from '../errors.ts';
import type { ByteString } from '../system/byte-string.ts';
import { start } from './start.ts';

export async function run({ host, commandLine }: CommandContext): Promise<never> {
  const settings = readSettings(commandLine, host.variables);
  return await start({ settings, argv: requireCommand(commandLine), host });
}

function requireCommand({ operands, child }: CommandLine): readonly [ByteString, ...ByteString[]] {
  if (operands.length > 0) {
    throw new EnvsealError('usage', 'unexpected argument before --', {
      hint: 'the container command goes after --: envseal run [FLAGS] -- COMMAND [ARGUMENT…]',
    });
  }
  const [file, ...rest] = child ?? [];
  if (file !== undefined) return [file, ...rest];
  throw new EnvsealError('usage', 'no command to run', {
    hint: 'envseal run -- COMMAND [ARGUMENT…]; in an image with ENTRYPOINT ["envseal", "run", "--"], set CMD',
  });
}
