/**
 * `npm run demo`: sealed env files, commands that get them, and commands that do not. First without a cloud, then with
 * one: everything is real but that cloud, an S3 server of our own on 127.0.0.1 that checks signatures and encrypts under
 * a KMS key. With `--keep` that server stays for commands that people type themselves.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execaSync } from 'execa';
import { wrapForAge } from '../src/keys/age/age.ts';
import { sealSops } from '../src/sealing/sops/edit/seal.ts';
import {
  ACCESS_KEY_ID,
  kmsKeyArn,
  type S3Server,
  SECRET_ACCESS_KEY,
  startS3,
} from '../test/servers/start.ts';
import { KEEP_MS, setUp, TO_TRY, untilStopped } from './demo/keep.ts';
import { readFlags } from './flags.ts';

const USAGE = `usage: npm run demo -- [--keep]

Seals env files, starts commands with them, and shows refusals.

  --keep   leaves the S3 server running, on 127.0.0.1, and prints commands to try on it;
           ends after ${KEEP_MS / 60_000} minutes or with Ctrl-C`;

const { keep } = readFlags(USAGE, { keep: { type: 'boolean' } });

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const fullProgram = [process.execPath, `${dist}/envseal.mjs`];
const executable = `${dist}/envseal`;
/** What starts commands: the container executable, or where cargo has not built it the full program. */
const starter = existsSync(executable) ? [executable] : fullProgram;
const password = 'p#ss w"rd$HOME';
const source = 's3://snacks/dev/env';

/** The value is compared, not printed: a demo should not teach to print passwords. */
const application = [
  'sh',
  '-c',
  `echo "pid $$: DB_HOST=$DB_HOST, DB_PASSWORD has \${#DB_PASSWORD} characters, $(printf %s "$DB_PASSWORD" | sha256sum | cut -c1-12)"`,
];

const folder = mkdtempSync(join(tmpdir(), 'envseal-demo-'));
const PATH = '/usr/local/bin:/usr/bin:/bin';

say(`Commands are started by dist/${starter === fullProgram ? 'envseal.mjs, on Node' : 'envseal'}`);
try {
  await withoutCloud();
  await using s3 = await startS3();
  const environment = await withS3(s3);
  if (keep) await keepRunning(s3, environment);
  else sayNext();
} finally {
  rmSync(folder, { recursive: true });
}

async function withoutCloud(): Promise<void> {
  say('Without a cloud: an age key, and a file that can be committed to git');
  const environment = { PATH, HOME: folder };
  print('$ envseal keygen --out age.key');
  const recipient = run(fullProgram, ['keygen', '--out', 'age.key'], environment).stdout.trim();
  print(recipient);
  const sealed = await sealSops(
    [
      ['DB_HOST', 'db.internal'],
      ['DB_PASSWORD', password],
    ],
    {
      format: 'dotenv',
      keys: [{ kind: 'age', key: recipient }],
      wrap: (dataKey, { key }) => wrapForAge(dataKey, key),
      now: new Date(),
    },
  );
  writeFileSync(join(folder, 'app.env.sealed'), sealed);
  print('app.env.sealed, as sops would write it:');
  for (const line of readFileSync(join(folder, 'app.env.sealed'), 'utf8').split('\n').slice(0, 2))
    print(`  ${line.slice(0, 96)}…`);
  const args = ['run', '--source', './app.env.sealed', '--', ...application];
  show('A command that is started with it', args, { ...environment, SOPS_AGE_KEY_FILE: 'age.key' });
  show('The same without the key', args, environment);
}

/** Returns what a container would be given. */
async function withS3(s3: S3Server): Promise<Environment> {
  const variables = {
    ENVSEAL_SOURCE: source,
    ENVSEAL_KMS_KEY: kmsKeyArn(),
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: ACCESS_KEY_ID,
    AWS_SECRET_ACCESS_KEY: SECRET_ACCESS_KEY,
    AWS_ENDPOINT_URL_S3: s3.url,
  };
  const environment = { PATH, HOME: folder, ...variables };
  await seal(s3);
  show('A command that is started with it', ['run', '--', ...application], environment);
  proveNothingElse(environment);
  await refuseUnsealed(s3, environment);
  refuseOtherKey(environment);
  return variables;
}

function sayNext(): void {
  say('Next: keep this S3 server running, with commands to try on it');
  print('npm run demo -- --keep');
  say('Or build the image, for a container of your own');
  print('npm run image');
}

async function keepRunning(s3: S3Server, variables: Environment): Promise<void> {
  // Before it says how to stop it.
  const stopped = untilStopped(s3, KEEP_MS);
  say(`The S3 server is still running, at ${s3.url}. In another terminal, paste:`);
  for (const line of setUp(fullProgram, variables)) print(line);
  say('Then try, one after the other:');
  for (const command of TO_TRY) print(command);
  say(`To stop the server: Ctrl-C here. It stops by itself in ${KEEP_MS / 60_000} minutes.`);
  await stopped;
  await s3.stop();
  say('The S3 server has stopped');
}

type Environment = Readonly<Record<string, string>>;

async function seal(s3: S3Server): Promise<void> {
  const file = `# database of the snack shop\nDB_HOST=db.internal\nDB_PASSWORD='${password}'\n`;
  await s3.put('snacks', 'dev/env', file, { sse: 'aws:kms', kmsKeyId: kmsKeyArn() });
  const stored = await s3.stored('snacks', 'dev/env');
  say(`With S3: an env file in ${source}, sealed with ${kmsKeyArn()}`);
  const text = JSON.stringify(stored);
  print(`DB_PASSWORD is ${password.length} characters, ${sha256(password)}`);
  print(`the password is ${text.includes(password) ? '' : 'not '}in what the server keeps`);
}

function proveNothingElse(environment: Environment): void {
  const before = readdirSync(folder).length;
  const { stdout, stderr } = run(starter, ['run', '--', 'true'], environment);
  say('What else there is to see of it');
  print(
    `on stdout ${stdout.length} bytes, on stderr ${stderr.length} bytes, files written: ${readdirSync(folder).length - before}`,
  );
  const settings = JSON.stringify(environment);
  print(
    `the password is ${settings.includes(password) ? '' : 'not '}in what the container is configured with`,
  );
}

async function refuseUnsealed(s3: S3Server, environment: Environment): Promise<void> {
  await s3.put('snacks', 'dev/plain', 'DB_HOST=db.internal\n', { sse: 'AES256' });
  const args = ['run', '--source', 's3://snacks/dev/plain', '--', ...application];
  show('A file that no KMS key seals: the command does not start', args, environment);
}

function refuseOtherKey(environment: Environment): void {
  const args = ['run', '--kms-key', '1111aaaa-22bb-33cc-44dd-5555eeee6666', '--', ...application];
  show('A file sealed with another key than the pinned one', args, environment);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

function show(title: string, args: readonly string[], environment: Environment): void {
  say(title);
  const shown = args.slice(0, args.indexOf('--'));
  const variables = Object.entries(environment).filter(([name]) => /^(ENVSEAL_SOURCE|SOPS_)/.test(name));
  const given = variables.map(([name, value]) => `${name}=${value} `).join('');
  print(`$ ${given}envseal ${shown.join(' ')} -- sh -c 'echo …'`);
  const start = performance.now();
  const { stdout, stderr, exitCode } = run(starter, args, environment);
  const ms = (performance.now() - start).toFixed(0);
  for (const line of `${stdout}${stderr}`.trimEnd().split('\n')) print(line);
  print(`exit ${exitCode}, ${ms} ms in all`);
}

function run([file = '', ...words]: readonly string[], args: readonly string[], environment: Environment) {
  const options = { env: environment, extendEnv: false, cwd: folder, reject: false } as const;
  return execaSync(file, [...words, ...args], { ...options, stripFinalNewline: false });
}

function say(title: string): void {
  console.log(`\n${title}`);
}

function print(line: string): void {
  console.log(`  ${line}`);
}
