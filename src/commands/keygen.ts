/** `envseal keygen`: an age identity in a file that only its owner reads, as `age-keygen --output FILE` makes it. */

import { readFlags } from '../cli/arguments.ts';
import type { Command } from '../cli/command.ts';
import { EnvsealError } from '../errors.ts';
import { writeNewFile } from '../files/new-file.ts';

export const keygen: Command = async ({ host, commandLine }) => {
  const { out } = readFlags(commandLine, host.variables, ['out']);
  const { operands, child } = commandLine;
  if (out === undefined || operands.length > 0 || child !== undefined) {
    const problem = out === undefined ? 'no file for the identity' : 'unexpected argument';
    throw new EnvsealError('usage', problem, { hint: 'envseal keygen --out FILE' });
  }
  const { generateX25519Identity, identityToRecipient } = await import('age-encryption');
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  const created = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  writeNewFile(out, `# created: ${created}\n# public key: ${recipient}\n${identity}\n`);
  host.system.write(1, `${recipient}\n`);
};
