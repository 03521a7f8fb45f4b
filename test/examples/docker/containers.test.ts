/** The images of examples/docker, built and run with podman on bases that need no registry. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CANARY, type Env } from '../../e2e/transcript.ts';
import { describeReal } from '../../real/available.ts';
import { ACCESS_KEY_ID, kmsKeyArn, type S3Server, SECRET_ACCESS_KEY, startS3 } from '../../servers/start.ts';
import { composeFile, podmanOptions, type Service } from './compose.ts';
import { type Container, HARDENED, type Process, startContainer } from './containers.ts';
import { type Examples, prepareExamples } from './images.ts';

const SECOND_MS = 1000;
const SOURCE = 's3://snacks/dev/env';
const USER = 65532;
const NO_CAPABILITIES = '0000000000000000';

const VARIABLES: Env = {
  DATABASE_URL: `sqlite:////dev/shm/${CANARY}.db`,
  DJANGO_SECRET_KEY: `${CANARY}-secret-key`,
  DJANGO_ALLOWED_HOSTS: `127.0.0.1,${CANARY}.test`,
  // 32 bytes, as Fernet.generate_key() makes them.
  FIELD_KEYS: `${Buffer.from(`${CANARY}-`.repeat(5).slice(0, 32)).toString('base64url')}=`,
};

let s3: S3Server;
let examples: Examples;

/** Where the env file is, and who asks. */
function settings(more: Env = {}): Env {
  return {
    ENVSEAL_SOURCE: SOURCE,
    ENVSEAL_KMS_KEY: kmsKeyArn(),
    AWS_ENDPOINT_URL_S3: s3.url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: ACCESS_KEY_ID,
    AWS_SECRET_ACCESS_KEY: SECRET_ACCESS_KEY,
    ...more,
  };
}

async function start(path: string, env: Env = {}, options = HARDENED): Promise<Container> {
  return await startContainer(examples.podman, await examples.build(path), settings(env), options);
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' ? String(address?.port) : '';
}

async function healthOf(port: string): Promise<number> {
  return (await fetch(`http://127.0.0.1:${port}/healthz`)).status;
}

/** All sealed variables, and none of envseal's. */
function expectSealed({ env }: Process): void {
  expect(env).toMatchObject(VARIABLES);
  expect(Object.keys(env).filter((name) => name.startsWith('ENVSEAL_'))).toEqual([]);
}

async function expectHidden({ id }: Container): Promise<void> {
  const shown = await examples.podman.run('inspect', id);
  expect(shown).toContain(SOURCE);
  for (const value of Object.values(VARIABLES)) expect(shown).not.toContain(value);
}

async function expectStop(container: Container, status = 0): Promise<void> {
  // 137 if podman had to kill it.
  expect(await container.stop()).toBe(status);
}

describeReal(['podman', 'busybox', 'host'], 'examples/docker, as containers', () => {
  beforeAll(async () => {
    [s3, examples] = await Promise.all([startS3(), prepareExamples()]);
    const lines = Object.entries(VARIABLES).map(([name, value]) => `${name}=${value}\n`);
    await s3.put('snacks', 'dev/env', lines.join(''), { sse: 'aws:kms', kmsKeyId: kmsKeyArn() });
  }, 300 * SECOND_MS);
  afterAll(async () => {
    await s3?.stop();
    await examples?.[Symbol.asyncDispose]();
  });

  interface Row {
    readonly path: string;
    /** The arguments of pid 1. */
    readonly argv: unknown;
    readonly ready: RegExp;
    readonly log?: string;
    /** The process writes its title over what the kernel shows of its environment. */
    readonly hasTitle?: true;
  }

  const API = { argv: ['api'], ready: /api: ready/, log: 'api: ready\n' };
  const PUMA = { argv: expect.arrayContaining([expect.stringMatching(/^puma /)]), ready: /Listening on/ };
  const ROWS: readonly Row[] = [
    { path: 'debian/Dockerfile', ...API },
    { path: 'ubi/Dockerfile', ...API },
    { path: 'alpine/Dockerfile', ...API },
    { path: 'distroless/Dockerfile', ...API },
    { path: 'scratch/Dockerfile', ...API },
    {
      path: 'node/Dockerfile',
      argv: ['node', 'server.mjs'],
      ready: /server: ready/,
      log: 'server: ready\n',
    },
    {
      path: 'node/Dockerfile.npm',
      argv: ['node', 'server.mjs'],
      ready: /server: ready/,
      log: 'server: ready\n',
    },
    {
      path: 'node/Dockerfile.distroless',
      argv: ['/nodejs/bin/node', 'server.mjs'],
      ready: /server: ready/,
      log: 'server: ready\n',
    },
    {
      path: 'django/Dockerfile',
      argv: [
        expect.stringMatching(/python/),
        expect.stringMatching(/gunicorn$/),
        expect.any(String),
        'snacks.wsgi',
      ],
      ready: /Listening at/,
    },
    { path: 'sinatra/Dockerfile', ...PUMA, hasTitle: true },
    { path: 'sinatra/Dockerfile.wrapper', ...PUMA, hasTitle: true },
  ];

  test.each(ROWS)('$path: the command is pid 1 with the variables, and a stop reaches it', async (row) => {
    const port = await freePort();
    await using container = await start(row.path, { PORT: port });
    const logs = await container.logs(row.ready);

    const [first, ...others] = await container.processes();
    expect(first).toMatchObject({
      pid: 1,
      argv: row.argv,
      uid: USER,
      capabilities: NO_CAPABILITIES,
      noNewPrivileges: true,
    });
    if (!row.hasTitle) expectSealed(first as Process);
    // None of them is envseal.
    for (const { argv } of others) expect(argv).not.toContain('envseal');
    await expectHidden(container);
    if (row.log !== undefined) expect(logs).toBe(row.log);
    expect(await healthOf(port)).toBe(200);
    await expectStop(container);
  });

  test.each(['debian/Dockerfile', 'scratch/Dockerfile', 'node/Dockerfile.npm', 'sinatra/Dockerfile.wrapper'])(
    '%s: without its env file the command does not start',
    async (path) => {
      await using container = await start(path, { ENVSEAL_SOURCE: 's3://snacks/no-such/env' });
      expect(await examples.podman.run('wait', container.id)).toBe('66\n');
      expect(await container.logs()).toMatch(/^envseal: error: .*\n(envseal: hint: .*\n)?$/);
    },
  );

  test('sinatra has its variables from there', async () => {
    await using container = await start('sinatra/Dockerfile.wrapper', { ENVSEAL_EXCLUDE: 'DATABASE_URL' });
    expect(await examples.podman.run('wait', container.id)).toBe('1\n');
    expect(await container.logs()).toContain('key not found: "DATABASE_URL"');
  });

  test('compose: the service starts with the credentials of a file, and keeps them from the command', async () => {
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ...given } = settings();
    const file = composeFile(given);
    const { build, environment } = file.services.api as Service;
    const profile = `[default]\naws_access_key_id=${AWS_ACCESS_KEY_ID}\naws_secret_access_key=${AWS_SECRET_ACCESS_KEY}\n`;
    await writeFile(join(examples.folder, 'aws-credentials'), profile);

    const image = await examples.build(build.dockerfile.replace('../', ''));
    const env = { ...environment, AWS_ENDPOINT_URL_S3: s3.url, PORT: await freePort() };
    const options = podmanOptions(file, 'api', examples.folder);
    await using container = await startContainer(examples.podman, image, env, options);
    // The event comes first, to the sink that the file names.
    expect(await container.logs(/api: ready/)).toMatch(/^\{.*"envseal\.access\.granted".*\}\napi: ready\n$/);

    const [first] = await container.processes();
    expect(first).toMatchObject({
      pid: 1,
      argv: ['api'],
      uid: USER,
      capabilities: NO_CAPABILITIES,
      noNewPrivileges: true,
    });
    expectSealed(first as Process);
    expect(Object.keys(first?.env ?? {}).filter((name) => name.startsWith('AWS_SHARED'))).toEqual([]);
    await expectStop(container);
  });

  interface Wrapping {
    readonly form: string;
    /** The processes by their pids, each with what its command line has. */
    readonly processes: readonly RegExp[];
    readonly got: string;
    /** s6 needs a place for what it keeps. */
    readonly options?: string[];
  }

  const APP = /^\/bin\/sh \/usr\/local\/bin\/api/;
  const WRAPPINGS: readonly Wrapping[] = [
    { form: 'exec', processes: [APP], got: '1 arguments: --verbose' },
    { form: 'cmd', processes: [APP], got: '1 arguments: --verbose' },
    { form: 'shell', processes: [APP], got: '2 arguments: --port 8080' },
    { form: 'shell-entrypoint', processes: [APP], got: '3 arguments: --port 8080 --verbose' },
    { form: 'script', processes: [APP], got: '0 arguments: ' },
    { form: 'tini', processes: [/^tini -- envseal run -- api$/, APP], got: '0 arguments: ' },
    { form: 'dumb-init', processes: [/^dumb-init -- envseal run -- api$/, APP], got: '0 arguments: ' },
    {
      form: 's6-overlay',
      processes: [/^s6-svscan /, /^s6-supervise api$/, APP],
      got: '0 arguments: ',
      options: ['--tmpfs=/run:exec'],
    },
  ];

  test.each(WRAPPINGS)('existing-entrypoint, $form: the variables, pid 1 and SIGTERM', async (wrapping) => {
    const { form, processes, got, options = [`--user=${USER}`, ...HARDENED] } = wrapping;
    await using container = await start(`existing-entrypoint/Dockerfile.${form}`, {}, options);
    const logs = await container.logs(/api: ready.*\n/);
    if (form === 'script') expect(logs).toMatch(/^docker-entrypoint\.sh: prepared\n/);
    expect(logs).toContain(`api: ready, ${got}\n`);

    // What the program itself starts does not concern us.
    const found = (await container.processes()).filter(({ argv: [name] }) => name !== 'sleep');
    expect(found.map(({ argv }) => argv.join(' '))).toEqual(
      processes.map((line) => expect.stringMatching(line)),
    );
    expect(found[0]?.pid).toBe(1);
    const app = found.pop() as Process;
    expectSealed(app);
    // An init that stays has none of them.
    for (const { env } of found) expect(Object.keys(env)).not.toContain('DATABASE_URL');

    await expectStop(container);
    expect(await container.logs()).toContain('api: SIGTERM\n');
  });

  test.each(['tini', 'dumb-init'])(
    'existing-entrypoint, %s: a refusal ends the container with its status',
    async (form) => {
      const missing = { ENVSEAL_SOURCE: 's3://snacks/no-such/env' };
      await using container = await start(`existing-entrypoint/Dockerfile.${form}`, missing);
      expect(await examples.podman.run('wait', container.id)).toBe('66\n');
    },
  );

  test('exec: what it starts has no variables, unless it is wrapped or asks the kernel', async () => {
    await using container = await start('existing-entrypoint/Dockerfile.exec', {}, ['--cap-drop=SYS_PTRACE']);
    await container.logs(/api: ready/);
    const ask = (...words: string[]) => examples.podman.try('exec', ...words);
    const ofKernel = ['sh', '-c', "tr '\\0' '\\n' </proc/1/environ"];

    expect((await ask(container.id, 'env')).stdout).not.toContain('DATABASE_URL');
    const wrapped = await ask(container.id, 'envseal', 'run', '--', 'env');
    expect(wrapped.stdout).toContain(`DATABASE_URL=${VARIABLES.DATABASE_URL}\n`);
    const asked = await ask(container.id, ...ofKernel);
    expect(asked.stdout).toContain(`DATABASE_URL=${VARIABLES.DATABASE_URL}\n`);
    // Root is another user, and may not look without CAP_SYS_PTRACE, which engines do not give.
    const asRoot = await ask('--user=root', container.id, ...ofKernel);
    expect(asRoot.stderr).toContain('Permission denied');
    const privileged = await ask('--user=root', '--privileged', container.id, ...ofKernel);
    expect(privileged.stdout).toContain(`DATABASE_URL=${VARIABLES.DATABASE_URL}\n`);
  });

  test('django: the field is encrypted in the database, and its keys rotate', async () => {
    const script = 'fields-check.py';
    const options = [...HARDENED, `--volume=${join(import.meta.dirname, script)}:/${script}:ro`];
    const image = await examples.build('django/Dockerfile');
    const env = Object.entries(settings()).map(([name, value]) => `--env=${name}=${value}`);
    const run = ['run', '--rm', '--network=host', ...options, ...env, image];
    const told = await examples.podman.run(...run, 'python', `/${script}`);
    expect(JSON.parse(told)).toEqual({
      read: 'DE00-canary',
      nothing: null,
      stored: 'a Fernet token',
      rotated: '2 rotated\n',
      'read with the new key': 'DE00-canary',
      'read with the old key': 'Customer.bank_account: no key of FIELD_KEYS decrypts it',
      'read with a bad key':
        'FIELD_KEYS should be keys as Fernet.generate_key() makes them, separated by commas',
      sought: 'FieldError',
      'sought where it is null': 1,
      migrations: 'as the models',
    });
  });
});
