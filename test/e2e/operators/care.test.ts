/** What people are shown and keep, when something goes wrong between them and their files. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { describeReal } from '../../real/available.ts';
import { kmsKeyArn } from '../../servers/start.ts';
import { folder } from '../folder.ts';
import { envseal, envsealWords, type Outcome, startWords } from '../program.ts';
import { runInTerminal, type TerminalOptions, type TerminalOutcome } from '../pty.ts';
import { type Clouds, startClouds } from '../sealed.ts';
import { CANARY } from '../transcript.ts';
import { FILE, type Place, placeIn, pushed, variablesAt, variablesOf } from './places.ts';

const OTHER_KEY = kmsKeyArn('99999999-12ab-34cd-56ef-1234567890ab');

let clouds: Clouds;
let place: Place;

beforeAll(async () => {
  clouds = await startClouds();
});
afterAll(() => clouds.stop());
beforeEach(async () => {
  await clouds.reset();
  place = await placeIn(clouds, 's3');
});

async function inTerminal(args: readonly string[], options: TerminalOptions = {}): Promise<TerminalOutcome> {
  const env = { ...place.env, NO_COLOR: '1', ...options.env };
  const outcome = await runInTerminal([...envsealWords, ...args], { ...options, env });
  expect(outcome.isRestored).toBe(true);
  return outcome;
}

const editor = (script: string) => join(folder({ editor: `#!/bin/sh\n${script}\n` }), 'editor');

describeReal('python3', 'edit', () => {
  beforeEach(async () => {
    await pushed(place);
  });

  /** Types once; what is opened after that is counted, and left as it is. */
  const typing = (count: string) =>
    editor(`echo >>${count}; grep -q TYPED "$1" || echo TYPED=${CANARY}-typed >>"$1"`);

  test.for([
    ['denied', { status: 403, code: 'AccessDenied' }],
    ['out of time', { hang: true }],
    ['out of time, though it was stored', { hang: true, applied: true }],
  ] as const)('what is not stored is offered again as it was typed: %s', async ([, fault]) => {
    const count = join(folder(), 'count');
    await clouds.s3.fault({ ...fault, method: 'PUT', match: '^snacks/env$' });
    const { screen, status } = await inTerminal(['edit', '--timeout', '1', place.uri], {
      env: { EDITOR: typing(count) },
      steps: [{ waitFor: 'press Enter to open your text again, ^C to give up: ', send: '\r' }],
    });
    expect(screen).not.toContain(CANARY);
    expect({ status, screen }).toMatchObject({ status: 0 });
    expect(readFileSync(count, 'utf8')).toBe('\n\n');
    expect(await variablesAt(place)).toEqual({ ...variablesOf(FILE), TYPED: `${CANARY}-typed` });
  });

  test('^C gives up, and stores nothing', async () => {
    await clouds.s3.fault({ status: 403, code: 'AccessDenied', method: 'PUT', count: 'always' });
    const outcome = await inTerminal(['edit', place.uri], {
      env: { EDITOR: typing(join(folder(), 'count')) },
      steps: [{ waitFor: 'press Enter to open your text again', send: '\x03' }],
    });
    expect(outcome.signal ?? outcome.status).toBe(130);
    expect(await variablesAt(place)).toEqual(variablesOf(FILE));
  });

  test('the editor and its plugins get no credentials, nor settings of ours', async () => {
    const seen = join(folder(), 'environ');
    const secrets = {
      ENVSEAL_WEBHOOK_SECRET: `whsec_${Buffer.from(CANARY.repeat(5)).toString('base64')}`,
      AWS_SESSION_TOKEN: '',
      SOPS_AGE_KEY: CANARY,
      SOPS_AGE_KEY_FILE: '/nowhere',
      GOOGLE_APPLICATION_CREDENTIALS: '/nowhere',
    };
    const EDITOR = editor(`env >${seen}`);
    const { status } = await inTerminal(['edit', place.uri], { env: { ...secrets, EDITOR, KEPT: 'yes' } });
    expect(status).toBe(0);
    const names = readFileSync(seen, 'utf8').replace(/=.*/g, '').trimEnd().split('\n');
    expect(names).toEqual(expect.arrayContaining(['KEPT', 'PATH', 'TERM', 'EDITOR']));
    const given = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', ...Object.keys(secrets)];
    expect(names.filter((name) => given.includes(name))).toEqual([]);
  });
});

describe('rotate, stopped', () => {
  test.for([['text'], ['json']] as const)('says how to go on, in %s', async ([format]) => {
    for (const name of ['many/a', 'many/b']) await sealed(name);
    await clouds.s3.fault({ hang: true, match: '^snacks/many/b$', count: 'always' });
    const args = ['rotate', '--jobs', '1', '--log-format', format, 's3://snacks/many/'];
    const { child, outcome } = startWords([...envsealWords, ...args], { env: place.env });
    await clouds.s3.seen('^snacks/many/b$');
    const before = new Date();
    child.kill('SIGTERM');
    const { status, stdout, stderr } = await outcome;
    expect({ status, stdout }).toEqual({ status: 143, stdout: '' });
    const [told = '', ended = ''] = stderr.split('\n');
    const text: string = format === 'json' ? JSON.parse(told).message : told;
    expect(text).toContain('stopped at 2 files: 1 rotated');
    const [, time = ''] = /envseal rotate --before (\S+) s3:\/\/snacks\/many\//.exec(text) ?? [];
    expect(new Date(time).getTime()).toBeLessThan(before.getTime());
    expect(ended).toContain('ended by SIGTERM');
    await clouds.s3.fault({});
  });

  test('with other keys, the same again', async () => {
    await sealed('many/a');
    await clouds.s3.fault({ hang: true, match: '^snacks/many/a$', count: 'always' });
    const args = ['rotate', '--kms-key', OTHER_KEY, 's3://snacks/many/'];
    const { child, outcome } = startWords([...envsealWords, ...args], { env: place.env });
    await clouds.s3.seen('^snacks/many/a$');
    child.kill('SIGTERM');
    expect((await outcome).stderr).toMatch(
      /stopped at 1 files?: none was rotated \(run it again: files that are done are left alone\)\n/,
    );
  });
});

async function sealed(name: string): Promise<void> {
  await clouds.s3.put('snacks', name, `A=${CANARY}\n`, { sse: 'aws:kms', kmsKeyId: kmsKeyArn() });
}

describeReal('python3', 'on a terminal', () => {
  test('diff --values: what looks like another variable is a part of its value', async () => {
    const files = folder({ before: 'A=1\n', after: `A="2\\n- ADMIN=${CANARY}\\r\\n+ ADMIN=3\\u2028x"\n` });
    const { screen } = await inTerminal(['diff', '--values', 'before', 'after'], { cwd: files });
    expect(screen.split('\r\n')).toEqual([
      '- A=1',
      `+ A=2\\u{a}- ADMIN=${CANARY}\\u{d}\\u{a}+ ADMIN=3\\u2028x`,
      '',
    ]);
  });

  test('get shows lines as they are, also those of Windows', async () => {
    await pushed(place, `A=1\r\nB="x\\ry"\r\n`);
    expect((await inTerminal(['get', place.uri])).screen).toBe('A=1\r\r\nB="x\\ry"\r\r\n');
    expect((await inTerminal(['get', place.uri, 'B'])).screen).toBe('x\\u{d}y\r\n');
  });

  test('rotate draws nothing where a line cannot be drawn again', async () => {
    for (let i = 0; i < 5; i++) await sealed(`many/${i}`);
    const { screen, status } = await inTerminal(['rotate', 's3://snacks/many/'], { env: { TERM: 'dumb' } });
    expect(status).toBe(0);
    expect(screen).toContain('5 rotated');
    expect(screen).not.toContain('\u001b');
    expect(screen).not.toContain('rotate [');
  });
});

test('--json: the name of an object says nothing to a terminal, and is the same when it is parsed', async () => {
  const hostile = 'dir/\u009b2J\u202egpj\u200b\u2028\u{e0041}\u007fé';
  await sealed(hostile);
  const { stdout } = await envseal(['list', '--json', 's3://snacks/'], { env: place.env });
  const text = Buffer.from(stdout, 'latin1').toString('utf8');
  expect(text.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
  expect(text).toContain('é');
  expect(decodeURIComponent(JSON.parse(text).files[0].uri)).toBe(`s3://snacks/${hostile}`);
});

describe('a pasted credential is not repeated', () => {
  const URI = `s3://AKIAIOSFODNN7EXAMPLE:${CANARY}@snacks/x`;
  test.for([
    [['set', `${URI}/`, 'NAME']],
    [['get', `${URI}/`]],
    [['rotate', `${URI}/`]],
    [['list', `${URI}/`]],
    [['unset', `${URI}?versionId=1`, 'NAME']],
    [['set', `file://u:${CANARY}@host/x/`, 'NAME']],
    [['edit', `${URI}/`]],
  ] as const)('%j', async ([args]) => {
    const outcome: Outcome = await envseal(args, { env: place.env, stdin: 'x\n' });
    expect(outcome.status).toBe(64);
    expect(outcome.stderr).toContain(Buffer.from('…@').toString('latin1'));
    expect(outcome.stderr).not.toContain(CANARY);
  });
});
