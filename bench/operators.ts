/** What the commands for files cost beside the bare requests of the AWS SDK in the same runtime, in turns. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  ACCESS_KEY_ID,
  kmsKeyArn,
  type S3Server,
  SECRET_ACCESS_KEY,
  startS3,
} from '../test/servers/start.ts';
import type { ProgramName } from './programs.ts';

const envseal = fileURLToPath(new URL('../dist/envseal', import.meta.url));
const KMS_KEY = kmsKeyArn();
const SEALED = { sse: 'aws:kms', kmsKeyId: KMS_KEY } as const;
const ROTATED_FILES = 500;
/** One page of S3's listing. */
const LISTED_FILES = 1000;

interface Case {
  readonly title: string;
  readonly words: readonly string[];
  readonly bare: readonly string[];
  readonly rounds: number;
  readonly limit: string;
  readonly input: (round: number) => string;
}

export async function measureOperators(programs: Readonly<Record<ProgramName, string>>): Promise<void> {
  await using s3 = await startS3();
  await s3.bucket('snacks', { versioning: 'Enabled' });
  await fill(s3, 'rotate', ROTATED_FILES);
  await fill(s3, 'list', LISTED_FILES);
  const cases: readonly Case[] = [
    {
      title: '`push` of 100 variables, against one PutObject',
      words: [envseal, 'push', '--kms-key', KMS_KEY, '-', 's3://snacks/push'],
      bare: [programs.put],
      rounds: 60,
      limit: '1.5×',
      input: variables,
    },
    {
      title: `\`rotate\` of ${ROTATED_FILES} files, 16 at a time, against GetObject and PutObject of each`,
      words: [envseal, 'rotate', '--jobs', '16', 's3://snacks/rotate/'],
      bare: [programs.reseal],
      rounds: 5,
      limit: '1.3×',
      input: () => '',
    },
    {
      title: `\`list\` of ${LISTED_FILES} files, against one listing and HeadObject of each`,
      words: [envseal, 'list', 's3://snacks/list/'],
      bare: [programs.look],
      rounds: 5,
      limit: 'the same requests',
      input: () => '',
    },
  ];
  console.log('\n| | median | bare requests | ratio | requests | at most |\n|---|---|---|---|---|---|');
  for (const one of cases) console.log(await measure(one, s3));
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
    const oursMs = run(words, input(round), s3);
    requests = (await s3.requests()).length - before;
    const theirsMs = run(bare, input(round), s3);
    // The first rounds fill the page cache.
    if (round >= 0) {
      ours.push(oursMs);
      theirs.push(theirsMs);
    }
  }
  const ratio = (median(ours) / median(theirs)).toFixed(2);
  return `| ${title} | ${median(ours).toFixed(1)} ms | ${median(theirs).toFixed(1)} ms | ${ratio}× | ${requests} | ${limit} |`;
}

function run([file = '', ...args]: readonly string[], input: string, s3: S3Server): number {
  const env = {
    PATH: '/usr/bin:/bin',
    AWS_ACCESS_KEY_ID: ACCESS_KEY_ID,
    AWS_SECRET_ACCESS_KEY: SECRET_ACCESS_KEY,
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL_S3: s3.url,
    KMS_KEY,
  };
  const begin = performance.now();
  const { status, stderr } = spawnSync(file, args, { env, input, maxBuffer: 64 * 1024 * 1024 });
  if (status !== 0) throw new Error(`${file} ended with ${status}: ${stderr}`);
  return performance.now() - begin;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}
