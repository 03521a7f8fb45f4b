/** The examples of `help`, in a shell as they stand: only the version of another day and the place in /etc are others. */
import { chmodSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { describeReal } from '../../real/available.ts';
import { kmsKeyArn } from '../../servers/start.ts';
import { folder } from '../folder.ts';
import { envseal, envsealWords, type Outcome, PATH, runWords } from '../program.ts';
import { runInTerminal } from '../pty.ts';
import { type Clouds, startClouds } from '../sealed.ts';
import { CANARY } from '../transcript.ts';
import { answers, FILE, type Place, placeIn, pushed, variablesAt, variablesOf } from './places.ts';

const COMMANDS = [
  'run',
  'push',
  'set',
  'unset',
  'edit',
  'get',
  'list',
  'diff',
  'history',
  'rollback',
  'copy',
  'rotate',
  'keygen',
  'completion',
  'help',
  'version',
] as const;
type Name = (typeof COMMANDS)[number];

let clouds: Clouds;
let dev: Place;
let examples: Readonly<Record<Name, string>>;

async function exampleOf(name: Name): Promise<string> {
  const topic = name === 'help' ? [] : [name];
  const { stdout } = await envseal(['help', ...topic]);
  return /\nexample:\n {2}(.+)\n/.exec(stdout)?.[1] ?? '';
}

beforeAll(async () => {
  clouds = await startClouds();
  const all = await Promise.all(COMMANDS.map(async (name) => [name, await exampleOf(name)] as const));
  examples = Object.fromEntries(all) as Record<Name, string>;
});
afterAll(() => clouds.stop());
beforeEach(async () => {
  await clouds.reset();
  dev = await placeIn(clouds, 's3', 'dev/env');
  const aliases = ['alias/snacks', 'alias/snacks-prod', 'alias/snacks-2027'];
  await Promise.all([clouds.kms, clouds.s3].map((server) => server.kmsKey({ arn: kmsKeyArn(), aliases })));
});

/** A folder with the programs that the examples name. */
function workplace(): string {
  const programs = {
    api: '#!/bin/sh\ntest -n "$DB_URL" && echo started\n',
    openssl: `#!/bin/sh\necho ${CANARY} "$@"\n`,
    vi: `#!/bin/sh\necho 'EDITED=${CANARY}' >>"$1"\n`,
    'app.env': FILE,
  };
  const path = folder(programs);
  if (envsealWords.length === 1) symlinkSync(envsealWords[0] as string, join(path, 'envseal'));
  else {
    const [node, script] = envsealWords;
    writeFileSync(join(path, 'envseal'), `#!/bin/sh\nexec '${node}' '${script}' "$@"\n`);
    chmodSync(join(path, 'envseal'), 0o755);
  }
  return path;
}

async function shell(line: string, cwd = workplace()): Promise<Outcome> {
  const env = { ...dev.env, PATH: `${cwd}:${PATH}` };
  const outcome = await runWords(['/bin/sh', '-c', line], { env, cwd });
  expect(outcome.stdout + outcome.stderr).not.toContain(CANARY);
  return outcome;
}

/** It ends well, without a word on stderr. */
async function works(line: string, cwd?: string): Promise<string> {
  const outcome = await shell(line, cwd);
  expect(outcome).toEqual({ ...outcome, status: 0, stderr: '' });
  return outcome.stdout;
}

describe('the example of', () => {
  test('run', async () => {
    await pushed(dev);
    expect(await works(examples.run)).toBe('started\n');
  });

  test('push', async () => {
    await works(examples.push);
    expect(await variablesAt(dev)).toEqual(variablesOf(FILE));
  });

  test('set, and unset', async () => {
    await pushed(dev);
    await works(examples.set);
    expect(await variablesAt(dev)).toMatchObject({ SESSION_KEY: `${CANARY} rand -hex 32` });
    await works(examples.unset);
    expect(await variablesAt(dev)).toEqual(variablesOf(FILE));
  });

  test('edit', async () => {
    await pushed(dev);
    const cwd = workplace();
    await works(examples.edit, cwd);
    expect(await variablesAt(dev)).toEqual({ ...variablesOf(FILE), EDITED: CANARY });
  });

  test('list', async () => {
    await pushed(dev);
    expect(await works(examples.list)).toContain('s3://snacks/dev/env');
  });

  test('copy, then diff', async () => {
    await pushed(dev);
    await works(examples.copy);
    expect(await works(examples.diff)).toBe('no differences\n');
    expect(await variablesAt({ ...dev, uri: 's3://snacks/prod/env' })).toEqual(variablesOf(FILE));
  });

  test('history, then rollback to a version of it', async () => {
    const { version } = await pushed(dev);
    await pushed(dev, `A=${CANARY}\n`);
    expect(await works(examples.history)).toContain(String(version));
    const missing = await shell(examples.rollback);
    expect(missing.status).toBe(66);
    await works(examples.rollback.replace(/\S+$/, String(version)));
    expect(await variablesAt(dev)).toEqual(variablesOf(FILE));
  });

  test('rotate', async () => {
    await answers(['push', '-', dev.uri], dev.env, FILE);
    expect(await works(examples.rotate)).toContain('1 rotated');
    expect(await variablesAt(dev, ['--kms-key', kmsKeyArn()])).toEqual(variablesOf(FILE));
  });

  test('keygen', async () => {
    const cwd = workplace();
    expect(await works(examples.keygen, cwd)).toMatch(/age1\w+/);
    expect(readFileSync(join(cwd, 'snacks.txt'), 'utf8')).toContain('AGE-SECRET-KEY-');
  });

  test('completion', async () => {
    const target = folder();
    expect(await works(examples.completion.replace('/etc/bash_completion.d', target))).toBe('');
    expect(readFileSync(join(target, 'envseal'), 'utf8')).toContain('complete ');
  });

  test('help and version', async () => {
    await pushed(dev);
    expect(examples.help).toContain('envseal run -- ./api');
    expect(await works(examples.help)).toBe('started\n');
    expect(await works(examples.version)).toMatch(/^envseal \d/);
  });
});

describeReal('python3', 'the example of, in a terminal,', () => {
  test('get', async () => {
    await pushed(dev);
    const cwd = workplace();
    const env = { ...dev.env, PATH: `${cwd}:${PATH}` };
    const { screen, status } = await runInTerminal(['/bin/sh', '-c', examples.get], { env, cwd });
    expect({ screen, status }).toEqual({ screen: `postgres://${CANARY}@db/1\r\n`, status: 0 });
  });
});
