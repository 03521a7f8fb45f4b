/** Run by `bench.ts` in Bun: measures, in turns, so that what disturbs the machine disturbs all alike. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { wrapForAge } from '../src/keys/age.ts';
import { ACCESS_KEY_ID, kmsKeyArn, SECRET_ACCESS_KEY } from '../test/servers/aws/defaults.ts';
import type { ProgramName } from './programs.ts';
import { sealVariables } from './sealed.ts';
import { run, start } from './spawn.ts';

const programs = JSON.parse(process.argv[2] as string) as Record<ProgramName, string>;
const rounds = Number(process.argv[3] ?? 200);
const envseal = fileURLToPath(new URL('../dist/envseal', import.meta.url));

const server = spawn(process.execPath, [fileURLToPath(new URL('server.ts', import.meta.url))], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const lines = createInterface(server.stdout)[Symbol.asyncIterator]();
const url = (await lines.next()).value as string;

/** What a container that gets keys from its environment has. */
const ENV = {
  PATH: '/usr/bin:/bin',
  AWS_ACCESS_KEY_ID: ACCESS_KEY_ID,
  AWS_SECRET_ACCESS_KEY: SECRET_ACCESS_KEY,
  AWS_REGION: 'us-east-1',
  AWS_ENDPOINT_URL_S3: url,
  AWS_ENDPOINT_URL_KMS: url,
};

const folder = mkdtempSync(join(tmpdir(), 'envseal-bench-'));
const identity = await generateX25519Identity();
for (const count of [1, 100]) writeFileSync(join(folder, `age-${count}`), await sealForAge(count));

/** What a workload of Google Cloud has, and who has an age key. */
const OTHER_ENV = {
  PATH: ENV.PATH,
  GCE_METADATA_HOST: new URL(url).host,
  CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: url,
  SOPS_AGE_KEY: identity,
};

async function sealForAge(count: number): Promise<Uint8Array> {
  const key = await identityToRecipient(identity);
  return await sealVariables(count, { kind: 'age', key }, (dataKey) => wrapForAge(dataKey, key));
}

const sources = (key: string, count: number) =>
  Array.from({ length: count }, () => ['-s', `s3://snacks/${key}`]).flat();
const CASES: Readonly<Record<string, readonly string[]>> = {
  true: ['/bin/true'],
  empty: [programs.empty],
  ours: [programs.ours],
  envseal: [envseal, 'run', ...sources('one', 1), '--', '/bin/true'],
  sdk: [programs.sdk],
  signer: [programs.signer],
  ten: [envseal, 'run', ...sources('one', 10), '--', '/bin/true'],
  many: [envseal, 'run', ...sources('many', 1), '--', '/bin/true'],
  sops: [envseal, 'run', ...sources('sops', 1), '--', '/bin/true'],
};
const events = new URL(url).host;
const SINKS = {
  hook: [`${url}/hook`],
  five: [
    `${url}/hook`,
    `splunk+http://${events}`,
    `otlp+http://${events}`,
    `file://${join(folder, 'events')}`,
    'syslog+udp://127.0.0.1:9',
  ],
  hang: [`${url}/hang`],
} as const;
const EVENT_ENV = {
  ...ENV,
  ENVSEAL_WEBHOOK_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  ENVSEAL_SPLUNK_TOKEN: 'token',
};
const withSinks = (name: keyof typeof SINKS, ...flags: string[]) => [
  envseal,
  'run',
  ...sources('one', 1),
  ...SINKS[name].flatMap((uri) => ['--event-sink', uri]),
  ...flags,
  '--',
  '/bin/true',
];
const EVENT_CASES: Readonly<Record<string, readonly string[]>> = {
  hook: withSinks('hook'),
  five: withSinks('five'),
  background: withSinks('hook', '--event-policy', 'background'),
};
const OTHER_CASES: Readonly<Record<string, readonly string[]>> = {
  gs: [envseal, 'run', '-s', 'gs://snacks/one', '--', '/bin/true'],
  age: [envseal, 'run', '-s', join(folder, 'age-1'), '--', '/bin/true'],
  age100: [envseal, 'run', '-s', join(folder, 'age-100'), '--', '/bin/true'],
};

/** What is compared takes turns; what is not would only cool the caches in between. */
const GROUPS = [
  ['true', 'empty', 'ours', 'envseal'],
  ['envseal', 'signer', 'sdk'],
  ['envseal', 'ten', 'many'],
  ['envseal', 'gs', 'sops', 'age', 'age100'],
  ['envseal', 'hook', 'five'],
  ['envseal', 'background'],
] as const;

const before = await requestCount();
run(CASES.envseal as string[], ENV);
const requests = (await requestCount()) - before;
const results: Record<string, number>[] = [];
for (const group of GROUPS) results.push(await measureInTurns(group));
const memoryMiB = peakMemory(CASES.envseal as string[], ENV);
const sealedMiB = Math.max(
  ...Object.values(OTHER_CASES).map((words) => peakMemory(words, OTHER_ENV)),
  peakMemory(CASES.sops as string[], ENV),
);
const hangMs = run(withSinks('hang', '--event-timeout', '1'), EVENT_ENV).wallMs;
const after = await afterHandOver();
server.stdin.end();
rmSync(folder, { recursive: true });
const crowd = await throttledCrowd();
print();

async function measureInTurns(names: readonly string[]): Promise<Record<string, number>> {
  const wallMs: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -10; round < rounds; round++) {
    for (const name of names) {
      const before = name === 'background' ? await requestCount() : 0;
      const measured = runCase(name);
      // The next one is not to share the machine with a delivery.
      while (name === 'background' && (await requestCount()) < before + 2);
      if (measured.status !== 0) throw new Error(`${name} ended with ${measured.status}`);
      // The first rounds fill the page cache.
      if (round >= 0) wallMs[name]?.push(measured.wallMs);
    }
  }
  return Object.fromEntries(Object.entries(wallMs).map(([name, values]) => [name, median(values)]));
}

function runCase(name: string) {
  const [words, env] =
    CASES[name] !== undefined
      ? [CASES[name], ENV]
      : EVENT_CASES[name] !== undefined
        ? [EVENT_CASES[name], EVENT_ENV]
        : [OTHER_CASES[name] as readonly string[], OTHER_ENV];
  return run(words, env);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

async function requestCount(): Promise<number> {
  server.stdin.write('\n');
  return Number((await lines.next()).value);
}

function peakMemory(words: readonly string[], env: Readonly<Record<string, string>>): number {
  const once = () => Number(execFileSync(programs.memory, words, { env, encoding: 'utf8' }));
  return Array.from({ length: 20 }, once).sort((a, b) => a - b)[10] as number;
}

/** The command's pid is the one that was started, and it has no other process with it. */
async function afterHandOver(): Promise<string> {
  const child: ChildProcess = spawn(envseal, ['run', ...sources('one', 1), '--', 'sleep', '60'], {
    env: ENV,
    stdio: 'ignore',
  });
  const name = () => readFileSync(`/proc/${child.pid}/comm`, 'utf8').trim();
  const deadline = performance.now() + 10_000;
  while (name() !== 'sleep' && performance.now() < deadline)
    await new Promise((resolve) => setImmediate(resolve));
  const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim();
  const threads = /^Threads:\s*(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
  child.kill('SIGKILL');
  await once(child, 'exit');
  return `same pid, ${threads} thread, ${children === '' ? 'no' : children} children`;
}

/** 200 starts at once against the test server, which answers a third of the requests with 503 SlowDown. */
async function throttledCrowd(): Promise<{ succeeded: number; requests: number; wallMs: number }> {
  const { startS3 } = await import('../test/servers/start.ts');
  await using s3 = await startS3();
  await s3.put('snacks', 'one', 'VARIABLE=value\n', { sse: 'aws:kms', kmsKeyId: kmsKeyArn() });
  await s3.throttleOneIn(3);
  const env = { ...ENV, AWS_ENDPOINT_URL_S3: s3.url };
  const begin = performance.now();
  const started = Array.from({ length: 200 }, () => start(CASES.envseal as string[], env));
  const succeeded = started.map((one) => one.finish()).filter(({ status }) => status === 0).length;
  return { succeeded, requests: (await s3.requests()).length, wallMs: performance.now() - begin };
}

function print(): void {
  const groupOf = (...names: string[]) => results.find((group) => names.every((name) => name in group)) ?? {};
  const ms = (name: string) => `${(groupOf(name)[name] as number).toFixed(1)} ms`;
  const pair = (a: string, b: string) => [groupOf(a, b)[a] as number, groupOf(a, b)[b] as number] as const;
  const ratio = (a: string, b: string) => `${(pair(a, b)[0] / pair(a, b)[1]).toFixed(2)}×`;
  const more = (a: string, b: string) => `${(pair(a, b)[0] - pair(a, b)[1]).toFixed(1)} ms`;
  const rows = [
    ['`/bin/true`', ms('true'), '', ''],
    ['empty program, `bun build --compile --bytecode`', ms('empty'), '', ''],
    ['empty program, made as envseal is made', ms('ours'), '', ''],
    [
      '`envseal run s3://… -- /bin/true`',
      ms('envseal'),
      `${ratio('envseal', 'empty')} and ${ratio('envseal', 'ours')} of these`,
      '2.5×',
    ],
    [
      'the same with `@smithy/signature-v4` and `fetch`, without the checks',
      ms('signer'),
      `${ratio('envseal', 'signer')}`,
      '',
    ],
    [
      'the same with `@aws-sdk/client-s3`, without the checks',
      ms('sdk'),
      `envseal takes ${ratio('envseal', 'sdk')} of it`,
      '0.4×',
    ],
    ['10 sources', ms('ten'), `${ratio('ten', 'envseal')} of one`, '1.6×'],
    ['5,000 variables of 100 bytes', ms('many'), `${more('many', 'envseal')} more than one`, '10 ms'],
    ['`gs://`, token of the metadata server', ms('gs'), `${ratio('gs', 'envseal')} of S3`, '1.3×'],
    ['SOPS in S3, 100 values under AWS KMS', ms('sops'), `${ratio('sops', 'envseal')} of S3`, '1.5×'],
    ['SOPS in a local file, one value under age', ms('age'), `${ratio('age', 'envseal')} of S3`, '1.3×'],
    ['the same with 100 values', ms('age100'), `${ratio('age100', 'envseal')} of S3`, ''],
    ['with one webhook', ms('hook'), `${ratio('hook', 'envseal')} of none`, '1.25×'],
    [
      'with five sinks: webhook, Splunk, OTLP, file, syslog',
      ms('five'),
      `${ratio('five', 'envseal')} of none`,
      '1.4×',
    ],
    [
      'with one webhook in the background',
      ms('background'),
      `${ratio('background', 'envseal')} of none`,
      '1.15×',
    ],
    ['with a sink that never answers, `--event-timeout 1`', `${hangMs.toFixed(0)} ms`, '', 'start + 1 s'],
    ['peak memory of a start', `${memoryMiB.toFixed(0)} MiB`, '', '45 MiB'],
    ['the most of `gs://` and SOPS', `${sealedMiB.toFixed(0)} MiB`, '', '50 MiB'],
    ['HTTP requests of a start', String(requests), '', '1'],
    ['after the hand-over', after, '', 'nothing of ours'],
    [
      '200 starts at once, a third of the requests throttled',
      `${crowd.succeeded} succeeded in ${(crowd.wallMs / 1000).toFixed(1)} s`,
      `${(crowd.requests / 200).toFixed(2)} requests a start`,
      'all, below 2',
    ],
  ];
  console.log(
    `${cpus().length} × ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB; medians of ${rounds} rounds\n`,
  );
  console.log('| | median | ratio | at most |\n|---|---|---|---|');
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
}
