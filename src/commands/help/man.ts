/** The manual page envseal(1), made from the tables that help is made from. Only the build loads this. */
import { type CommandName, FLAG_NAMES, FLAGS, type FlagName, flagsOf, hasVariable } from '../../cli/flags.ts';
import { SECRET_VARIABLES, variableOf } from '../../own-variables.ts';
import { COMMANDS } from '../summaries.ts';
import { type Block, NO_BREAK, type Row } from './layout.ts';
import {
  commandSections,
  flagTerm,
  flagText,
  groupFlags,
  KEY_TO_SEAL_WITH,
  PUBLIC_COMMANDS,
  sealsAnew,
} from './tables.ts';
import { TOPICS } from './topics.ts';

/** With macros that groff and mandoc both have. https://man7.org/linux/man-pages/man7/groff_man.7.html */
export async function manualPage(version: string): Promise<string> {
  const topic = async (name: keyof typeof TOPICS) => (await TOPICS[name].describe()).map(formatBlock);
  return [
    '.\\" Made by npm run build from the tables in src/commands.',
    `.TH ENVSEAL 1 "" "envseal ${escapeRoff(version)}" "User Commands"`,
    // No hyphens within names, which people copy, and no holes between words.
    NO_HYPHENS,
    '.ad l',
    '.SH NAME',
    'envseal \\- open sealed env files and become the command of a container',
    '.SH SYNOPSIS',
    ...PUBLIC_COMMANDS.flatMap((name, at) => [...(at === 0 ? [] : ['.br']), usageOf(name)]),
    '.SH DESCRIPTION',
    ...DESCRIPTION.map(formatBlock),
    '.SH COMMANDS',
    ...commandSections().flatMap(({ title = '', rows }) => [`.SS ${quote(title)}`, ...formatRows(rows)]),
    '.SH OPTIONS',
    paragraph(
      'A flag wins over its variable, which is in brackets. Lists: repeat the flag, or separate with commas.',
    ),
    ...groupFlags(FLAG_NAMES, (name) => [name, '']).flatMap(({ title, rows }) => [
      `.SS ${quote(title)}`,
      ...rows.map(([name]) => formatFlag(name as FlagName)),
    ]),
    '.SH SOURCES',
    ...(await topic('sources')),
    '.SH ENV FILES',
    ...(await topic('env-file')),
    '.SH EVENTS',
    ...(await topic('events')),
    '.SH EXIT STATUS',
    ...(await topic('exit-codes')),
    '.SH ENVIRONMENT',
    ...formatRows(FLAG_NAMES.filter(hasVariable).map((name) => [variableOf(name), `as --${name}`])),
    ...formatRows(OTHER_VARIABLES),
    '.SH EXAMPLES',
    formatBlock({ code: PUBLIC_COMMANDS.flatMap((name) => COMMANDS[name].example ?? []) }),
    '.SH SEE ALSO',
    '\\fBsops\\fR(1), \\fBage\\fR(1), \\fBaws\\fR(1), \\fBgcloud\\fR(1)',
    '',
  ].join('\n');
}

/** In columns. */
const LONGEST_TERM = 32;

/** `.EE` makes hyphens possible again. */
const NO_HYPHENS = '.nh';

const DESCRIPTION: readonly Block[] = [
  {
    text: 'envseal is the entrypoint of a container. It opens env files that a KMS key seals in S3 or Google Cloud Storage, or that SOPS seals anywhere, and becomes the command, with their variables in its environment and nowhere else. If anything is wrong, the command does not start.',
  },
  { text: 'Its other commands store such files, and change and compare them.' },
];

/** Bold as far as it is typed as it stands, italic where something is put in. */
function usageOf(name: CommandName): string {
  const rest = COMMANDS[name].usage.slice(`envseal ${name}`.length);
  return `\\fBenvseal ${escapeRoff(name)}\\fR${emphasise(rest)}`;
}

function formatFlag(name: FlagName): string {
  const [first = '', second] = flagTerm(name).split(', ');
  const term = [first, ...(second === undefined ? [] : [second])].map((flag) => {
    const [, word = '', value = ''] = /^(-[\w-]+)(.*)$/s.exec(flag) ?? [];
    return `\\fB${escapeRoff(word)}\\fR${FLAGS[name].choices === undefined ? emphasise(value) : escapeRoff(value)}`;
  });
  const owners = PUBLIC_COMMANDS.filter((command) => flagsOf(command).includes(name));
  const others = PUBLIC_COMMANDS.filter((command) => !owners.includes(command));
  const who =
    others.length === 0
      ? 'all'
      : owners.length > others.length
        ? `all but ${others.join(', ')}`
        : owners.join(', ');
  const text = [flagText(name, 'run')];
  if (name === 'kms-key') text.push(`With ${owners.filter(sealsAnew).join(', ')}: ${KEY_TO_SEAL_WITH}`);
  return `.TP\n${term.join(', ')}\n${[...text, `Commands: ${who}`].map(line).join('\n.br\n')}`;
}

const SECRETS: Readonly<Record<(typeof SECRET_VARIABLES)[number], string>> = {
  ENVSEAL_WEBHOOK_SECRET: 'the secret that signs webhooks, or a file with it',
  ENVSEAL_SPLUNK_TOKEN: "the token of Splunk's HTTP Event Collector, or a file with it",
  ENVSEAL_OTLP_HEADERS: 'headers of requests to OpenTelemetry, or a file with them',
  ENVSEAL_EVENT_NAMES_KEY: 'the key of --event-names hash, or a file with it',
};

const OTHER_VARIABLES: readonly Row[] = [
  ...SECRET_VARIABLES.map((name): Row => [`${name}, ${name}_FILE`, SECRETS[name]]),
  ['AWS_*', 'credentials, profile, region and endpoints of AWS, as for its other tools'],
  [
    'GOOGLE_APPLICATION_CREDENTIALS, GOOGLE_OAUTH_ACCESS_TOKEN, CLOUDSDK_*',
    'credentials of Google Cloud, as for its other tools',
  ],
  ['SOPS_AGE_KEY, SOPS_AGE_KEY_FILE', 'age identities, as for sops'],
  ['HTTPS_PROXY, NO_PROXY', 'proxies'],
  ['SSL_CERT_FILE, AWS_CA_BUNDLE', 'certificates to trust'],
  ['VISUAL, EDITOR', 'the editor of envseal edit; vi without either'],
  ['NO_COLOR', 'no colours'],
];

function formatBlock(block: Block): string {
  if ('text' in block) return paragraph(block.text);
  if ('code' in block)
    return ['.PP', '.RS 4', '.EX', ...block.code.map(line), '.EE', '.RE', NO_HYPHENS].join('\n');
  return block.sections
    .flatMap(({ title, rows }) => [
      ...(title === undefined ? [] : [`.SS ${quote(title)}`]),
      ...formatRows(rows),
    ])
    .join('\n');
}

function paragraph(text: string): string {
  return `.PP\n${line(text)}`;
}

/** In one column where the terms are short. */
function formatRows(rows: readonly Row[]): string[] {
  const longest = Math.max(...rows.map(([term]) => term.length));
  const isColumn = longest <= LONGEST_TERM;
  const [first = '', ...rest] = rows.map(
    ([term, text]) => `.TP ${isColumn ? longest + 2 : 7}\n\\fB${escapeRoff(term)}\\fR\n${line(text)}`,
  );
  return isColumn ? [first, '.PD 0', ...rest, '.PD'] : [first, ...rest];
}

/** A line that no macro can be at the beginning of. */
function line(text: string): string {
  const escaped = escapeRoff(text);
  return escaped.startsWith('.') ? `\\&${escaped}` : escaped;
}

/** What is put in, such as `URI` in `[URI]`. */
function emphasise(text: string): string {
  return text
    .split(/([A-Z]{2,}|\bK=V\b)/)
    .map((part, at) => (at % 2 === 1 ? `\\fI${escapeRoff(part)}\\fR` : escapeRoff(part)))
    .join('');
}

/** An argument of a macro. */
function quote(text: string): string {
  return `"${escapeRoff(text).replaceAll('"', '\\(dq')}"`;
}

/** Characters that roff would take for commands, or turn into typographic ones that cannot be copied. */
const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\e',
  '-': '\\-',
  "'": '\\(aq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
  [NO_BREAK]: '\\ ',
};

/** ASCII, for every roff and every locale. */
export function escapeRoff(text: string): string {
  return text.replace(
    /[\\\-'`^~]|[^\n -~]/gu,
    (character) =>
      ESCAPES[character] ??
      `\\[u${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
  );
}
