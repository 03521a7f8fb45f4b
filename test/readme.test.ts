/** The README's tables say what the code says. When one fails, paste what it expected into the README. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type ErrorCode, EXIT_STATUS } from '../src/errors.ts';
import { outcomeOf } from '../src/events/outcome.ts';
import { SINK_FORMS } from '../src/events/sinks.ts';
import { SETTINGS, type SettingRow, variableOf } from '../src/settings.ts';

const readme = readFileSync('README.md', 'utf8');
const packageJson = JSON.parse(readFileSync('package.json', 'utf8'));

/** Lines of the table under a heading. */
function table(heading: string): string[] {
  const section = readme.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return section.split('\n').filter((line) => line.startsWith('|'));
}

function settingRow([name, row]: [string, SettingRow]): string {
  const short = row.short === undefined ? '' : `\`-${row.short}\`, `;
  const value = row.choices?.join('\\|') ?? row.value?.replaceAll('|', '\\|');
  const suffix = value === undefined ? '' : row.kind === 'switch-or-list' ? `[=${value},…]` : ` ${value}`;
  const fallback = row.default === undefined ? '' : ` (default ${row.default})`;
  return `| ${short}\`--${name}${suffix}\` | \`${variableOf(name)}\` | ${row.help}${fallback} |`;
}

test('settings', () => {
  const rows = Object.entries(SETTINGS).map(settingRow);
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
  for (const form of SINK_FORMS) {
    const scheme = form.slice(0, form.indexOf(':') + 1);
    // The http: forms are said in a sentence.
    if (!/http:/.test(scheme)) expect(events).toContain(`\`${scheme}`);
  }
  for (const policy of SETTINGS['event-policy'].choices) expect(events).toContain(`| \`${policy}\` |`);
  for (const outcome of new Set(Object.keys(EXIT_STATUS).map((code) => outcomeOf(code as ErrorCode))))
    expect(events).toContain(`| \`envseal.access.${outcome}\` |`);
});
