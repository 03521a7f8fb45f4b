/** `envseal completion`: what shells make of its scripts. Which commands and flags there are is what `help` says. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { describeReal } from '../real/available.ts';
import { skipFor } from '../skip.ts';
import { folder } from './folder.ts';
import { envseal, PATH, runWords } from './program.ts';
import { runInTerminal } from './pty.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

let scripts: Readonly<Record<Shell, string>>;
let commands: readonly string[];
let topics: readonly string[];
let flagsOf: Readonly<Record<string, readonly string[]>>;

beforeAll(async () => {
  const written = await Promise.all(SHELLS.map(async (shell) => [shell, await script(shell)] as const));
  scripts = Object.fromEntries(written) as Record<Shell, string>;
  const [overview = '', rest = ''] = (await helpOn()).split('\nhelp topics:\n');
  commands = firstWords(overview);
  topics = firstWords(rest.split('\n\n')[0] ?? '');
  const flags = await Promise.all(commands.map(async (name) => [name, flagsIn(await helpOn(name))] as const));
  // What help says of itself is the overview.
  flagsOf = { ...Object.fromEntries(flags), help: ['--log-format'] };
});

async function script(shell: string): Promise<string> {
  const { status, stdout, stderr } = await envseal(['completion', shell]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

async function helpOn(...topic: string[]): Promise<string> {
  return (await envseal(['help', ...topic])).stdout;
}

function firstWords(help: string): string[] {
  return [...help.matchAll(/^ {2}([a-z-]+) {2,}/gm)].map(([, name]) => name as string);
}

function flagsIn(help: string): string[] {
  return [...help.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, flag]) => flag as string).toSorted();
}

/** A file with the script of a shell. */
function saved(shell: Shell, name = `envseal.${shell}`): string {
  const path = join(folder(), name);
  writeFileSync(path, scripts[shell]);
  return path;
}

test('there are commands with flags', () => {
  expect(commands).toEqual(expect.arrayContaining(['run', 'push', 'set', 'rotate', 'completion', 'help']));
  expect(flagsOf.push).toEqual(expect.arrayContaining(['--seal', '--kms-key', '--json']));
});

test('help is completed with commands and topics', () => {
  expect(topics).toEqual(['sources', 'exit-codes', 'events', 'env-file']);
  const offers: Readonly<Record<Shell, RegExp>> = {
    bash: /help\) COMPREPLY=\(\$\(compgen -W '([^']*)'/,
    zsh: /'1:command:\(([^)]*)\)'/,
    fish: /'__fish_seen_subcommand_from help' -a '([^']*)'/,
  };
  for (const shell of SHELLS) {
    const [, words = ''] = offers[shell].exec(scripts[shell]) ?? [];
    expect([shell, words.split(' ').toSorted()]).toEqual([shell, [...commands, ...topics].toSorted()]);
  }
});

test.each([['ksh'], ['constructor'], ['']])('there is none for %j', async (shell) => {
  expect(await envseal(['completion', shell])).toMatchObject({ status: 64, stdout: '' });
});

describe('in bash', () => {
  /** What it offers for the last of the words, which bash takes apart at `=`. */
  async function offered(words: readonly string[], cwd = '/'): Promise<string[]> {
    const program = [
      'set -u',
      'source "$1"; shift',
      'COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))',
      '_envseal || true',
      `[ "\${#COMPREPLY[@]}" -eq 0 ] || printf '%s\\n' "\${COMPREPLY[@]}"`,
    ].join('\n');
    const bash = ['bash', '--norc', '-c', program, 'bash', saved('bash'), 'envseal'];
    const { status, stdout, stderr } = await runWords([...bash, ...words], { cwd });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return stdout.split('\n').slice(0, -1);
  }

  test('the script is well-formed', async () => {
    expect(await runWords(['bash', '-n', saved('bash')])).toMatchObject({ status: 0, stderr: '' });
  });

  test('commands', async () => {
    expect((await offered([''])).toSorted()).toEqual(commands.toSorted());
    expect(await offered(['pu'])).toEqual(['push']);
    expect(await offered(['un'])).toEqual(['unset']);
    expect(await offered(['deliver'])).toEqual([]);
    expect((await offered(['help', 'r'])).toSorted()).toEqual(['rollback', 'rotate', 'run']);
    expect((await offered(['help', 'e'])).toSorted()).toEqual(['edit', 'env-file', 'events', 'exit-codes']);
    expect((await offered(['help', ''])).toSorted()).toEqual([...commands, ...topics].toSorted());
  });

  test('the flags of each command, and no others', async () => {
    for (const name of commands) {
      expect([name, (await offered([name, '--'])).toSorted()]).toEqual([name, flagsOf[name]]);
    }
    expect((await offered(['exec', '--'])).toSorted()).toEqual(flagsOf.run);
    expect(await offered(['push', '--sea'])).toEqual(['--seal']);
    expect(await offered(['set', '--sea'])).toEqual([]);
  });

  test('a command behind flags and their values', async () => {
    expect(await offered(['--log-format', 'json', 'pu'])).toEqual(['push']);
    expect(await offered(['--log-format', 'json', 'push', '--sea'])).toEqual(['--seal']);
    expect(await offered(['push', 's3://snacks/run', '--sea'])).toEqual(['--seal']);
  });

  test('choices', async () => {
    expect(await offered(['push', '--seal', ''])).toEqual(['sse-kms', 'cmek', 'sops', 'none']);
    expect(await offered(['push', '--seal', 's'])).toEqual(['sse-kms', 'sops']);
    expect(await offered(['push', '--seal', '='])).toEqual(['sse-kms', 'cmek', 'sops', 'none']);
    expect(await offered(['push', '--seal', '=', 'so'])).toEqual(['sops']);
    expect(await offered(['run', '--event-policy', 'req'])).toEqual(['required']);
    expect(await offered(['completion', ''])).toEqual([...SHELLS]);
  });

  test('files', async () => {
    const cwd = folder({ 'one file': '', 'other;$(x)': '', push: '' });
    const files = ['one file', 'other;$(x)'];
    for (const words of [
      ['get', '--out'],
      ['keygen', '--out', '='],
      ['set', '--file'],
      ['push'],
      ['diff', 'a'],
      ['copy'],
      ['run', '--', 'cat'],
    ]) {
      expect([words, await offered([...words, 'o'], cwd)]).toEqual([words, files]);
    }
    expect(await offered(['list', 'o'], cwd)).toEqual([]);
    expect(await offered(['history', 'o'], cwd)).toEqual([]);
  });

  test('the command to start', async () => {
    expect(await offered(['run', '--', 'base6'])).toContain('base64');
    expect(await offered(['--', 'base6'])).toContain('base64');
    expect(await offered(['run', '--', 'cat', '--pris'])).toEqual([]);
  });

  test('nothing for unknown values', async () => {
    const cwd = folder({ file: '' });
    for (const flag of ['--kms-key', '--source', '-s', '--timeout', '--age']) {
      expect([flag, await offered(['run', flag, ''], cwd)]).toEqual([flag, []]);
    }
  });
});

describeReal('python3', 'in a bash at a terminal', () => {
  /** Types a line, then the tabulator key, and then Enter: what `envseal` was called with. */
  async function typed(line: string, cwd: string): Promise<string> {
    const rcfile = saved('bash');
    const more = `\nPS1='ready> '\nenvseal() { printf 'called:'; printf ' <%s>' "$@"; printf ':end\\n'; }\n`;
    writeFileSync(rcfile, scripts.bash + more);
    const { screen } = await runInTerminal(['/bin/bash', '--noprofile', '--rcfile', rcfile, '-i'], {
      cwd,
      columns: 200,
      steps: [
        { waitFor: 'ready> ', send: `${line}\t\r` },
        { waitFor: ':end', send: 'exit\r' },
      ],
    });
    return /called:(.*):end/.exec(screen)?.[1]?.trim() ?? screen;
  }

  test.each([
    ['envseal pus', '<push>'],
    ['envseal push --sea', '<push> <--seal>'],
    ['envseal push --seal=so', '<push> <--seal=sops>'],
    ['envseal push --seal so', '<push> <--seal> <sops>'],
    ['envseal push one', '<push> <one file>'],
    ['envseal get --out dir', '<get> <--out> <directory/>'],
    ['envseal run -- ./ap', '<run> <--> <./api>'],
  ])('%s', async (line, called) => {
    const cwd = folder({ 'one file': '', api: '#!/bin/sh\n' });
    // A folder with the name of a command does not put a slash behind the command.
    for (const name of ['directory', 'push']) mkdirSync(join(cwd, name));
    expect(await typed(line, cwd)).toBe(called);
  });
});

/** Nothing needs these shells but this: where one is missing, its part is skipped. */
function isInstalled(shell: Shell): boolean {
  return spawnSync(shell, ['-c', 'true'], { env: { PATH } }).status === 0;
}

describe.each(['zsh', 'fish'] as const)('in %s', (shell) => {
  test(
    'the script is well-formed',
    skipFor(!isInstalled(shell) && `needs ${shell}, and CI does without`),
    async () => {
      expect(await runWords([shell, '-n', saved(shell)])).toMatchObject({ status: 0, stderr: '' });
    },
  );
});

describe('in zsh', () => {
  test('each command is described, and has its flags', () => {
    const cases = sections(scripts.zsh);
    for (const name of commands) {
      expect(scripts.zsh).toMatch(new RegExp(`^ {4}'${name}:[^']+`, 'm'));
      const specs = cases[name] ?? '';
      const flags = [...specs.matchAll(/'\*(--[\w-]+)=?\[/g)].map(([, flag]) => flag);
      expect([name, flags.toSorted()]).toEqual([name, flagsOf[name]]);
    }
  });

  test('choices and files', () => {
    expect(scripts.zsh).toMatch(/'\*--seal=\[[^']*\]:value:\(sse-kms cmek sops none\)'/);
    expect(scripts.zsh).toMatch(/'\*--out=\[[^']*\]:file:_files'/);
    expect(scripts.zsh).toContain("'1:shell:(bash zsh fish)'");
  });

  test('it can be sourced, and found in $fpath', () => {
    expect(scripts.zsh).toMatch(/^#compdef envseal\n/);
    expect(scripts.zsh).toContain('if [[ $funcstack[1] == _envseal ]]; then _envseal "$@"; else compdef');
  });

  /** What each command's case has. */
  function sections(text: string): Readonly<Record<string, string>> {
    const body = text.slice(text.indexOf('case $words[1] in'));
    const parts = [...body.matchAll(/^ {4}([a-z|]+)\) _arguments ((?:.|\n)*?) ;;$/gm)];
    return Object.fromEntries(
      parts.flatMap(([, names = '', specs = '']) => names.split('|').map((name) => [name, specs])),
    );
  }
});

describe('in fish', () => {
  const lines = () => scripts.fish.split('\n');

  test('each command is described', () => {
    for (const name of commands) {
      const own = lines().filter((line) => line.includes(`-n __fish_use_subcommand -a ${name} -d '`));
      expect([name, own.length]).toEqual([name, 1]);
    }
  });

  test('each flag is one of its commands alone', () => {
    const flags = lines().flatMap((line) => {
      const [, owners = '', flag] =
        /^complete -c envseal -n '__fish_seen_subcommand_from ([^']*)'.* -l (\S+) /.exec(line) ?? [];
      return flag === undefined ? [] : [[`--${flag}`, owners.split(' ').filter((name) => name !== 'exec')]];
    });
    const expected = [...new Set(Object.values(flagsOf).flat())].map((flag) => [
      flag,
      commands.filter((name) => flagsOf[name]?.includes(flag)),
    ]);
    const sorted = (rows: unknown[][]) => rows.map((row) => row.flat().toSorted().join(' ')).toSorted();
    expect(sorted(flags)).toEqual(sorted(expected));
  });

  test('choices and files', () => {
    expect(scripts.fish).toMatch(/ -l seal -xa 'sse-kms cmek sops none' /);
    expect(scripts.fish).toMatch(/ -l out -rF /);
  });

  test(
    'behind -- a command, and its own words',
    skipFor(!isInstalled('fish') && 'needs fish, and CI does without'),
    async () => {
      const offered = async (line: string) => {
        const script = `source '${saved('fish')}'; complete -C '${line}'`;
        const { stdout, stderr } = await runWords(['fish', '--no-config', '-c', script], {
          env: { HOME: folder() },
        });
        expect(stderr).toBe('');
        return stdout.split('\n').map((row) => row.split('\t')[0]);
      };
      expect(await offered('envseal run -- base6')).toContain('base64');
      expect(await offered('envseal -- base6')).toContain('base64');
      expect(await offered('envseal run -s x -- cat /etc/passw')).toContain('/etc/passwd');
      expect(await offered('envseal run -- cat --pris')).not.toContain('--pristine');
      expect(await offered('envseal run --pris')).toContain('--pristine');
    },
  );
});

test.each(SHELLS)('quotes are balanced in each statement for %s', (shell) => {
  const text = scripts[shell].replaceAll(/^\s*#.*$/gm, '');
  const rest = text
    .replaceAll("'\\''", '')
    .replaceAll(/'[^'\n]*'/g, '')
    .replaceAll(/"[^"\n]*"/g, '');
  expect(rest.match(/['"`]/g) ?? []).toEqual([]);
});
