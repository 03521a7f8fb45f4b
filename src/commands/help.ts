/** `envseal help` and `envseal version`, made from the tables. */

import type { Command } from '../cli/command.ts';
import { type CommandName, flagsOf, isCommandName } from '../cli/flags.ts';
import { report } from '../cli/report.ts';
import { EnvsealError } from '../errors.ts';
import type { System } from '../system/system.ts';
import { VERSION } from '../version.ts';
import { type Block, layOut, type Section } from './help/layout.ts';
import { commandSections, flagTerm, flagText, groupFlags } from './help/tables.ts';
import { isTopicName, TOPIC_NAMES, TOPICS } from './help/topics.ts';
import { helpWidth } from './help/width.ts';
import { COMMANDS } from './summaries.ts';
import { ALIASES, meant, noCommand } from './unknown-command.ts';

export const help: Command = async ({ host, commandLine }) => {
  const { command, operands, wantsHelp } = commandLine;
  const { system, variables } = host;
  if (command === undefined && !wantsHelp) {
    // A log that is parsed keeps its one line.
    if (variables.ENVSEAL_LOG_FORMAT === 'json') throw noCommand();
    const { text, exitStatus } = report(noCommand(), 'text');
    system.write(2, `${text}\n${layOut(shortList(), helpWidth(2, variables))}`);
    return exitStatus;
  }
  const topic = command === 'help' ? operands[0] : command;
  const blocks = await helpOn(topic === 'help' ? undefined : topic, system.runtime);
  system.write(1, layOut(blocks, helpWidth(1, variables)));
  return undefined;
};

export const version: Command = async ({ host }) => {
  host.system.write(1, `envseal ${VERSION}\n`);
  return undefined;
};

/** On a command, an alias or a topic; without one, the overview. Throws `usage` for anything else. */
export async function helpOn(
  topic: string | undefined,
  runtime: System['runtime'],
): Promise<readonly Block[]> {
  if (topic === undefined) return overview(runtime);
  const name = Object.hasOwn(ALIASES, topic) ? (ALIASES[topic] as CommandName) : topic;
  if (isCommandName(name)) return details(name);
  if (isTopicName(name)) return await TOPICS[name].describe();
  const near = meant(name, TOPIC_NAMES);
  throw new EnvsealError('usage', `no help on ${name}`, {
    hint: near === undefined ? 'envseal help lists the commands and topics' : `did you mean ${near}?`,
  });
}

/** For the container executable, whose help has all commands: they are what people look for. */
const CONTAINER_ONLY =
  'This is the container executable: it has run, completion, help and version. The others need the full envseal, on Node.';

const USAGE: Block = { text: 'usage: envseal [COMMAND] [FLAGS] [-- COMMAND [ARGUMENT…]]' };

function overview(runtime: System['runtime']): Block[] {
  const topics: Section = {
    title: 'help topics',
    rows: TOPIC_NAMES.map((name) => [name, TOPICS[name].summary]),
  };
  return [
    {
      text: 'envseal opens KMS-sealed env files and becomes the container command, with their variables in its environment. Its other commands store such files, and change and compare them.',
    },
    USAGE,
    { sections: [...commandSections(), topics] },
    { title: 'example', code: ['ENVSEAL_SOURCE=s3://snacks/dev/env envseal run -- ./api'] },
    {
      text: 'envseal help COMMAND lists the flags of a command, and envseal help TOPIC explains a topic. Each setting has a flag and a variable, such as --kms-key and ENVSEAL_KMS_KEY.',
    },
    ...(runtime === 'host' ? [{ text: CONTAINER_ONLY }] : []),
  ];
}

/** For a command line without a command. */
function shortList(): Block[] {
  return [USAGE, { sections: commandSections() }];
}

function details(name: CommandName): Block[] {
  const { usage, summary, example } = COMMANDS[name];
  const sections = groupFlags(flagsOf(name), (flag) => [flagTerm(flag), flagText(flag, name)]);
  return [
    { text: usage },
    { text: summary },
    { sections },
    ...(example === undefined ? [] : [{ title: 'example', code: [example] }]),
  ];
}
