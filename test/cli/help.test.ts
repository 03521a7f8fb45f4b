/** `envseal help`: every command once, and what its flags mean there. */
import { expect, test } from 'vitest';
import { splitCommandLine } from '../../src/cli/arguments.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { COMMAND_NAMES } from '../../src/cli/flags.ts';
import { help } from '../../src/cli/help.ts';
import type { Host } from '../../src/host.ts';

async function helpOn(...words: readonly string[]): Promise<string[]> {
  const written: string[] = [];
  const system = { write: (_fd: number, text: string) => written.push(text) };
  await help({
    host: { system } as unknown as Host,
    commandLine: splitCommandLine(['help', ...words]),
  });
  return written.join('').split('\n');
}

test('the overview has each command once, with its summary, and none that is internal', async () => {
  const listed = (await helpOn()).flatMap((line) => {
    const [, name, summary] = /^ {2}([a-z-]+) {2,}(.*)$/.exec(line) ?? [];
    return name === undefined ? [] : [[name, summary]];
  });
  const names = COMMAND_NAMES.filter((name) => !COMMANDS[name].isInternal);
  expect(listed.sort()).toEqual(names.map((name) => [name, COMMANDS[name].summary]).sort());
});

test('groups are apart, and each has a title', async () => {
  const lines = await helpOn();
  const titles = lines.filter((line) => /^\S.*:$/.test(line));
  expect(titles).toEqual(['start a command:', 'change files:', 'look at files:', 'others:', 'example:']);
  for (const title of titles) expect(lines[lines.indexOf(title) - 1]).toBe('');
});

test.each([
  ['run', 'the only KMS keys'],
  ['set', 'the only KMS keys'],
  ['push', 'the key to seal with'],
  ['copy', 'the key to seal with'],
  ['rotate', 'the key to seal with'],
])('--kms-key of %s is %s', async (command, meaning) => {
  const line = (await helpOn(command)).find((text) => text.includes('--kms-key KEY'));
  expect(line).toContain(meaning);
  expect(line).toMatch(/; ENVSEAL_KMS_KEY$/);
});
