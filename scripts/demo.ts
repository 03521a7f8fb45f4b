/**
 * `npm run demo`: a sealed env file, a command that gets it, and two that do not. Everything is real but the cloud: an
 * S3 server of our own on 127.0.0.1 that checks signatures and encrypts under a KMS key.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ACCESS_KEY_ID, kmsKeyArn, SECRET_ACCESS_KEY, startS3 } from '../test/servers/start.ts';

const envseal = fileURLToPath(new URL('../dist/envseal', import.meta.url));
const password = 'p#ss w"rd$HOME';
const source = 's3://snacks/dev/env';

/** The value is compared, not printed: a demo should not teach to print passwords. */
const application = [
  'sh',
  '-c',
  `echo "pid $$: DB_HOST=$DB_HOST, DB_PASSWORD has \${#DB_PASSWORD} characters, $(printf %s "$DB_PASSWORD" | sha256sum | cut -c1-12)"`,
];

await using s3 = await startS3();
const folder = mkdtempSync(join(tmpdir(), 'envseal-demo-'));

/** What a container would be given. */
const environment = {
  PATH: '/usr/local/bin:/usr/bin:/bin',
  HOME: folder,
  ENVSEAL_SOURCE: source,
  ENVSEAL_KMS_KEY: kmsKeyArn(),
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: ACCESS_KEY_ID,
  AWS_SECRET_ACCESS_KEY: SECRET_ACCESS_KEY,
  AWS_ENDPOINT_URL_S3: s3.url,
};

try {
  await seal();
  show('A command that is started with it', ['run', '--', ...application]);
  proveNothingElse();
  await refuseUnsealed();
  refuseOtherKey();
} finally {
  rmSync(folder, { recursive: true });
}

async function seal(): Promise<void> {
  const file = `# database of the snack shop\nDB_HOST=db.internal\nDB_PASSWORD='${password}'\n`;
  await s3.put('snacks', 'dev/env', file, { sse: 'aws:kms', kmsKeyId: kmsKeyArn() });
  const stored = await s3.stored('snacks', 'dev/env');
  say(`An env file in ${source}, sealed with ${kmsKeyArn()}`);
  const text = JSON.stringify(stored);
  print(`DB_PASSWORD is ${password.length} characters, ${sha256(password)}`);
  print(`the password is ${text.includes(password) ? '' : 'not '}in what the server keeps`);
}

function proveNothingElse(): void {
  const { stdout, stderr } = spawnSync(envseal, ['run', '--', 'true'], { env: environment, cwd: folder });
  say('What else there is to see of it');
  print(
    `on stdout ${stdout.length} bytes, on stderr ${stderr.length} bytes, files written: ${readdirSync(folder).length}`,
  );
  const settings = JSON.stringify(environment);
  print(
    `the password is ${settings.includes(password) ? '' : 'not '}in what the container is configured with`,
  );
}

async function refuseUnsealed(): Promise<void> {
  await s3.put('snacks', 'dev/plain', 'DB_HOST=db.internal\n', { sse: 'AES256' });
  show('A file that no KMS key seals: the command does not start', [
    'run',
    '--source',
    's3://snacks/dev/plain',
    '--',
    ...application,
  ]);
}

function refuseOtherKey(): void {
  show('A file sealed with another key than the pinned one', [
    'run',
    '--kms-key',
    '1111aaaa-22bb-33cc-44dd-5555eeee6666',
    '--',
    ...application,
  ]);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

function show(title: string, args: readonly string[]): void {
  say(title);
  const shown = args.slice(0, args.indexOf('--'));
  print(`$ ENVSEAL_SOURCE=${source} envseal ${shown.join(' ')} -- sh -c 'echo …'`);
  const start = performance.now();
  const { stdout, stderr, status } = spawnSync(envseal, args, {
    env: environment,
    cwd: folder,
    encoding: 'utf8',
  });
  const ms = (performance.now() - start).toFixed(0);
  for (const line of `${stdout}${stderr}`.trimEnd().split('\n')) print(line);
  print(`exit ${status}, ${ms} ms in all`);
}

function say(title: string): void {
  console.log(`\n${title}`);
}

function print(line: string): void {
  console.log(`  ${line}`);
}
