/** The README's tables say what the code says. When one fails, paste what it expected into the README. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  COMMAND_NAMES,
  FLAG_NAMES,
  FLAGS,
  type FlagRow,
  flagsOf,
  hasVariable,
  isCommandName,
} from '../src/cli/flags.ts';
import { COMMANDS } from '../src/commands/table.ts';
import { RULES } from '../src/envfile/lint/entry.ts';
import { type ErrorCode, EXIT_STATUS } from '../src/errors.ts';
import type { Change } from '../src/events/event.ts';
import { outcomeOf } from '../src/events/outcome.ts';
import { sinkForms } from '../src/events/sinks/registry.ts';
import { variableOf } from '../src/own-variables.ts';
import { SETTINGS, type SettingRow } from '../src/settings.ts';

const readme = readFileSync('README.md', 'utf8');
const packageJson = JSON.parse(readFileSync('package.json', 'utf8'));

/** Lines of the tables under a heading; `first` is how a table's own first line starts. */
function table(heading: string, first = '|'): string[] {
  const section = readme.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const tables = section
    .trim()
    .split('\n\n')
    .filter((block) => block.startsWith(first));
  return tables.flatMap((block) => block.split('\n').filter((line) => line.startsWith('|')));
}

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
  expect(table('Commands', '| command |')).toEqual(['| command | |', '|---|---|', ...rows]);
});

test('flags that have no variable, and whose they are', () => {
  const rows = FLAG_NAMES.filter((name) => !hasVariable(name)).map((name) => {
    const owners = commands.filter((command) => flagsOf(command).includes(name));
    const others = commands.filter((command) => !owners.includes(command));
    const words = owners.length > 8 ? `all but ${others.join(', ')}` : owners.join(', ');
    return `| ${flagCell(name, FLAGS[name])} | ${words} | ${helpCell(FLAGS[name])} |`;
  });
  expect(table('Commands', '| flag |')).toEqual(['| flag | of | |', '|---|---|---|', ...rows]);
});

test('what push checks', () => {
  const documented = table('Put a file there')
    .slice(2)
    .map((line) => line.split(' | ').slice(0, 2));
  expect(documented).toEqual(Object.entries(RULES).map(([rule, severity]) => [`| \`${rule}\``, severity]));
});

test('settings', () => {
  const rows = Object.entries<SettingRow>(SETTINGS).map(settingRow);
  expect(table('Settings')).toEqual(['| flag | variable | |', '|---|---|---|', ...rows]);
});

test('exit codes: each code of the table of errors, and no other', () => {
  const documented = table('Exit codes')
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
  for (const name of bundled.filter((name) => !unbundled.includes(name))) {
    expect(table('What is inside').join('\n')).toContain(`\`${name}\``);
  }
});

test('the example comes before one screen is over', () => {
  expect(readme.split('\n').findIndex((line) => line.startsWith('```dockerfile'))).toBeLessThan(20);
});

test('event sinks, policies and types', () => {
  const events = table('Access events').join('\n');
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
  const documented = table('Access events', '| `type` | by |').slice(2);
  const made = Object.entries(COMMAND_OF).filter(([, command]) => isCommandName(command));
  expect(documented.map((line) => line.split(' | ')[0])).toEqual(
    made.map(([change]) => `| \`envseal.change.${change}\``),
  );
  made.forEach(([, command], i) => {
    expect(documented[i]).toContain(`\`envseal ${command}\``);
  });
});

test('links lead somewhere', () => {
  const slug = (heading: string) =>
    heading
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-');
  const anchors = [...readme.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => `#${slug(heading ?? '')}`);
  for (const [, target = ''] of readme.matchAll(/\]\(([^)]+)\)/g)) {
    if (target.startsWith('#')) expect(anchors).toContain(target);
    else if (!target.startsWith('https://')) expect(existsSync(target), target).toBe(true);
  }
});
