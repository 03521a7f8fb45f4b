/** The tables in docs say what the code says. When one fails, paste what it expected into the page. */
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  COMMAND_NAMES,
  FLAG_NAMES,
  FLAGS,
  type FlagRow,
  flagsOf,
  hasVariable,
  isCommandName,
} from '../../src/cli/flags.ts';
import { COMMANDS } from '../../src/commands/summaries.ts';
import { RULES } from '../../src/envfile/lint/entry.ts';
import { type ErrorCode, EXIT_STATUS } from '../../src/errors.ts';
import type { Change } from '../../src/events/event.ts';
import { outcomeOf } from '../../src/events/outcome.ts';
import { sinkForms } from '../../src/events/sinks/registry.ts';
import { SECRET_VARIABLES, variableOf } from '../../src/own-variables.ts';
import { SETTINGS, type SettingRow } from '../../src/settings.ts';
import { folder } from '../e2e/folder.ts';
import { describeReal } from '../real/available.ts';
import { pinnedProgram } from '../real/programs.ts';
import { blocksOf, PAGES, read, sectionOf, tablesIn, USER_PAGES } from './pages.ts';

const packageJson = JSON.parse(readFileSync('package.json', 'utf8'));
const EVENTS = 'docs/reference/events.md';

/** What is in a cell must not end it. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function flagCell(name: string, row: FlagRow): string {
  const short = row.short === undefined ? '' : `\`-${row.short}\`, `;
  const value = row.choices?.join('|') ?? row.value;
  const suffix = value === undefined ? '' : row.kind === 'switch-or-list' ? `[=${value},…]` : ` ${value}`;
  return cell(`${short}\`--${name}${suffix}\``);
}

function helpCell({ help, default: fallback }: FlagRow): string {
  return cell(`${help}${fallback === undefined ? '' : ` (default ${fallback})`}`);
}

function settingRow([name, row]: [string, SettingRow]): string {
  return `| ${flagCell(name, row)} | \`${variableOf(name)}\` | ${helpCell(row)} |`;
}

const commands = COMMAND_NAMES.filter((name) => !COMMANDS[name].isInternal);

test('commands', () => {
  const rows = commands.map((name) => {
    const { usage, summary } = COMMANDS[name];
    return `| \`${cell(usage.replace(/^envseal /, '').replace('[FLAGS] ', ''))}\` | ${cell(summary)} |`;
  });
  const documented = tablesIn(sectionOf('docs/reference/cli.md', 'Commands'), '| command |');
  expect(documented).toEqual(['| command | |', '|---|---|', ...rows]);
});

test('flags that have no variable, and whose they are', () => {
  const rows = FLAG_NAMES.filter((name) => !hasVariable(name)).map((name) => {
    const owners = commands.filter((command) => flagsOf(command).includes(name));
    const others = commands.filter((command) => !owners.includes(command));
    const words = owners.length > 8 ? `all but ${others.join(', ')}` : owners.join(', ');
    return `| ${flagCell(name, FLAGS[name])} | ${words} | ${helpCell(FLAGS[name])} |`;
  });
  const documented = tablesIn(sectionOf('docs/reference/cli.md', 'Flags without a variable'));
  expect(documented).toEqual(['| flag | of | |', '|---|---|---|', ...rows]);
});

test('settings', () => {
  const rows = Object.entries<SettingRow>(SETTINGS).map(settingRow);
  const documented = tablesIn(read('docs/reference/settings.md'));
  expect(documented).toEqual(['| flag | variable | |', '|---|---|---|', ...rows]);
});

test('lists whose flags are not split at commas, and variables that must not be empty', () => {
  const text = read('docs/reference/settings.md');
  const rows = Object.entries<SettingRow>(SETTINGS);
  const verbatim = rows.filter(([, row]) => row.verbatim).map(([name]) => `\`--${name}\``);
  const [, named = ''] = /all but ([^;]*?)\s+accept commas/s.exec(text) ?? [];
  expect(named.match(/`--[\w-]+`/g)).toEqual(verbatim);
  const restricting = rows.filter(([, row]) => row.restricts).map(([name]) => `\`${variableOf(name)}\``);
  const [, empty = ''] = /so is an empty ([^:]*):/s.exec(text) ?? [];
  expect(empty.match(/`\w+`/g)).toEqual(restricting);
});

test('what push checks', () => {
  const documented = tablesIn(sectionOf('docs/reference/env-file.md', 'What push checks'))
    .slice(2)
    .map((line) => line.split(' | ').slice(0, 2));
  expect(documented).toEqual(Object.entries(RULES).map(([rule, severity]) => [`| \`${rule}\``, severity]));
});

test('exit codes: each code of the table of errors, and no other', () => {
  const documented = tablesIn(read('docs/reference/exit-codes.md'))
    .slice(2)
    .map((line) => Number(line.split('|')[1]));
  expect(documented).toEqual([...new Set(Object.values(EXIT_STATUS))].sort((a, b) => a - b));
});

test('each bundled library has its reason', () => {
  const bundled = Object.keys(packageJson.devDependencies).filter((name) =>
    /^@(aws-sdk|smithy|google-cloud)\/|^(google-auth-library|age-encryption|yaml)$/.test(name),
  );
  // Only tests and the benchmark use these.
  const unbundled = [
    '@aws-sdk/client-kms',
    '@aws-sdk/nested-clients',
    '@aws-sdk/credential-provider-web-identity',
    '@smithy/core',
    '@smithy/signature-v4',
    '@aws-sdk/credential-provider-http',
    '@smithy/credential-provider-imds',
  ];
  const documented = sectionOf('docs/security.md', 'What is inside');
  for (const name of bundled.filter((name) => !unbundled.includes(name)))
    expect(documented).toContain(`\`${name}\``);
});

test('event sinks, policies and types', () => {
  const events = tablesIn(read(EVENTS)).join('\n');
  for (const form of sinkForms()) {
    const scheme = form.slice(0, form.indexOf(':') + 1);
    // The http: forms are said in a sentence.
    if (!/http:/.test(scheme)) expect(events).toContain(`\`${scheme}`);
  }
  for (const policy of SETTINGS['event-policy'].choices) expect(events).toContain(`| \`${policy}\` |`);
  for (const outcome of new Set(Object.keys(EXIT_STATUS).map((code) => outcomeOf(code as ErrorCode))))
    expect(events).toContain(`| \`envseal.access.${outcome}\` |`);
});

const COMMAND_OF: Readonly<Record<Change, string>> = {
  stored: 'push',
  set: 'set',
  unset: 'unset',
  copied: 'copy',
  'rolled-back': 'rollback',
  rotated: 'rotate',
  revoked: 'revoke',
  restored: 'restore',
  expired: 'expire',
  shared: 'share',
};

test('event types of changes: those that a command makes', () => {
  const documented = tablesIn(sectionOf(EVENTS, 'Change events'), '| `type` | by |').slice(2);
  const made = Object.entries(COMMAND_OF).filter(([, command]) => isCommandName(command));
  expect(documented.map((line) => line.split(' | ')[0])).toEqual(
    made.map(([change]) => `| \`envseal.change.${change}\``),
  );
  made.forEach(([, command], i) => {
    expect(documented[i]).toContain(`\`envseal ${command}\``);
  });
});

/** Without what the program adds: `…` in the page, `${…}` in the code. */
function piecesOf(message: string): string[] {
  const pieces = message.split('…').map((piece) => piece.replace(/^[:, ]+/, '').trim());
  return pieces.filter((piece) => /[a-z]{3}/.test(piece));
}

describe('docs/troubleshooting.md', () => {
  const SOURCES = globSync('src/**/*.ts').map(read);
  const section = (heading: string) => tablesIn(sectionOf('docs/troubleshooting.md', heading), '| message');
  const headings = Array.from(
    read('docs/troubleshooting.md').matchAll(/^## (.*)$/gm),
    ([, heading = '']) => heading,
  );
  const ours = headings.filter((heading) => /: \d/.test(heading));

  test.each(ours)('%s: envseal has these messages', (heading) => {
    const rows = section(heading).slice(2);
    expect(rows.length).toBeGreaterThan(2);
    const messages = rows.flatMap((row) => row.split(' | ')[0]?.match(/`[^`]+`/g) ?? []);
    for (const message of messages) {
      // Codes such as ENOTFOUND are Node's and the host's.
      const pieces = piecesOf(message.slice(1, -1).replace(/: [A-Z_]{5,}$|^[A-Z_]{5,}$/, ''));
      for (const piece of pieces)
        expect(
          SOURCES.some((text) => text.includes(piece)),
          piece,
        ).toBe(true);
    }
  });

  test('each exit status of the startup has a part', () => {
    const statuses = ours.flatMap((heading) => heading.match(/\d+/g) ?? []).map(Number);
    const all = new Set(Object.values(EXIT_STATUS));
    expect(statuses.toSorted((a, b) => a - b)).toEqual(
      // A bug has no cure.
      [...all].filter((status) => status !== 70).toSorted((a, b) => a - b),
    );
  });
});

describeReal('hclfmt', 'Terraform', () => {
  test.each(['docs/quickstart-aws.md', 'docs/quickstart-gcp.md'])('%s: formatted HCL', (page) => {
    const blocks = blocksOf(page).filter(({ language }) => language === 'hcl');
    expect(blocks.length).toBe(2);
    const files = Object.fromEntries(blocks.map(({ text }, at) => [`${at}.tf`, text]));
    const cwd = folder(files);
    for (const name of Object.keys(files)) execFileSync(pinnedProgram('hclfmt'), ['-check', name], { cwd });
  });
});

test('variables that pages name exist', () => {
  const known = new Set([...Object.keys(SETTINGS).map(variableOf), ...SECRET_VARIABLES, 'ENVSEAL_BIN']);
  for (const page of PAGES) {
    const named = read(page).match(/\bENVSEAL_[A-Z0-9_]*[A-Z0-9]\b/g) ?? [];
    expect(
      named.filter((name) => !known.has(name.replace(/_FILE$/, ''))),
      page,
    ).toEqual([]);
  }
});

test('flags in the command lines of pages are those of the command', () => {
  for (const page of USER_PAGES) {
    const shell = blocksOf(page).filter(({ language }) => language === 'sh' || language === 'dockerfile');
    const inline = Array.from(read(page).matchAll(/`(envseal [^`]+)`/g), ([, line = '']) => line);
    const lines = [...shell.flatMap(({ text }) => text.replaceAll('\\\n', ' ').split('\n')), ...inline];
    for (const line of lines) {
      for (const [, name = '', args = ''] of line.matchAll(/\benvseal (\w+)((?: (?!-- )[^|&;#)]+)?)/g)) {
        if (!isCommandName(name)) continue;
        const flags = args.replace(/ -- .*/, '').match(/(?<= )--[a-z][\w-]*/g) ?? [];
        for (const flag of flags) expect(flagsOf(name), `${page}: ${line}`).toContain(flag.slice(2));
      }
    }
  }
});
