/**
 * The commands of README.md and docs, run as they stand, in a shell: those without a cloud with what they print, those with
 * one against the test servers. `aws`, `gcloud` and `docker` do nothing here.
 */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { folder } from '../e2e/folder.ts';
import { envseal, operate, operatorWords, PATH, runWords } from '../e2e/program.ts';
import { AGE_KEY, type Clouds, envFor, startClouds } from '../e2e/sealed.ts';
import type { Env } from '../e2e/transcript.ts';
import { PROJECT } from '../servers/google/defaults.ts';
import { CLOUD_KMS_KEY, kmsKeyArn } from '../servers/start.ts';
import { type Block, blocksOf, read } from './pages.ts';

const OLD = kmsKeyArn();
const NEW = kmsKeyArn().replace('1234abcd', '5678abcd');

const STUBS = {
  aws: `#!/bin/sh\ncase "$*" in 'kms create-key '*) echo '${OLD}';; esac\n`,
  gcloud: `#!/bin/sh\ncase "$*" in 'config get-value project') echo '${PROJECT}';; esac\n`,
  docker: '#!/bin/sh\n',
  chamber: '#!/bin/sh\nshift 3\nDB_URL=postgres://db SESSION_KEY=a "$@"\n',
  berglas: '#!/bin/sh\nshift 3\nDB_URL=postgres://db "$@"\n',
} as const;

let bin: string;
beforeAll(() => {
  bin = mkdtempSync(join(tmpdir(), 'envseal-docs-'));
  const [node = '', ...script] = operatorWords;
  const words = script.map((word) => `'${word}'`).join(' ');
  const programs = { ...STUBS, envseal: `#!/bin/sh\nexec '${node}' ${words} "$@"\n` };
  for (const [name, text] of Object.entries(programs)) writeFileSync(join(bin, name), text, { mode: 0o755 });
  symlinkSync(process.execPath, join(bin, 'node'));
});
afterAll(() => rmSync(bin, { recursive: true }));

/** What stands between what two blocks print. */
const MARK = '-- the next block --';

interface Ran {
  readonly status: number | null;
  /** For each block, stdout and stderr as a terminal shows them. */
  readonly printed: readonly string[];
}

async function runBlocks(
  blocks: readonly string[],
  { cwd = folder(), env = {} }: { cwd?: string; env?: Env } = {},
): Promise<Ran> {
  const script = ['exec 2>&1', ...blocks].join(`\necho '${MARK}'\n`);
  const options = { cwd, env: { HOME: cwd, ...env, PATH: `${bin}:${PATH}` } };
  const { status, stdout } = await runWords(['bash', '-eu', '-c', script], options);
  const printed = Buffer.from(stdout, 'latin1').toString().split(`${MARK}\n`).slice(1);
  return { status, printed };
}

/** `…` stands for anything in a line. */
function patternOf(text: string): RegExp {
  const escaped = text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('…', '.*?')}$`);
}

/** Setting up and building images are not commands of envseal's. */
function isShell({ language, text }: Block): boolean {
  return language === 'sh' && !/^(npm|docker|#)/m.test(text);
}

/** The shell blocks of a page, each with what it prints where the page says that. */
function stepsOf(page: string): { text: string; prints: string | undefined }[] {
  const blocks = blocksOf(page);
  return blocks.flatMap((block, at) => {
    const next = blocks[at + 1];
    const prints = next?.language === 'text' ? next.text : undefined;
    return isShell(block) ? [{ text: block.text, prints }] : [];
  });
}

describe('what is printed is what the page says:', () => {
  test.each([
    ['README.md', 2],
    ['docs/quickstart-age.md', 3],
    ['docs/guides/in-the-container.md', 1],
    ['docs/guides/ci.md', 1],
    ['docs/guides/who-opened-what.md', 1],
  ])('%s', async (page, count) => {
    const steps = stepsOf(page).filter(({ prints }) => prints !== undefined);
    expect(steps.length).toBe(count);
    const { status, printed } = await runBlocks(steps.map(({ text }) => text));
    expect({ status, blocks: printed.length }).toEqual({ status: 0, blocks: count });
    for (const [at, { prints = '' }] of steps.entries()) expect(printed[at]).toMatch(patternOf(prints));
  });
});

test('README.md: the way to the program in a clone', () => {
  const [block] = blocksOf('README.md').filter(({ text }) => text.includes('alias envseal='));
  expect(block?.text).toContain('$PWD/node_modules/.bin/node $PWD/dist/envseal.mjs');
  expect(blocksOf('docs/install.md').map(({ text }) => text)).toContain(
    block?.text.split('\n')[1]?.concat('\n'),
  );
});

describe('completion', () => {
  test('the line in docs/install.md', async () => {
    const [block] = blocksOf('docs/install.md').filter(({ text }) => text.includes('completion bash'));
    const { status, printed } = await runBlocks([`${block?.text}complete -p envseal`]);
    expect({ status, printed }).toEqual({ status: 0, printed: [expect.stringContaining('envseal')] });
  });
});

describe('with a cloud', () => {
  let clouds: Clouds;
  let env: Env;
  beforeAll(async () => {
    clouds = await startClouds();
    env = envFor(clouds, ['aws', 'google', 'age']);
  });
  afterAll(() => clouds.stop());
  beforeEach(async () => {
    await clouds.reset();
    const aliases = [['alias/snacks'], ['alias/prod']];
    for (const server of [clouds.s3, clouds.kms]) {
      for (const [at, arn] of [OLD, NEW].entries()) await server.kmsKey({ arn, aliases: aliases[at] ?? [] });
    }
    await clouds.s3.bucket('snacks', { versioning: 'Enabled', publicAccess: 'blocked' });
    await clouds.gcs.bucket('snacks', { versioning: true });
  });

  async function push(
    uri: string,
    flags: string,
    text = 'DB_URL=postgres://db\nOLD_TOKEN=a\n',
  ): Promise<void> {
    const words = ['push', ...flags.split(' '), '-', uri];
    expect(await operate(words, { env, stdin: text })).toMatchObject({ status: 0, stderr: '' });
  }

  async function variablesIn(uri: string, flags: readonly string[] = []): Promise<string> {
    const { stdout } = await envseal(['run', '--pristine', ...flags, '-s', uri, '--', '/usr/bin/env'], {
      env,
    });
    return stdout;
  }

  /** A program that a page calls may be another one here. */
  async function works(
    blocks: readonly string[],
    more: Env = {},
    cwd = folder(),
  ): Promise<readonly string[]> {
    const { status, printed } = await runBlocks(blocks, { cwd, env: { ...env, ...more } });
    expect({ status, printed }).toEqual({ status: 0, printed });
    expect(printed.join('')).not.toMatch(/envseal: (error|warning)/);
    return printed;
  }

  /** All shell blocks, docker's too: it does nothing. */
  const allOf = (page: string) =>
    blocksOf(page)
      .filter(({ language }) => language === 'sh')
      .map(({ text }) => text);

  test('docs/quickstart-aws.md', async () => {
    const printed = await works(allOf('docs/quickstart-aws.md'));
    expect(printed.join('')).toContain('sealed by sse-kms');
    expect(printed.join('')).toContain('connecting to db.internal\n');
  });

  test('docs/quickstart-aws.md: the policy is one', () => {
    const [policy] = blocksOf('docs/quickstart-aws.md').filter(({ language }) => language === 'json');
    const { Statement } = JSON.parse(policy?.text ?? '') as { Statement: { Action: string }[] };
    expect(Statement.map(({ Action }) => Action)).toEqual(['s3:GetObject', 'kms:Decrypt']);
  });

  test('docs/quickstart-gcp.md', async () => {
    const key = '/locations/europe-west3/keyRings/envseal/cryptoKeys/snacks"';
    const inTests = `${CLOUD_KMS_KEY.slice(`projects/${PROJECT}`.length)}"`;
    const blocks = allOf('docs/quickstart-gcp.md').map((text) => text.replace(key, inTests));
    expect(blocks.join('')).toContain(inTests);
    const printed = await works(blocks);
    expect(printed.join('')).toContain('sealed by cmek');
    expect(printed.join('')).toContain('connecting to db.internal\n');
  });

  test('docs/guides/change-a-value.md, but what asks on a terminal', async () => {
    await push('s3://snacks/dev/env', `--kms-key ${OLD}`);
    await push('s3://snacks/prod/env', `--kms-key ${NEW}`);
    const asks = /^envseal (?:set s3:\S+ DB_PASSWORD|edit|get) .*$/gm;
    const blocks = allOf('docs/guides/change-a-value.md').map((text) => text.replaceAll(asks, ''));
    await works(blocks, {}, folder({ 'tls.key': 'key\n', 'dev.env': 'DB_HOST=db\n' }));
    expect(await variablesIn('s3://snacks/dev/env')).toBe('DB_HOST=db\n');
  });

  test('docs/guides/rotate-a-key.md: containers that pin both start before, between and after', async () => {
    const [withPins = '', sameKey = '', age = ''] = allOf('docs/guides/rotate-a-key.md');
    await push('s3://snacks/dev/env', `--kms-key ${OLD}`);
    const both = ['--kms-key', `${OLD},${NEW}`];
    expect(await variablesIn('s3://snacks/dev/env', both)).toContain('DB_URL=');
    // As after a failure: a second run leaves alone what is done.
    const printed = await works([withPins, withPins, sameKey], { OLD, NEW });
    expect(printed[0]).toContain('1 would rotate');
    expect(printed[1]).toContain('1 left alone');
    expect(printed[2]).toContain('1 rotated');
    expect(await variablesIn('s3://snacks/dev/env', both)).toContain('DB_URL=');
    expect(await variablesIn('s3://snacks/dev/env', ['--kms-key', NEW])).toContain('DB_URL=');
    expect(await variablesIn('s3://snacks/dev/env', ['--kms-key', OLD])).toBe('');

    const cwd = folder();
    const made = await operate(['keygen', '--out', join(cwd, 'new.key')]);
    await push(join(cwd, 'app.env.sealed'), `--age ${AGE_KEY.key}`);
    await works([age], { OLD: AGE_KEY.key, NEW: made.stdout.trim() }, cwd);
    const { SOPS_AGE_KEY: _, ...others } = env;
    const run = ['run', '-s', join(cwd, 'app.env.sealed'), '--', 'true'];
    const withNew = { ...others, SOPS_AGE_KEY_FILE: join(cwd, 'new.key') };
    expect(await envseal(run, { env: withNew })).toMatchObject({ status: 0 });
    expect(await envseal(run, { env })).toMatchObject({ status: 65 });
  });

  test('docs/guides/someone-leaves.md', async () => {
    const cwd = folder();
    const made = await operate(['keygen', '--out', join(cwd, 'new.key')]);
    const STAYING = made.stdout.trim();
    await push(join(cwd, 'app.env.sealed'), `--age ${AGE_KEY.key},${STAYING}`);
    await push('s3://snacks/prod/env', `--kms-key ${NEW}`);
    await works(allOf('docs/guides/someone-leaves.md'), { LEAVING: AGE_KEY.key, STAYING }, cwd);
    const run = ['run', '-s', join(cwd, 'app.env.sealed'), '--', 'true'];
    expect(await envseal(run, { env })).toMatchObject({ status: 65 });
  });

  test('docs/guides/dev-to-prod.md', async () => {
    await push('s3://snacks/dev/env', `--kms-key ${OLD}`);
    await push('s3://snacks/prod/env', `--kms-key ${NEW}`, 'DB_URL=a\n');
    await works(allOf('docs/guides/dev-to-prod.md'));
    expect(await variablesIn('s3://snacks/prod/env', ['--kms-key', NEW])).toContain('OLD_TOKEN=a\n');
  });

  test('docs/guides/roll-back.md', async () => {
    await push('s3://snacks/dev/env', `--kms-key ${OLD}`, 'DB_URL=before\n');
    const { stdout } = await operate(['history', '--json', 's3://snacks/dev/env'], { env });
    await push('s3://snacks/dev/env', `--kms-key ${OLD}`, 'DB_URL=after\n');
    await works(allOf('docs/guides/roll-back.md'), { VERSION: JSON.parse(stdout).versions[0].version });
    expect(await variablesIn('s3://snacks/dev/env')).toBe('DB_URL=before\n');
  });

  test('docs/guides/migrate.md', async () => {
    const cwd = folder({ api: '#!/bin/sh\necho "$DB_URL"\n' });
    await push(join(cwd, 'app.enc.env'), `--age ${AGE_KEY.key}`);
    const blocks = allOf('docs/guides/migrate.md').map((text) => text.replace('projects/…', CLOUD_KMS_KEY));
    const printed = await works(blocks, {}, cwd);
    expect(printed.at(-1)).toBe('postgres://db\n');
    expect(await variablesIn('s3://snacks/dev/env')).toBe('DB_URL=postgres://db\nSESSION_KEY=a\n');
    expect(await variablesIn('gs://snacks/dev/env')).toBe('DB_URL=postgres://db\n');
  });

  test('docs/guides/migrate.md: an env file of ECS reads the same after it is pushed', async () => {
    const cwd = folder({ 'api.env': 'A="q"\nB=x # y\n' });
    const line = /`(envseal push "file:[^`]+)`/.exec(read('docs/guides/migrate.md'))?.[1] ?? '';
    const { status } = await runBlocks([line], { cwd, env });
    expect(status).toBe(0);
    expect(await variablesIn('s3://snacks/dev/env')).toBe('A="q"\nB=x # y\n');
  });
});
