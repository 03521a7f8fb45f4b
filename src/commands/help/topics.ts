/** What help explains besides commands. What a table of the code has is taken from it; tests compare the rest with the code. */
import type { CommandName } from '../../cli/flags.ts';
import { NAME_PATTERN } from '../../envfile/name.ts';
import { type ErrorCode, EXIT_STATUS } from '../../errors.ts';
import type { Change } from '../../events/event.ts';
import {
  BACKGROUND_DELIVERY_SECONDS,
  MAX_ENV_STRING_BYTES,
  MAX_SOURCE_BYTES,
} from '../../limits-and-defaults.ts';
import { SECRET_VARIABLES } from '../../own-variables.ts';
import { type Block, NO_BREAK, type Row, type Section } from './layout.ts';

export const TOPIC_NAMES = ['sources', 'exit-codes', 'events', 'env-file'] as const;
export type TopicName = (typeof TOPIC_NAMES)[number];

interface Topic {
  readonly summary: string;
  readonly describe: () => Promise<readonly Block[]>;
}

export const TOPICS: Readonly<Record<TopicName, Topic>> = {
  sources: { summary: 'URIs of env files, their options, and formats', describe: async () => SOURCES },
  'exit-codes': { summary: 'what each exit status means', describe: async () => EXIT_CODES },
  events: { summary: 'what is reported of each access and change, and to where', describe: describeEvents },
  'env-file': { summary: 'how an env file is read', describe: async () => ENV_FILE },
};

export function isTopicName(name: string): name is TopicName {
  return Object.hasOwn(TOPICS, name);
}

const SOURCES: readonly Block[] = [
  {
    text: 'A source is an env file to open. Give --source for each one, or list them in ENVSEAL_SOURCE, separated by white space or commas. They are fetched at the same time; where two set the same variable, the later one wins.',
  },
  {
    sections: [
      {
        title: 'URIs',
        rows: [
          ['s3://BUCKET/KEY', 'an object in Amazon S3, or on a server that speaks its protocol'],
          ['arn:aws:s3:::BUCKET/KEY', 'the same'],
          ['arn:aws:s3:REGION:ACCOUNT:accesspoint/NAME/object/KEY', 'an object through an access point'],
          ['gs://BUCKET/OBJECT', 'an object in Google Cloud Storage'],
          ['gs://BUCKET/OBJECT#NUMBER', 'that generation of it'],
          ['file:///PATH, /PATH, ./PATH', 'a local file, sealed by SOPS or a KMS, or with --allow-unsealed'],
        ],
      },
      {
        title: 'options, after a ? and separated by &',
        rows: [
          ['optional=true', 'go on if it does not exist; any other problem is still an error'],
          ['format=FORMAT', 'what it is, instead of detecting it from its bytes'],
          ['dialect=dotenv|docker', 'how an env file is read: see envseal help env-file'],
          ['versionId=ID', 'S3: that version of the object'],
          ['region=REGION', 'S3: the region of the bucket'],
          ['endpoint=URL', 'S3: another server'],
        ],
      },
      {
        title: 'formats, and what seals them',
        rows: [
          ['dotenv', 'an env file; sealed by the store, with SSE-KMS or a customer-managed key'],
          ['json', 'one flat JSON object; sealed by the store'],
          ['sops', 'a SOPS file in dotenv, JSON or YAML; sealed for keys of AWS KMS, Cloud KMS or age'],
          ['kms', 'the ciphertext of an env file from AWS KMS or Cloud KMS, binary or base64'],
          ['berglas', 'an object of berglas; sealed with a key of Cloud KMS'],
        ],
      },
    ],
  },
  {
    text: `In URIs %XX is decoded: write %3F for ?, %23 for # and %25 for %. A path is taken as it is, without options. A source has at most ${MAX_SOURCE_BYTES / 1024 / 1024} MiB.`,
  },
  {
    title: 'example',
    code: ["envseal run -s s3://snacks/common -s 's3://snacks/dev/env?optional=true' -- ./api"],
  },
];

/** Total: a new code does not compile until it is explained here. */
const CODES: Readonly<Record<ErrorCode, string>> = {
  usage: 'the command line is wrong, or names no source or command',
  malformed: 'the source cannot be read as an env file',
  unsealed: 'the source is not sealed',
  wrong_key: 'the source is sealed with a key that is not pinned',
  corrupt: 'the source was cut short or changed',
  misplaced: 'the source was sealed for another place',
  expired: 'the source has expired',
  too_large: 'a source, a variable or the environment is too large',
  unmet: 'a variable of --require or --strict is missing or empty',
  unsafe_name: 'a variable has a name that makes programs load code',
  not_found: 'the object, its version or its bucket does not exist',
  unreachable: 'DNS, connection, TLS or server failed after retries',
  undelivered: 'a sink did not accept a required event',
  internal: 'a bug in envseal',
  conflict: 'the file changed in the meantime',
  throttled: 'the service limits the rate of requests',
  timeout: 'it took longer than --timeout',
  credentials: 'credentials are missing, expired or invalid',
  denied: 'a permission is missing; the error names it',
  key_unavailable: 'the KMS key is disabled, pending deletion or gone',
  configuration: 'a setting, profile, endpoint or certificate is wrong',
  unconditional: 'the store ignores conditions: a change could be lost',
  unversioned: 'the store keeps no older versions',
  exposed: 'the bucket is public, or neither keeps versions nor encrypts',
  not_executable: 'the command exists and cannot be executed',
  command_not_found: 'the command does not exist',
};

/** By status; those of one status in the order of the table. */
const EXIT_STATUS_ROWS: readonly Row[] = (Object.keys(CODES) as ErrorCode[])
  .toSorted((a, b) => EXIT_STATUS[a] - EXIT_STATUS[b])
  .map((code) => [`${EXIT_STATUS[code]}`.padEnd(5) + code, CODES[code]]);

const EXIT_CODES: readonly Block[] = [
  {
    text: 'Once the command has started, the exit status is its own. Before that, and for the other commands of envseal, an error has the status and the code of this table. --log-format json reports both.',
  },
  {
    sections: [
      {
        rows: [
          ['0', 'success'],
          ['1', 'envseal diff --exit-code found differences'],
          ...EXIT_STATUS_ROWS,
          ['128+N', 'ended by signal N, such as 143 for SIGTERM'],
        ],
      },
    ],
  },
  { text: '69 and 75 may be temporary: try again. The others need a change first.' },
];

/** By the scheme of the URI. */
const SINKS: Readonly<Record<string, string>> = {
  stderr: 'a line of JSON on stderr',
  file: 'a line of JSON at the end of a file',
  https: 'a webhook: one POST for each event, signed as Standard Webhooks are',
  'splunk+https': "Splunk's HTTP Event Collector",
  cloudwatch: 'Amazon CloudWatch Logs, with metrics',
  'gcp-logging': 'Google Cloud Logging',
  'otlp+https': 'OpenTelemetry logs over HTTP',
  'syslog+udp': 'RFC 5424, in datagrams',
  'syslog+tcp': 'the same over TCP',
  'syslog+tls': 'the same over TLS',
  'syslog+unix': 'the same to a local socket',
};

/** The last word of the type of an event, and the commands that make it. */
export const CHANGES: Readonly<Partial<Record<Change, readonly CommandName[]>>> = {
  stored: ['push'],
  set: ['set', 'edit'],
  unset: ['unset'],
  copied: ['copy'],
  'rolled-back': ['rollback'],
  rotated: ['rotate'],
};

async function describeEvents(): Promise<readonly Block[]> {
  const { sinkForms } = await import('../../events/sinks/registry.ts');
  const sinks = sinkForms().flatMap((form): Row[] => {
    const text = SINKS[form.slice(0, form.indexOf(':'))];
    return text === undefined ? [] : [[form, text]];
  });
  return [
    {
      text: 'Each source that is opened and each file that is changed becomes one event, whether that succeeds or not: a CloudEvent in JSON, without values.',
    },
    {
      sections: [
        { title: '--event-sink, once for each', rows: sinks },
        {
          title: '--event-policy, for when a sink fails',
          rows: [
            ['best-effort', 'warn and start'],
            ['required', `do not start: exit status ${EXIT_STATUS.undelivered}`],
            [
              'background',
              `start first: another process delivers, for up to ${BACKGROUND_DELIVERY_SECONDS} seconds`,
            ],
          ],
        },
        {
          title: 'envseal.access.OUTCOME, with the reasons for each outcome',
          rows: await reasonsByOutcome(),
        },
      ],
    },
    {
      text: `A change is envseal.change.CHANGE: ${describeChanges()}. Its outcome is done, refused, denied or failed.`,
    },
    {
      text: `http: in place of https: is for loopback, or with --allow-insecure-endpoint. Secrets come from ${SECRET_VARIABLES.slice(0, -1).join(', ')} and ${SECRET_VARIABLES.at(-1)}, or from the files that these name with _FILE appended.`,
    },
  ];
}

function describeChanges(): string {
  return Object.entries(CHANGES)
    .map(([change, commands]) => `${change} (by${NO_BREAK}${commands.join(`${NO_BREAK}and${NO_BREAK}`)})`)
    .join(', ');
}

async function reasonsByOutcome(): Promise<Row[]> {
  const { outcomeOf } = await import('../../events/outcome.ts');
  const codes = Object.keys(CODES) as ErrorCode[];
  const of = (outcome: string) => codes.filter((code) => outcomeOf(code) === outcome);
  return [
    ['granted', 'opened'],
    ['refused', of('refused').join(', ')],
    ['denied', of('denied').join(', ')],
    ['failed', ['absent', 'aborted', 'signal', ...of('failed')].join(', ')],
  ];
}

/** A line of an env file, its value, and the rule. A test reads the lines. */
export const VALUES: readonly { readonly line: string; readonly value: string; readonly rule: string }[] = [
  {
    line: 'A=two words  # note',
    value: 'two words',
    rule: 'literal and trimmed; a # after white space starts a comment',
  },
  { line: 'A=p#ss', value: 'p#ss', rule: 'a # within a word is part of the value' },
  { line: String.raw`A='$5 \n'`, value: String.raw`$5 \n`, rule: 'literal; may span lines' },
  {
    line: String.raw`A="say \"hi\""`,
    value: 'say "hi"',
    rule: String.raw`\n \r \t \\ \" \$ are escapes, any other backslash is literal; may span lines`,
  },
  { line: `A='it'"'"'s'`, value: "it's", rule: 'quoted pieces join, as in sh' },
  { line: 'A=$HOME$(id)', value: '$HOME$(id)', rule: 'never expanded, never executed' },
  { line: 'A=', value: '', rule: 'empty; A alone is an error' },
];

const DIALECTS: Section = {
  title: 'other ways to write it',
  rows: [
    ['?dialect=docker', 'as docker run --env-file reads it: everything after the first = is the value'],
    [
      'format json',
      `one object of strings, numbers and booleans: {"A":${NO_BREAK}"text",${NO_BREAK}"B":${NO_BREAK}5}`,
    ],
    ['format sops', 'as sops reads its own files in dotenv, JSON and YAML'],
  ],
};

const ENV_FILE: readonly Block[] = [
  {
    text: `An env file is UTF-8, with LF or CRLF at the end of each line: NAME=value. Empty lines and those that begin with # are skipped, and so is export before a name. A name is ${NAME_PATTERN}. If a name is set twice, the last one wins.`,
  },
  {
    sections: [
      {
        title: 'values',
        rows: VALUES.map(({ line, value, rule }) => [line, value === '' ? rule : `${value} (${rule})`]),
      },
      DIALECTS,
    ],
  },
  {
    text: 'Names that make programs load code, such as LD_PRELOAD, PATH and NODE_OPTIONS, are refused unless --allow-name accepts them. ENVSEAL_* never reaches the command.',
  },
  {
    text: `A variable has at most ${MAX_ENV_STRING_BYTES / 1024} KiB with its name. An error names source, line, column and what was expected, and never the text of the line. envseal${NO_BREAK}push${NO_BREAK}--check${NO_BREAK}FILE looks for mistakes before a file is stored.`,
  },
];
