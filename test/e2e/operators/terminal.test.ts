/** The operators' commands as a person has them: in a terminal. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { describeReal } from '../../real/available.ts';
import { kmsKeyArn } from '../../servers/start.ts';
import { folder } from '../folder.ts';
import { envsealWords } from '../program.ts';
import { runInTerminal, type TerminalOptions, type TerminalOutcome } from '../pty.ts';
import { type Clouds, startClouds } from '../sealed.ts';
import { CANARY } from '../transcript.ts';
import { answers, FILE, type Place, placeIn, pushed, shellLine, variablesAt, variablesOf } from './places.ts';

let clouds: Clouds;
let place: Place;

beforeAll(async () => {
  clouds = await startClouds();
});
afterAll(() => clouds.stop());
beforeEach(async () => {
  await clouds.reset();
  place = await placeIn(clouds, 's3');
  await pushed(place);
});

async function inTerminal(args: readonly string[], options: TerminalOptions = {}): Promise<TerminalOutcome> {
  const outcome = await runInTerminal([...envsealWords, ...args], {
    ...options,
    env: { ...place.env, ...options.env },
  });
  expect(outcome.isRestored).toBe(true);
  return outcome;
}

describeReal('python3', 'in a terminal', () => {
  test('get shows the value', async () => {
    const { screen, status } = await inTerminal(['get', place.uri, 'TOKEN']);
    expect({ screen, status }).toEqual({ screen: `${CANARY} #1\r\n`, status: 0 });
  });

  test('get shows no control sequence of a value', async () => {
    await pushed(place, `A="${CANARY}\u001b[2J"\n`);
    const { screen } = await inTerminal(['get', place.uri, 'A']);
    expect(screen).toBe(`${CANARY}\\u{1b}[2J\r\n`);
  });

  test('set asks for the value, and shows nothing of it', async () => {
    const { screen, status } = await inTerminal(['set', place.uri, 'TOKEN'], {
      steps: [{ waitFor: 'Value of TOKEN: ', send: `${CANARY} typed\r` }],
    });
    expect(status).toBe(0);
    expect(screen).not.toContain(CANARY);
    expect(screen).toContain('TOKEN');
    expect(await variablesAt(place)).toMatchObject({ TOKEN: `${CANARY} typed` });
  });

  test('^C at the prompt ends it as SIGINT does, and changes nothing', async () => {
    const outcome = await inTerminal(['set', place.uri, 'TOKEN'], {
      steps: [{ waitFor: 'Value of TOKEN: ', send: `${CANARY}\x03` }],
    });
    expect(outcome.signal ?? outcome.status).toBe(130);
    expect(outcome.screen).not.toContain(CANARY);
    expect(await variablesAt(place)).toEqual(variablesOf(FILE));
  });

  const editor = (script: string) => join(folder({ editor: `#!/bin/sh\n${script}\n` }), 'editor');

  test('edit: what is saved is stored, byte for byte', async () => {
    const EDITOR = editor(`sed -i 's/#1/#2/' "$1"`);
    const { status, screen } = await inTerminal(['edit', place.uri], { env: { EDITOR } });
    expect(status).toBe(0);
    expect(screen).toContain('changed');
    expect(screen).not.toContain(CANARY);
    expect(await variablesAt(place)).toEqual({ ...variablesOf(FILE), TOKEN: `${CANARY} #2` });
  });

  test('edit: what does not parse is offered again, as it was typed', async () => {
    const EDITOR = editor(
      `if grep -q broken "$1"; then sed -i 's/^broken$/FIXED=${CANARY}/' "$1"; else echo broken >>"$1"; fi`,
    );
    const { status, screen } = await inTerminal(['edit', place.uri], {
      env: { EDITOR },
      steps: [{ waitFor: 'press Enter to edit it again', send: '\r' }],
    });
    expect(screen).toContain('[syntax]');
    expect(status).toBe(0);
    expect(await variablesAt(place)).toEqual({ ...variablesOf(FILE), FIXED: CANARY });
  });

  test('edit: an editor that fails stores nothing, and leaves no file', async () => {
    const seen = folder();
    const EDITOR = editor(`echo "$1" >${seen}/path; echo B=1 >>"$1"; exit 3`);
    const { status } = await inTerminal(['edit', place.uri], { env: { EDITOR } });
    expect(status).toBe(78);
    const path = readFileSync(join(seen, 'path'), 'utf8').trim();
    expect(path).toMatch(/^\/.*\.env$/);
    expect(existsSync(dirname(path))).toBe(false);
    expect(await variablesAt(place)).toEqual(variablesOf(FILE));
  });

  /** Stores another version the first time that it runs: a concurrent change. */
  const whileSomebodySets = (line: string, script: string) => {
    const words = shellLine([...envsealWords, 'set', place.uri, line], place.env);
    const other = `printf '%s' '${CANARY}-theirs' | ${words} >/dev/null 2>&1`;
    return editor(`if [ ! -e "$0.once" ]; then : >"$0.once"; ${other}; fi\n${script}`);
  };

  test('edit: a concurrent change of another variable is kept', async () => {
    const EDITOR = whileSomebodySets('OTHER', `sed -i 's/#1/#2/' "$1"`);
    const { status, screen } = await inTerminal(['edit', place.uri], { env: { EDITOR } });
    expect({ status, screen }).toMatchObject({ status: 0 });
    expect(await variablesAt(place)).toEqual({
      ...variablesOf(FILE),
      TOKEN: `${CANARY} #2`,
      OTHER: `${CANARY}-theirs`,
    });
  });

  test('edit: where both changed the same one, the person decides, with their own text', async () => {
    const EDITOR = whileSomebodySets('TOKEN', `sed -i 's/#1/#2/' "$1"`);
    const { status, screen } = await inTerminal(['edit', place.uri], {
      env: { EDITOR },
      steps: [{ waitFor: 'press Enter to open your text again', send: '\r' }],
    });
    expect(status).toBe(0);
    expect(screen).toContain('and changed TOKEN');
    expect(screen).not.toContain(CANARY);
    expect(await variablesAt(place)).toEqual({ ...variablesOf(FILE), TOKEN: `${CANARY} #2` });
  });

  test('diff --values', async () => {
    const path = join(folder({ other: `TOKEN=${CANARY}-2\n` }), 'other');
    const { screen } = await inTerminal(['diff', '--values', place.uri, path], { env: { NO_COLOR: '1' } });
    expect(screen.split('\r\n')).toEqual([
      `- DB_URL=postgres://${CANARY}@db/1`,
      `- TOKEN=${CANARY} #1`,
      `+ TOKEN=${CANARY}-2`,
      '',
    ]);
  });

  test.each([60, 100, 160])('a table fits %i columns', async (columns) => {
    await answers(
      ['copy', '--kms-key', kmsKeyArn(), place.uri, 's3://snacks/another/deep/folder/env'],
      place.env,
    );
    const { screen } = await inTerminal(['list', 's3://snacks/'], { columns, env: { NO_COLOR: '1' } });
    for (const line of screen.split('\r\n')) expect(line.length).toBeLessThanOrEqual(columns);
    expect(screen).toMatch(/^file/);
  });

  test('colour for people, and none with NO_COLOR', async () => {
    const args = ['diff', place.uri, '/dev/null'];
    expect((await inTerminal(args)).screen).toContain('\u001b[31m');
    expect((await inTerminal(args, { env: { NO_COLOR: '1' } })).screen).not.toContain('\u001b[');
  });

  test('rotate shows how far it is, and takes that away again', async () => {
    for (let i = 0; i < 20; i++) {
      await clouds.s3.put('snacks', `many/${i}`, `A=${CANARY}\n`, { sse: 'aws:kms', kmsKeyId: kmsKeyArn() });
    }
    const { screen, status } = await inTerminal(['rotate', '--jobs', '2', 's3://snacks/many/']);
    expect(status).toBe(0);
    expect(screen).toMatch(/rotate .*\/20/);
    expect(screen).toContain('20 rotated');
  });
});
