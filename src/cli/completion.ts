/** `envseal completion`: scripts for shells, made from the tables of commands and flags. */
import { EnvsealError } from '../errors.ts';
import { COMMANDS, type Command } from './commands.ts';
import { COMMAND_NAMES, type CommandName, FLAGS, type FlagName, flagsOf } from './flags.ts';
import { readOperands } from './workspace.ts';

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
    (name) =>
      `    ${name}) flags=${quote(
        flagsOf(name)
          .map((flag) => `--${flag}`)
          .join(' '),
      )} ;;`,
  );
  const all = Object.keys(FLAGS) as FlagName[];
  const choices = all
    .filter((name) => choicesOf(name).length > 0)
    .map(
      (name) =>
        `    --${name}) COMPREPLY=($(compgen -W ${quote(choicesOf(name).join(' '))} -- "$word")); return ;;`,
    );
  const files = all.filter(takesFile).map((name) => `--${name}`);
  const others = all
    .filter((name) => takesValue(name) && !takesFile(name) && choicesOf(name).length === 0)
    .map((name) => `--${name}`);
  return `# bash completion for envseal; load it with: source <(envseal completion bash)
_envseal() {
  local word=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command='' flags='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    [[ \${COMP_WORDS[i]} == -- ]] && { COMPREPLY=($(compgen -c -- "$word")); return; }
    [[ -z $command && \${COMP_WORDS[i]} != -* ]] && command=\${COMP_WORDS[i]}
  done
  case $previous in
${choices.join('\n')}
    ${files.join('|')}) COMPREPLY=($(compgen -f -- "$word")); return ;;
    ${others.join('|')}) return ;;
  esac
  case $command in
    '') COMPREPLY=($(compgen -W ${quote(NAMES.join(' '))} -- "$word")); return ;;
    help) COMPREPLY=($(compgen -W ${quote(NAMES.join(' '))} -- "$word")); return ;;
    completion) COMPREPLY=($(compgen -W 'bash zsh fish' -- "$word")); return ;;
${flags.join('\n')}
    exec) flags=${quote(
      flagsOf('run')
        .map((flag) => `--${flag}`)
        .join(' '),
    )} ;;
  esac
  if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "$flags" -- "$word"))
  elif [[ $command == @(${TAKES_FILES.join('|')}) ]]; then COMPREPLY=($(compgen -f -- "$word"))
  fi
}
complete -o filenames -F _envseal envseal
`;
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
    if (name === 'completion') specs.push(quote('1:shell:(bash zsh fish)'));
    else if (name === 'help') specs.push(quote(`1:command:(${NAMES.join(' ')})`));
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
compdef _envseal envseal
`;
}

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
${lines.join('\n')}
complete -c envseal -n '__fish_seen_subcommand_from ${TAKES_FILES.join(' ')}' -F
complete -c envseal -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'
complete -c envseal -n '__fish_seen_subcommand_from help' -a ${quote(NAMES.join(' '))}
${flags.join('\n')}
`;
}
