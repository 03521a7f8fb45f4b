/** The topics of help are short, and say what the code does. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { COMMAND_NAMES, isCommandName } from '../../../src/cli/flags.ts';
import { type Block, layOut } from '../../../src/commands/help/layout.ts';
import { CHANGES, TOPIC_NAMES, TOPICS, type TopicName, VALUES } from '../../../src/commands/help/topics.ts';
import { parseVariables } from '../../../src/envfile/parse.ts';
import { parseJson } from '../../../src/envfile/parse-json.ts';
import { EnvsealError, type ErrorCode, EXIT_STATUS } from '../../../src/errors.ts';
import { outcomeOf } from '../../../src/events/outcome.ts';
import { sinkForms } from '../../../src/events/sinks/registry.ts';
import { MAX_ENV_STRING_BYTES, MAX_SOURCE_BYTES } from '../../../src/limits-and-defaults.ts';
import { SECRET_VARIABLES } from '../../../src/own-variables.ts';
import { SETTINGS } from '../../../src/settings.ts';
import { parseSource } from '../../../src/source-uri.ts';

const schema = JSON.parse(readFileSync('src/events/event.schema.json', 'utf8'));

async function textOf(name: TopicName): Promise<string> {
  return layOut(await TOPICS[name].describe(), 80);
}

/** The rows under a heading that begins so. */
async function rowsOf(name: TopicName, heading = ''): Promise<readonly (readonly [string, string])[]> {
  const blocks: readonly Block[] = await TOPICS[name].describe();
  const sections = blocks.flatMap((block) => ('sections' in block ? block.sections : []));
  return sections.find(({ title = '' }) => title.startsWith(heading))?.rows ?? [];
}

function hintOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof EnvsealError) return error.hint ?? '';
  }
  throw new Error('it is taken');
}

test.each(TOPIC_NAMES)('%s has 25 to 50 lines, and no command has its name', async (name) => {
  const lines = (await textOf(name)).trimEnd().split('\n');
  expect(lines.length).toBeGreaterThanOrEqual(25);
  expect(lines.length).toBeLessThanOrEqual(50);
  expect(COMMAND_NAMES as readonly string[]).not.toContain(name);
});

describe('sources', () => {
  test('each URI is one', async () => {
    const forms = (await rowsOf('sources', 'URIs')).flatMap(([term]) => term.split(', '));
    const schemes = forms.map((form) => {
      const uri = form
        .replace('ACCOUNT', '111122223333')
        .replace('REGION', 'eu-west-1')
        .replace('NUMBER', '17')
        .replace('gs://BUCKET', 'gs://bucket');
      return parseSource(uri).scheme;
    });
    expect(schemes).toEqual(['s3', 's3', 's3', 'gs', 'gs', 'file', 'file', 'file']);
  });

  test('each option is one, and there are no others', async () => {
    const names = (await rowsOf('sources', 'options')).map(([term]) => term.replace(/=.*/, ''));
    const [, known = ''] = /known: (.*?);/.exec(hintOf(() => parseSource('s3://b/k?zzzzzzzzz=1'))) ?? [];
    expect(names.toSorted()).toEqual(known.split(', ').toSorted());
    const [, shared = ''] = /known: (.*?);/.exec(hintOf(() => parseSource('gs://bb/k?zzzzzzzzz=1'))) ?? [];
    const forS3 = (await rowsOf('sources', 'options')).filter(([, text]) => text.startsWith('S3: '));
    expect([...shared.split(', '), ...forS3.map(([term]) => term.replace(/=.*/, ''))].toSorted()).toEqual(
      names.toSorted(),
    );
    expect(parseSource('s3://b/k?optional=true')).toMatchObject({ isOptional: true });
    for (const dialect of ['dotenv', 'docker'])
      expect(parseSource(`file:///x?dialect=${dialect}`)).toMatchObject({ dialect });
    expect(hintOf(() => parseSource('s3://b/k?dialect=x'))).toBe('use one of dotenv, docker');
  });

  test('the formats are those that a URI takes', async () => {
    const formats = (await rowsOf('sources', 'formats')).map(([term]) => term);
    expect(hintOf(() => parseSource('s3://b/k?format=x'))).toBe(`use one of ${formats.join(', ')}`);
  });

  test('escapes and the limit are as they say', async () => {
    const text = await textOf('sources');
    expect(text).toContain(`A source has at most ${MAX_SOURCE_BYTES / 2 ** 20} MiB.`);
    expect(parseSource('s3://b/a%3Fb%23c%25d')).toMatchObject({ key: 'a?b#c%d' });
    expect(parseSource('./a?b%25')).toMatchObject({ path: './a?b%25' });
  });
});

describe('exit-codes', () => {
  test('each code is there once, with its status, in the order of the statuses', async () => {
    const rows = (await rowsOf('exit-codes')).map(([term]) => term.split(/ +/));
    const codes = rows.filter(([, code]) => code !== undefined);
    expect(Object.fromEntries(codes.map(([status, code]) => [code, Number(status)]))).toEqual(EXIT_STATUS);
    expect(codes).toHaveLength(Object.keys(EXIT_STATUS).length);
    const statuses = codes.map(([status]) => Number(status));
    expect(statuses).toEqual(statuses.toSorted((a, b) => a - b));
    expect(rows.filter(([, code]) => code === undefined)).toEqual([['0'], ['1'], ['128+N']]);
  });
});

describe('events', () => {
  test('each sink is there, but for those without TLS that a sentence is on', async () => {
    const forms = (await rowsOf('events', '--event-sink')).map(([term]) => term);
    expect(forms).toEqual(sinkForms().filter((form) => !/^(?:\w+\+)?http:/.test(form)));
    expect(await textOf('events')).toContain('http: in place of https:');
  });

  test('each policy is there', async () => {
    const policies = (await rowsOf('events', '--event-policy')).map(([term]) => term);
    expect(policies).toEqual(SETTINGS['event-policy'].choices);
  });

  test('each outcome has the reasons that the schema knows and the code gives it', async () => {
    const rows = await rowsOf('events', 'envseal.access');
    const { outcome, reason } = schema.$defs.accessData.properties;
    expect(rows.map(([term]) => term)).toEqual(outcome.enum);
    const reasons = rows.flatMap(([term, text]) => text.split(', ').map((word) => [word, term] as const));
    expect(reasons.map(([word]) => word).toSorted()).toEqual(reason.enum.toSorted());
    for (const [word, term] of reasons)
      if (Object.hasOwn(EXIT_STATUS, word))
        expect([word, outcomeOf(word as ErrorCode)]).toEqual([word, term]);
  });

  test('each change that a command makes is there', async () => {
    const text = (await textOf('events')).replaceAll(/\s+/g, ' ');
    // Those of commands that are still to come.
    const later = ['revoked', 'restored', 'expired', 'shared'];
    const types = schema.$defs.changeEvent.properties.type.enum as string[];
    const changes = types.map((type) => type.replace('envseal.change.', ''));
    expect([...Object.keys(CHANGES), ...later].toSorted()).toEqual(changes.toSorted());
    for (const [change, commands] of Object.entries(CHANGES)) {
      expect(commands.every(isCommandName)).toBe(true);
      expect(text).toContain(`${change} (by ${commands.join(' and ')})`);
    }
    const { outcome } = schema.$defs.changeData.properties;
    expect(text).toContain(`Its outcome is ${outcome.enum.join(', ').replace(/, (?=\w+$)/, ' or ')}.`);
  });

  test('each secret is there', async () => {
    const text = await textOf('events');
    for (const name of SECRET_VARIABLES) expect(text).toContain(name);
  });
});

describe('env-file', () => {
  test.each(VALUES)('$line is $value', async ({ line, value }) => {
    const variables = parseVariables(new TextEncoder().encode(`${line}\n`), {
      source: 'x',
      dialect: 'dotenv',
    });
    expect(variables.get('A')?.reveal()).toBe(value);
    expect((await rowsOf('env-file', 'values')).map(([term]) => term)).toContain(line);
  });

  test('comments, export, line ends and a name that comes twice are as it says', () => {
    const text = '\n# comment\nexport B=1\r\nA=1\nA=2\n';
    const variables = parseVariables(new TextEncoder().encode(text), { source: 'x', dialect: 'dotenv' });
    expect([...variables].map(([name, secret]) => [name, secret.reveal()])).toEqual([
      ['B', '1'],
      ['A', '2'],
    ]);
  });

  test('the JSON in it is an env file', async () => {
    const [, json = ''] = /(\{.*\})/.exec((await textOf('env-file')).replaceAll(/\n +/g, ' ')) ?? [];
    const entries = parseJson(new TextEncoder().encode(json), { source: 'x' });
    expect(entries.map(({ name, value }) => [name, value.reveal()])).toEqual([
      ['A', 'text'],
      ['B', '5'],
    ]);
  });

  test('the limit is that of the kernel', async () => {
    expect(await textOf('env-file')).toContain(`at most ${MAX_ENV_STRING_BYTES / 1024} KiB`);
  });
});
