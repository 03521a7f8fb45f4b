/** The files of examples/docker: what they say, and what of them runs without containers. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SECRET_VARIABLES, variableOf } from '../../src/own-variables.ts';
import { SETTINGS, type SettingName } from '../../src/settings.ts';
import { folder } from '../e2e/folder.ts';
import { envseal } from '../e2e/program.ts';
import { type Clouds, encryptWithAws, envFor, startClouds } from '../e2e/sealed.ts';
import { CANARY, type Env } from '../e2e/transcript.ts';
import { describeReal } from '../real/available.ts';
import { composeFile, podmanOptions } from './docker/compose.ts';
import { baseOf, execForm, type Instruction, parseDockerfile, stagesOf } from './docker/dockerfile.ts';
import { DOCKERFILES, FOLDER, instructionsOf, read } from './docker/examples.ts';
import { STAND_INS } from './docker/images.ts';

const PACKAGE = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

function last(path: string): Instruction[] {
  return stagesOf(instructionsOf(path)).at(-1) ?? [];
}

function textsOf(path: string, name: string): string[] {
  return last(path).flatMap((instruction) => (instruction.name === name ? instruction.text : []));
}

describe('Dockerfiles', () => {
  test('a Dockerfile is read as engines do', () => {
    const text = '# A\nFROM a AS b\n\nrun one \\\n# between\n  two\nCMD ["a", "b"]\nFROM c\nCMD a b\n';
    const [first = [], second = []] = stagesOf(parseDockerfile(text));
    expect(first.map(({ name }) => name)).toEqual(['FROM', 'RUN', 'CMD']);
    expect(first[1]?.text).toBe('one    two');
    expect(baseOf(first)).toEqual({ image: 'a', name: 'b' });
    expect(baseOf(second)).toEqual({ image: 'c', name: undefined });
    expect(execForm(first[2]?.text ?? '')).toEqual(['a', 'b']);
    expect([execForm(second[1]?.text ?? ''), execForm("['a']"), execForm('[1]')]).toEqual(
      Array(3).fill(undefined),
    );
  });

  test('are all here', () => {
    expect(DOCKERFILES.length).toBe(19);
  });

  test.each(DOCKERFILES)('%s starts the command through envseal, and no shell does', (path) => {
    const entrypoints = textsOf(path, 'ENTRYPOINT');
    const commands = textsOf(path, 'CMD');
    for (const text of entrypoints) expect(execForm(text)).toBeDefined();
    const exec = commands.map(execForm);
    // The one that shows how to wrap a shell form.
    if (path.endsWith('Dockerfile.shell')) expect(commands).toEqual([expect.stringMatching(/^exec api /)]);
    else expect(exec).not.toContain(undefined);

    if (path.endsWith('s6-overlay')) {
      expect(read('existing-entrypoint/run')).toMatch(/^exec s6-setuidgid \S+ envseal run -- api$/m);
      return;
    }
    const words = [
      ...entrypoints.flatMap((text) => execForm(text) ?? []),
      ...exec.flatMap((words) => words ?? []),
    ];
    expect(words.join(' ')).toMatch(/(?:^|\s|\/)envseal(?:\.mjs)? (?:run )?--(?: |$)/);
    expect(textsOf(path, 'USER')).toEqual(['65532:65532']);
  });

  test.each(DOCKERFILES)('%s has envseal from an image of docker/, or from the npm package', (path) => {
    const all = instructionsOf(path).map(({ name, text }) => `${name} ${text}`);
    const copies = all.filter((line) => line === 'COPY --from=envseal / /');
    const packages = all.filter((line) => line === `RUN npm install --global envseal@${PACKAGE.version}`);
    expect(copies.length + packages.length).toBe(1);
  });

  test.each(DOCKERFILES)('%s starts from images that something stands in for', (path) => {
    const images = stagesOf(instructionsOf(path)).map((stage) => baseOf(stage).image);
    const known = [...Object.keys(STAND_INS), 'golang:1.26', 'scratch'];
    expect(images.filter((image) => !known.includes(image))).toEqual([]);
  });

  test('no other image has a stand-in', () => {
    const used = DOCKERFILES.flatMap((path) =>
      stagesOf(instructionsOf(path)).map((stage) => baseOf(stage).image),
    );
    expect(Object.keys(STAND_INS).filter((image) => !used.includes(image))).toEqual([]);
  });
});

describe('all files', () => {
  const FILES = readdirSync(FOLDER, { recursive: true, withFileTypes: true, encoding: 'utf8' })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.pyc'))
    .map((entry) => join(entry.parentPath, entry.name));
  const SETTING_VARIABLES = (Object.keys(SETTINGS) as SettingName[]).map(variableOf);
  const KNOWN = new Set<string>([...SETTING_VARIABLES, ...SECRET_VARIABLES]);

  test('name settings that there are', () => {
    const named = FILES.flatMap(
      (file) => readFileSync(file, 'utf8').match(/\bENVSEAL_[A-Z_]*[A-Z]\b/g) ?? [],
    );
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !KNOWN.has(name.replace(/_FILE$/, '')))).toEqual([]);
  });

  test('are linked from the README, where they are more than a part', () => {
    const readme = read('README.md');
    const folders = readdirSync(FOLDER, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    for (const { name } of folders) expect(readme).toContain(`](${name}/`);
    for (const path of DOCKERFILES.filter((path) => !path.startsWith('existing-entrypoint'))) {
      if (!path.startsWith('django')) expect(readme).toContain(`](${path})`);
    }
  });

  test('the links lead somewhere', () => {
    for (const file of FILES.filter((file) => file.endsWith('.md'))) {
      const links = Array.from(
        readFileSync(file, 'utf8').matchAll(/\]\(([^)#:]+)\)/g),
        ([, link = '']) => link,
      );
      expect(links.length).toBeGreaterThan(0);
      for (const link of links) expect(() => readFileSync(resolve(file, '..', link))).not.toThrow();
    }
  });

  test('the table of wrappings has what its Dockerfiles say', () => {
    const table = read('existing-entrypoint/README.md')
      .split('\n')
      .filter((line) => line.startsWith('|'));
    for (const path of DOCKERFILES.filter((path) => path.startsWith('existing-entrypoint'))) {
      const row = table.find((line) => line.includes(`](${path.replace(/.*\//, '')})`));
      if (path.endsWith('s6-overlay')) expect(row).toContain('exec envseal run -- api');
      else for (const text of textsOf(path, 'ENTRYPOINT')) expect(row).toContain(`\`ENTRYPOINT ${text}\``);
    }
  });
});

describe('Compose', () => {
  const GIVEN: Env = {
    ENVSEAL_SOURCE: 's3://snacks/dev/env',
    ENVSEAL_KMS_KEY: 'arn:aws:kms:us-east-1:1:key/1',
  };

  test('the service is as strict as it can be', () => {
    const file = composeFile(GIVEN);
    expect(Object.keys(file).toSorted()).toEqual(['secrets', 'services']);
    expect(podmanOptions(file, 'api', '/run')).toEqual([
      '--read-only',
      '--read-only-tmpfs=false',
      '--user=65532:65532',
      '--cap-drop=ALL',
      '--security-opt=no-new-privileges',
      '--volume=/run/aws-credentials:/run/secrets/aws-credentials:ro',
    ]);
    const { api } = file.services;
    expect(api?.environment).toMatchObject({ ...GIVEN, AWS_REGION: 'us-east-1' });
    expect(api?.environment.AWS_SHARED_CREDENTIALS_FILE).toBe('/run/secrets/aws-credentials');
    // What is not a string would become one in Compose, and a different one in each engine.
    for (const value of Object.values(api?.environment ?? {})) expect(value).toEqual(expect.any(String));
  });

  test('the image is that of an example', () => {
    const { api } = composeFile(GIVEN).services;
    expect(api?.build).toEqual({ context: '../api', dockerfile: '../debian/Dockerfile' });
  });

  test.each(['ENVSEAL_SOURCE', 'ENVSEAL_KMS_KEY'])('nothing starts without %s', (name) => {
    expect(() => composeFile({ ...GIVEN, [name]: '' })).toThrow(new RegExp(`^${name}: `));
  });
});

describeReal('python3', 'Django, without Django', () => {
  const PROJECT = resolve(FOLDER, 'django');
  const BARE_PYTHON = { PATH: process.env.PATH ?? '', PYTHONPATH: PROJECT, PYTHONDONTWRITEBYTECODE: '1' };

  function python(code: string, env: Env = {}): { status: number | null; stdout: string; stderr: string } {
    const { status, stdout, stderr } = spawnSync('python3', ['-c', code], {
      env: { ...BARE_PYTHON, ...env },
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  }

  /** What a reader makes of a variable, or the last line of what it says. */
  function reads(call: string, value: string | undefined): unknown {
    const code = `import json\nfrom snacks.environment import *\nprint(json.dumps(${call}))`;
    const { status, stdout, stderr } = python(code, value === undefined ? {} : { A: value });
    if (status === 0) return JSON.parse(stdout);
    // A trace has no value either, in none of its lines.
    if (value) expect(stderr).not.toContain(value);
    return stderr.trimEnd().split('\n').at(-1);
  }

  const wrong = (message: string) => `snacks.environment.SettingError: A ${message}`;
  const POSTGRES = {
    ENGINE: 'django.db.backends.postgresql',
    NAME: 'shop',
    USER: 'a',
    PASSWORD: 'p@ss/w',
    HOST: 'db',
    PORT: 5432,
  };

  test.each<[string, string | undefined, unknown]>([
    ['text("A")', 'canary', 'canary'],
    ['text("A")', undefined, wrong('is not set')],
    ['text("A")', '', wrong('should be a text that is not empty')],
    ['text("A", default="b")', undefined, 'b'],
    ['boolean("A")', 'true', true],
    ['boolean("A")', ' Yes', true],
    ['boolean("A")', '0', false],
    ['boolean("A", default=False)', undefined, false],
    ['boolean("A")', undefined, wrong('is not set')],
    ['boolean("A", default=False)', 'canary', wrong('should be true or false')],
    ['boolean("A")', '', wrong('should be true or false')],
    ['number("A")', '-12', -12],
    ['number("A")', 'canary12', wrong('should be a whole number')],
    ['number("A")', '1.5canary', wrong('should be a whole number')],
    ['words("A")', 'a, b,,c ', ['a', 'b', 'c']],
    ['words("A")', '', []],
    ['words("A")', undefined, wrong('is not set')],
    ['words("A", default=[])', undefined, []],
    ['database("A")', 'postgres://a:p%40ss%2Fw@db:5432/shop', POSTGRES],
    ['database("A")', 'postgresql://a:p%40ss%2Fw@db/shop', { ...POSTGRES, PORT: '' }],
    ['database("A")["NAME"]', 'sqlite:////var/db/shop.db', '/var/db/shop.db'],
    ...[
      '',
      'canary',
      'canary://a:b@db/shop',
      'postgres://a:canary@db:port/shop',
      'postgres://a:canary@db',
      'postgres://[canary/shop',
    ].map((value): [string, string, string] => [
      'database("A")',
      value,
      wrong('should be a URL such as postgres://USER:PASSWORD@HOST:PORT/NAME'),
    ]),
  ])('%s of %j', (call, value, expected) => {
    expect(reads(call, value)).toEqual(expected);
  });

  test.each(
    readdirSync(PROJECT, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.py')),
  )('%s compiles', (path) => {
    expect(python(`compile(open(${JSON.stringify(join(PROJECT, path))}).read(), 'x', 'exec')`)).toMatchObject(
      { status: 0 },
    );
  });

  test('what it needs is pinned', () => {
    for (const line of read('django/requirements.txt').trim().split('\n'))
      expect(line).toMatch(/^[\w[\]]+==[\d.]+$/);
  });

  describe('settings.py', () => {
    let clouds: Clouds;
    beforeAll(async () => {
      clouds = await startClouds();
    });
    afterAll(() => clouds.stop());

    const ENV_FILE = [
      `DATABASE_URL="postgres://a:${CANARY}%23@db/shop"`,
      `DJANGO_SECRET_KEY=${CANARY}#1`,
      'DJANGO_ALLOWED_HOSTS=shop.test, localhost',
      'FIELD_KEYS=new,old',
      'SESSION_SECONDS=60',
      'DJANGO_DEBUG=no',
    ].join('\n');
    const NAMES = [
      'SECRET_KEY',
      'DEBUG',
      'ALLOWED_HOSTS',
      'SESSION_COOKIE_AGE',
      'FIELD_KEYS',
      'SECRET_KEY_FALLBACKS',
    ];
    const PRINT = `import json\nfrom snacks import settings as s\nprint(json.dumps([s.DATABASES["default"]["PASSWORD"]] + [getattr(s, name) for name in ${JSON.stringify(NAMES)}]))`;
    const EXPECTED = [`${CANARY}#`, `${CANARY}#1`, false, ['shop.test', 'localhost'], 60, ['new', 'old'], []];

    test.each<[string, (bytes: Uint8Array) => Uint8Array | string]>([
      ['binary', (bytes) => bytes],
      ['base64', (bytes) => Buffer.from(bytes).toString('base64')],
    ])('reads what it decrypted itself before: a KMS ciphertext, %s', async (_, written) => {
      const sealed = await encryptWithAws(clouds, ENV_FILE);
      await clouds.s3.put('snacks', 'dev/env', written(sealed), { sse: 'AES256' });
      const env = { ...envFor(clouds, ['aws']), ...BARE_PYTHON, ENVSEAL_SOURCE: 's3://snacks/dev/env' };
      const outcome = await envseal(['run', '--', 'python3', '-c', PRINT], { env });
      expect(outcome).toMatchObject({ status: 0, stderr: '' });
      expect(JSON.parse(outcome.stdout)).toEqual(EXPECTED);
    });

    test('names what is missing', async () => {
      const { stderr, status } = python('import snacks.settings', { DJANGO_SECRET_KEY: CANARY });
      expect(status).toBe(1);
      expect(stderr).toMatch(/SettingError: DJANGO_ALLOWED_HOSTS is not set\n$/);
      expect(stderr).not.toContain(CANARY);
    });

    test('opens a plain file on a laptop', async () => {
      const cwd = folder({ 'dev.env': ENV_FILE });
      const args = ['run', '--allow-unsealed', '--source', './dev.env', '--', 'python3', '-c', PRINT];
      const { stdout } = await envseal(args, { cwd, env: BARE_PYTHON });
      expect(JSON.parse(stdout)).toEqual(EXPECTED);
    });
  });
});
