/** `envseal completion`: scripts for shells, made from the tables of commands and flags. */

import type { Command } from '../cli/command.ts';
import { COMMAND_NAMES, type CommandName, FLAGS, type FlagName, flagsOf } from '../cli/flags.ts';
import { EnvsealError } from '../errors.ts';
import { readOperands } from '../files/workspace.ts';
import { TOPIC_NAMES } from './help/topics.ts';
import { COMMANDS } from './summaries.ts';

const USAGE = 'envseal completion bash|zsh|fish';

export const completion: Command = async ({ host, commandLine }) => {
  const [shell = ''] = readOperands(commandLine, { least: 1 }, USAGE);
  const write = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
  if (write === undefined)
    throw new EnvsealError('usage', 'there is no completion for that shell', { hint: USAGE });
  host.system.write(1, write());
  return undefined;
};

const SHELLS: Readonly<Record<string, () => string>> = { bash, zsh, fish };

const NAMES = COMMAND_NAMES.filter((name) => !COMMANDS[name].isInternal);
const HELP_ON: readonly string[] = [...NAMES, ...TOPIC_NAMES];
/** Words that are files, by command; the others are URIs, which nothing completes. */
const TAKES_FILES: readonly CommandName[] = ['push', 'diff', 'copy'];

function choicesOf(name: FlagName): readonly string[] {
  return FLAGS[name].choices ?? [];
}

function takesFile(name: FlagName): boolean {
  return FLAGS[name].value === 'FILE';
}

function takesValue(name: FlagName): boolean {
  const { kind } = FLAGS[name];
  return kind !== 'switch' && kind !== 'switch-or-list';
}

/** What a shell's single quotes hold. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function bash(): string {
  const flags = NAMES.map(
    (name) => `    ${name === 'run' ? 'run|exec' : name}) flags=${quoteFlags(name)} ;;`,
  );
  const all = Object.keys(FLAGS) as FlagName[];
  const choices = all
    .filter((name) => choicesOf(name).length > 0)
    .map((name) => `    --${name}) ${choose(choicesOf(name))}; return ;;`);
  const files = all.filter(takesFile).map((name) => `--${name}`);
  const others = all
    .filter((name) => takesValue(name) && !takesFile(name) && choicesOf(name).length === 0)
    .flatMap((name) =>
      FLAGS[name].short === undefined ? [`--${name}`] : [`--${name}`, `-${FLAGS[name].short}`],
    );
  return `# bash completion for envseal; load it with: source <(envseal completion bash)
_envseal_files() {
  local IFS=$'\\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen -f -- "$1"))
}
_envseal() {
  local word=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command='' flags='' i
  COMPREPLY=()
  # bash takes --flag=value for three words.
  if [[ $word == = ]]; then word=''
  elif [[ $previous == = ]]; then previous=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ \${COMP_WORDS[i]} == -- ]]; then
      if ((i == COMP_CWORD - 1)); then COMPREPLY=($(compgen -c -- "$word")); else _envseal_files "$word"; fi
      return
    fi
    if [[ -z $command ]]; then
      case \${COMP_WORDS[i]} in ${[...NAMES, 'exec'].join('|')}) command=\${COMP_WORDS[i]} ;; esac
    fi
  done
  case $previous in
${choices.join('\n')}
    ${files.join('|')}) _envseal_files "$word"; return ;;
    ${others.join('|')}) return ;;
  esac
  case $command in
    '') ${choose(NAMES)}; return ;;
${flags.join('\n')}
  esac
  if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "$flags" -- "$word"))
  else
    case $command in
      help) ${choose(HELP_ON)} ;;
      completion) ${choose(Object.keys(SHELLS))} ;;
      ${TAKES_FILES.join('|')}) _envseal_files "$word" ;;
    esac
  fi
}
complete -F _envseal envseal
`;
}

function quoteFlags(name: CommandName): string {
  return quote(
    flagsOf(name)
      .map((flag) => `--${flag}`)
      .join(' '),
  );
}

function choose(words: readonly string[]): string {
  return `COMPREPLY=($(compgen -W ${quote(words.join(' '))} -- "$word"))`;
}

function zsh(): string {
  const spec = (name: FlagName) => {
    const help = FLAGS[name].help.replaceAll(/[[\]:\\]/g, '\\$&');
    const value =
      choicesOf(name).length > 0
        ? `:value:(${choicesOf(name).join(' ')})`
        : takesFile(name)
          ? ':file:_files'
          : ':value:';
    return quote(`*--${name}${takesValue(name) ? '=' : ''}[${help}]${takesValue(name) ? value : ''}`);
  };
  const commands = NAMES.map(
    (name) => `    ${quote(`${name}:${COMMANDS[name].summary.replaceAll(':', '\\:')}`)}`,
  );
  const cases = NAMES.map((name) => {
    const specs = flagsOf(name).map(spec);
    if (name === 'completion') specs.push(quote(`1:shell:(${Object.keys(SHELLS).join(' ')})`));
    else if (name === 'help') specs.push(quote(`1:command:(${HELP_ON.join(' ')})`));
    else if (TAKES_FILES.includes(name)) specs.push(quote('*:file:_files'));
    return `    ${name === 'run' ? 'run|exec' : name}) _arguments ${specs.join(' \\\n      ')} ;;`;
  });
  return `#compdef envseal
# zsh completion for envseal; put it as _envseal into a directory of $fpath
_envseal() {
  local -a commands=(
${commands.join('\n')}
  )
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  local separator=\${words[(i)--]}
  if (( separator < CURRENT )); then shift separator words; (( CURRENT -= separator )); _normal; return; fi
  shift words; (( CURRENT -= 1 ))
  case $words[1] in
${cases.join('\n')}
  esac
}
# From $fpath this file is the function itself, at its first call.
if [[ $funcstack[1] == _envseal ]]; then _envseal "$@"; else compdef _envseal envseal; fi
`;
}

/** What follows `--` is completed as if it stood alone. */
const FISH_CHILD =
  "complete -c envseal -n 'contains -- -- (commandline -opc)' -xa '(set -l words (commandline -opc) (commandline -ct); __fish_complete_subcommand --commandline $words[(math (contains -i -- -- $words) + 1)..])'";

function fish(): string {
  const lines = NAMES.map(
    (name) => `complete -c envseal -n __fish_use_subcommand -a ${name} -d ${quote(COMMANDS[name].summary)}`,
  );
  const flags = (Object.keys(FLAGS) as FlagName[]).map((flag) => {
    const owners = NAMES.filter((name) => flagsOf(name).includes(flag));
    const condition = quote(
      `__fish_seen_subcommand_from ${owners.join(' ')}${owners.includes('run') ? ' exec' : ''}`,
    );
    const { short, help } = FLAGS[flag];
    const words =
      choicesOf(flag).length > 0
        ? ` -xa ${quote(choicesOf(flag).join(' '))}`
        : takesFile(flag)
          ? ' -rF'
          : ' -x';
    return `complete -c envseal -n ${condition}${short === undefined ? '' : ` -s ${short}`} -l ${flag}${takesValue(flag) ? words : ''} -d ${quote(help)}`;
  });
  return `# fish completion for envseal; put it into ~/.config/fish/completions/envseal.fish
complete -c envseal -f
${FISH_CHILD}
${lines.join('\n')}
complete -c envseal -n '__fish_seen_subcommand_from ${TAKES_FILES.join(' ')}' -F
complete -c envseal -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'
complete -c envseal -n '__fish_seen_subcommand_from help' -a ${quote(HELP_ON.join(' '))}
${flags.join('\n')}
`;
}
