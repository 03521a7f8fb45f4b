/** The manual page: its sections, its flags, and roff that says what was meant. */
import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, test } from 'vitest';
import { FLAG_NAMES, FLAGS, flagsOf, hasVariable } from '../../../src/cli/flags.ts';
import { escapeRoff, manualPage } from '../../../src/commands/help/man.ts';
import { PUBLIC_COMMANDS } from '../../../src/commands/help/tables.ts';
import { COMMANDS } from '../../../src/commands/summaries.ts';
import { EXIT_STATUS } from '../../../src/errors.ts';
import { SECRET_VARIABLES, variableOf } from '../../../src/own-variables.ts';
import { skipFor } from '../../skip.ts';

let page: string;
let lines: readonly string[];
beforeAll(async () => {
  page = await manualPage('1.2.3');
  lines = page.split('\n');
});

/** What is between the heading of a section and the next one. */
function section(title: string): string {
  const [, rest = ''] = page.split(`\n.SH ${title}\n`);
  return rest.split('\n.SH ')[0] ?? '';
}

/** The text as a reader has it, without requests and fonts. */
function plain(roff: string): string {
  return roff
    .replaceAll(/\\f[BIR]/g, '')
    .replaceAll(/\\\[u([0-9A-F]+)\]/g, (_, code) => String.fromCodePoint(Number.parseInt(code, 16)))
    .replaceAll(/\\(-|e|\(aq|\(dq|\(ga|\(ha|\(ti| |&)/g, (_, name) => PLAIN[name] ?? '');
}

const PLAIN: Readonly<Record<string, string>> = {
  '-': '-',
  e: '\\',
  '(aq': "'",
  '(dq': '"',
  '(ga': '`',
  '(ha': '^',
  '(ti': '~',
  ' ': ' ',
};

test('has the version in its title, and its sections in the usual order', () => {
  expect(lines).toContain('.TH ENVSEAL 1 "" "envseal 1.2.3" "User Commands"');
  expect([...page.matchAll(/^\.SH (.*)$/gm)].map(([, title]) => title)).toEqual([
    ...['NAME', 'SYNOPSIS', 'DESCRIPTION', 'COMMANDS', 'OPTIONS'],
    ...['SOURCES', 'ENV FILES', 'EVENTS', 'EXIT STATUS', 'ENVIRONMENT', 'EXAMPLES', 'SEE ALSO'],
  ]);
});

test('NAME is one line that whatis and apropos can read', () => {
  expect(section('NAME')).toMatch(/^envseal \\- [a-z][^\n]+$/);
});

test('SYNOPSIS has the usage of each command, and EXAMPLES its example', () => {
  const usages = plain(section('SYNOPSIS')).split('\n.br\n');
  expect(usages).toEqual(PUBLIC_COMMANDS.map((name) => COMMANDS[name].usage));
  for (const name of PUBLIC_COMMANDS)
    expect(plain(section('EXAMPLES')).split('\n')).toContain(COMMANDS[name].example);
});

test('COMMANDS has each command once, with its summary', () => {
  for (const name of PUBLIC_COMMANDS)
    expect(plain(section('COMMANDS')).split(`\n${name}\n${COMMANDS[name].summary}`)).toHaveLength(2);
  expect(plain(page)).not.toContain('deliver-events');
});

describe('OPTIONS', () => {
  /** What follows the term of a flag, up to the next one. */
  function described(name: string): string[] {
    const tags = section('OPTIONS').split('\n.TP\n');
    return tags.map(plain).filter((tag) => new RegExp(`^(?:-\\w, )?--${name}(?=[ [=\n])`).test(tag));
  }

  test.each(FLAG_NAMES)('has --%s once, with its commands and its variable', (name) => {
    const [text = '', ...more] = described(name);
    expect(more).toEqual([]);
    expect(text).toContain(`\n${FLAGS[name].help}`);
    if (hasVariable(name)) expect(text).toContain(`[${variableOf(name)}]`);
    const [, all, but, some = ''] = /\nCommands: (?:(all)(?: but (.*))?|(.*))$/m.exec(text) ?? [];
    const named = (but ?? some).split(', ');
    const owners = all === undefined ? named : PUBLIC_COMMANDS.filter((command) => !named.includes(command));
    expect(owners).toEqual(PUBLIC_COMMANDS.filter((command) => flagsOf(command).includes(name)));
  });

  test('says of --kms-key both that it pins and that it seals', () => {
    expect(described('kms-key').join()).toMatch(
      /may be sealed with .*\n\.br\nWith push, copy, rotate: the key to seal/,
    );
  });
});

test('EXIT STATUS has each code with its status', () => {
  for (const [code, status] of Object.entries(EXIT_STATUS))
    expect(plain(section('EXIT STATUS'))).toMatch(new RegExp(`^${status} +${code}$`, 'm'));
});

test('ENVIRONMENT has each variable of envseal', () => {
  const text = plain(section('ENVIRONMENT'));
  for (const name of FLAG_NAMES.filter(hasVariable))
    expect(text).toContain(`\n${variableOf(name)}\nas --${name}\n`);
  for (const name of SECRET_VARIABLES) expect(text).toContain(`${name}, ${name}_FILE\n`);
});

describe('escaping', () => {
  test.each([
    ['--kms-key', '\\-\\-kms\\-key'],
    ['a\\nb', 'a\\enb'],
    ["it's", 'it\\(aqs'],
    ['`x` ^ ~', '\\(gax\\(ga \\(ha \\(ti'],
    ['NAME…', 'NAME\\[u2026]'],
    ['é𝒳', '\\[u00E9]\\[u1D4B3]'],
    ['(default\u00a030)', '(default\\ 30)'],
    ['"plain" .text', '"plain" .text'],
  ])('%j is %j', (text, roff) => {
    expect(escapeRoff(text)).toBe(roff);
  });

  test('the page is ASCII, and each escape in it is one that is meant', () => {
    expect(page).toMatch(/^[\n -~]*$/);
    const comment = '.\\" ';
    for (const line of lines.filter((line) => !line.startsWith(comment)))
      expect(
        line.replaceAll(/\\(?:-|e|f[BIR]|\((?:aq|dq|ga|ha|ti)|\[u[0-9A-F]{4,5}\]| |&)/g, ''),
      ).not.toContain('\\');
  });

  test('no text is taken for a request: lines that begin so are those of the page', () => {
    const requests = new Set(lines.flatMap((line) => /^[.'](\S*)/.exec(line)?.[1] ?? []));
    expect([...requests].toSorted()).toEqual(
      ['EE', 'EX', 'PD', 'PP', 'RE', 'RS', 'SH', 'SS', 'TH', 'TP', '\\"', 'ad', 'br', 'nh'].toSorted(),
    );
  });

  test('fonts are balanced in each line', () => {
    for (const line of lines)
      expect([line, (line.match(/\\f[BI]/g) ?? []).length]).toEqual([
        line,
        (line.match(/\\fR/g) ?? []).length,
      ]);
  });
});

/** Nothing needs these programs but this: where one is missing, its part is left out. */
describe('read by what is installed', () => {
  const run = (program: string, args: readonly string[]) =>
    spawnSync(program, args, { input: page, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } });
  const unlessMissing = (program: string) =>
    spawnSync(program, ['-v']).error === undefined
      ? {}
      : skipFor(`${program} is not installed, and CI does without`);

  test('groff has no warnings', unlessMissing('groff'), () => {
    const { stdout, stderr, status } = run('groff', ['-man', '-ww', '-z', '-rCHECKSTYLE=3']);
    expect({ stdout, stderr, status }).toEqual({ stdout: '', stderr: '', status: 0 });
  });

  test('groff breaks no flag and no variable at the end of a line', unlessMissing('groff'), () => {
    const { stdout } = run('groff', ['-man', '-Tascii', '-P-cbou', '-rLL=80n']);
    for (const name of FLAG_NAMES) {
      expect(stdout).toMatch(new RegExp(`--${name}(?![\\w-])`));
      if (hasVariable(name)) expect(stdout).toContain(`[${variableOf(name)}]`);
    }
    expect(stdout).not.toMatch(/\w-\n/);
  });

  test('mandoc has no errors', unlessMissing('mandoc'), () => {
    expect(run('mandoc', ['-man', '-T', 'lint', '-W', 'error']).stdout).toBe('');
  });
});
