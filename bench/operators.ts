/**
 * The cost of the commands for files, in turns with the bare requests of the AWS SDK in the same runtime,
 * Node.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import {
  ACCESS_KEY_ID,
  kmsKeyArn,
  type S3Server,
  SECRET_ACCESS_KEY,
  startS3,
} from '../test/servers/start.ts';
import { NODE, ROOT } from './paths.ts';
import { bundleSdkProgram } from './sdk/programs.ts';
import { median } from './statistics.ts';

const ENVSEAL = [NODE, `${ROOT}dist/envseal.mjs`];
const KMS_KEY = kmsKeyArn();
const SEALED = { sse: 'aws:kms', kmsKeyId: KMS_KEY } as const;
const ROTATED_FILES = 500;
/** One page of S3's listing. */
const LISTED_FILES = 1000;

const TIMEOUT_MS = 60_000;

interface Case {
  readonly title: string;
  readonly words: readonly string[];
  readonly bare: readonly string[];
  readonly rounds: number;
  readonly limit: string;
  readonly input: (round: number) => string;
}

/** Takes about a minute. */
export async function measureOperators(): Promise<string> {
  const [put, reseal, look] = await Promise.all((['put', 'reseal', 'look'] as const).map(bundleSdkProgram));
  await using s3 = await startS3();
  await s3.bucket('snacks', { versioning: 'Enabled' });
  await fill(s3, 'rotate', ROTATED_FILES);
  await fill(s3, 'list', LISTED_FILES);
  const cases: readonly Case[] = [
    {
      title: '`push` of 100 variables, against one PutObject',
      words: [...ENVSEAL, 'push', '--kms-key', KMS_KEY, '-', 's3://snacks/push'],
      bare: [NODE, put as string],
      rounds: 30,
      limit: '1.5×',
      input: variables,
    },
    {
      title: `\`rotate\` of ${ROTATED_FILES} files, 16 at a time, against GetObject and PutObject of each`,
      words: [...ENVSEAL, 'rotate', '--jobs', '16', 's3://snacks/rotate/'],
      bare: [NODE, reseal as string],
      rounds: 3,
      limit: '1.3×',
      input: () => '',
    },
    {
      title: `\`list\` of ${LISTED_FILES} files, against one listing and HeadObject of each`,
      words: [...ENVSEAL, 'list', 's3://snacks/list/'],
      bare: [NODE, look as string],
      rounds: 3,
      limit: 'the same requests',
      input: () => '',
    },
  ];
  const rows = ['| | median | bare requests | ratio | requests | at most |', '|---|---|---|---|---|---|'];
  for (const one of cases) rows.push(await measure(one, s3));
  return rows.join('\n');
}

async function fill(s3: S3Server, folder: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await s3.put('snacks', `${folder}/${String(i).padStart(4, '0')}`, variables(i), SEALED);
  }
}

function variables(round: number): string {
  return Array.from({ length: 100 }, (_, i) => `VARIABLE_${i}=value-${round}-${i}\n`).join('');
}

async function measure({ title, words, bare, rounds, limit, input }: Case, s3: S3Server): Promise<string> {
  const [ours, theirs]: [number[], number[]] = [[], []];
  let requests = 0;
  for (let round = -2; round < rounds; round++) {
    const before = (await s3.requests()).length;
    const oursMs = await run(words, input(round), s3);
    requests = (await s3.requests()).length - before;
    const theirsMs = await run(bare, input(round), s3);
    // The first rounds fill the page cache.
    if (round >= 0) {
      ours.push(oursMs);
      theirs.push(theirsMs);
    }
  }
  const ratio = (median(ours) / median(theirs)).toFixed(2);
  return `| ${title} | ${median(ours).toFixed(1)} ms | ${median(theirs).toFixed(1)} ms | ${ratio}× | ${requests} | ${limit} |`;
}

/** Leaves the event loop free: the connections to the server are seen to end. */
async function run([file = '', ...args]: readonly string[], input: string, s3: S3Server): Promise<number> {
  const env = {
    PATH: '/usr/bin:/bin',
    AWS_ACCESS_KEY_ID: ACCESS_KEY_ID,
    AWS_SECRET_ACCESS_KEY: SECRET_ACCESS_KEY,
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL_S3: s3.url,
    KMS_KEY,
  };
  const begin = performance.now();
  const child = spawn(file, args, { env, stdio: ['pipe', 'ignore', 'pipe'], timeout: TIMEOUT_MS });
  child.stdin.on('error', () => {}).end(input);
  const [[status], stderr] = await Promise.all([once(child, 'close'), text(child.stderr)]);
  const wallMs = performance.now() - begin;
  if (status !== 0) throw new Error(`${args[0]} exited with ${status}: ${stderr}`);
  return wallMs;
}
