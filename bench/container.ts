/**
 * `node bench/container.ts [ROUNDS]`, as root with podman: what a container's start costs with envseal as its ENTRYPOINT,
 * against the same image, command and engine without it. Cold: none of envseal's own files is in the page cache, as in the
 * first container of a node that just pulled the image. What it costs warm is less than the engine's own noise, so it is
 * measured over many starts inside of one container. Prints a table.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { buildImages } from '../test/container/images.ts';
import { startSources } from '../test/container/sources.ts';

const rounds = Number(process.argv[2] ?? 15);
const KINDS = {
  debian: 'executable, Debian',
  empty: 'executable, empty root',
  node: 'bundle on Node',
} as const;
type Kind = keyof typeof KINDS;
/** Where envseal's files are in each image. */
const FILES: Readonly<Record<Kind, readonly string[]>> = {
  debian: ['usr/local/bin/envseal'],
  empty: ['usr/local/bin/envseal'],
  node: ['usr/local/lib/envseal', 'usr/local/bin/node'],
};
/** Starts in one container, and such containers. */
const [STARTS, LOOP_ROUNDS] = [100, 5];
const COMMAND = ['/bin/sh', '-c', ':'];

const [sources, images] = await Promise.all([
  startSources('value'),
  buildImages(Object.keys(KINDS) as Kind[]),
]);
try {
  console.log(
    `${cpus().length} × ${cpus()[0]?.model}; medians of ${rounds} rounds of \`podman run\`, in turns\n`,
  );
  console.log('| image | `podman run` without envseal | with it, warm | cold | envseal alone, warm | cold |');
  console.log('|---|---|---|---|---|---|');
  for (const kind of Object.keys(KINDS) as Kind[])
    console.log(`| ${row(kind, await measure(kind)).join(' | ')} |`);
} finally {
  await images[Symbol.asyncDispose]();
  await sources[Symbol.asyncDispose]();
}

interface Times {
  readonly bare: number[];
  readonly warm: number[];
  readonly cold: number[];
  /** The times of one startup among many in one container. */
  readonly inside: number[];
}

async function measure(kind: Kind): Promise<Times> {
  const times: Times = { bare: [], warm: [], cold: [], inside: [] };
  const image = images.app[kind];
  const variables = Object.entries(sources.variables.S3).map(([name, value]) => `--env=${name}=${value}`);
  const start = ['run', '--rm', '--network=host', ...variables];
  const root = (await images.podman.run('image', 'mount', image)).trim();
  const time = async (args: readonly string[]) => {
    const began = performance.now();
    await images.podman.run(...start, ...args);
    return performance.now() - began;
  };
  for (let round = -1; round < rounds; round++) {
    // Without its ENTRYPOINT.
    const bare = await time(['--entrypoint=/bin/sh', image, ...COMMAND.slice(1)]);
    const warm = await time([image, ...COMMAND]);
    for (const path of FILES[kind]) evict(join(root, path));
    const cold = await time([image, ...COMMAND]);
    if (round < 0) continue;
    times.bare.push(bare);
    times.warm.push(warm);
    times.cold.push(cold);
  }
  for (let round = 0; round < LOOP_ROUNDS; round++) {
    const loop = (words: string) => time(['--entrypoint=/bin/sh', image, '-c', repeat(words)]);
    const without = await loop(shellWords(COMMAND));
    const withIt = await loop(shellWords(['envseal', 'run', '--', ...COMMAND]));
    times.inside.push((withIt - without) / STARTS);
  }
  await images.podman.run('image', 'unmount', image);
  return times;
}

function repeat(words: string): string {
  return `i=0; while [ $i -lt ${STARTS} ]; do ${words}; i=$((i+1)); done`;
}

function shellWords(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(' ');
}

/**
 * dd advises the kernel that it will not need the file again.
 * https://www.gnu.org/software/coreutils/dd#nocache
 */
function evict(path: string): void {
  const files = execFileSync('find', [path, '-type', 'f'], { encoding: 'utf8' }).trim().split('\n');
  for (const file of files) spawnSync('dd', [`if=${file}`, 'iflag=nocache', 'count=0', 'status=none']);
}

function row(kind: Kind, { bare, warm, cold, inside }: Times): string[] {
  const ms = (value: number, digits = 0) => `${value.toFixed(digits)} ms`;
  const moreWhenCold = median(cold.map((time, round) => time - (bare[round] as number)));
  const runs = [bare, warm, cold].map((times) => ms(median(times)));
  return [`${kind}: ${KINDS[kind]}`, ...runs, ms(median(inside), 1), ms(moreWhenCold)];
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}
