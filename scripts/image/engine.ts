/** Docker or podman: which of them builds images on this machine, and with which arguments. */
import { spawnSync } from 'node:child_process';
import { type Commit, imageArguments } from '../release/commit.ts';
import type { Image } from '../release/image-roots.ts';

/** In the order in which they are tried. */
export const ENGINES = ['docker', 'podman'] as const;
export type Engine = (typeof ENGINES)[number];

/** For an engine on another machine that does not answer. */
const TIMEOUT_MS = 30_000;
/** Debian's and Ubuntu's. */
const PACKAGES: Readonly<Record<Engine, string>> = { docker: 'docker.io', podman: 'podman' };
const NOT_INSTALLED = 'is not installed';

export interface Choice {
  readonly engine: Engine;
  /** Why not the one before it; empty for the first. */
  readonly because: string;
}

/** The first of the candidates that works, or one line that says why none does and what to do. */
export function chooseEngine(candidates: readonly Engine[]): Choice | string {
  const problems: string[] = [];
  const missing: Engine[] = [];
  for (const engine of candidates) {
    const problem = problemOf(engine);
    if (problem === undefined) return { engine, because: problems.join('; ') };
    problems.push(`${engine} ${problem}`);
    if (problem === NOT_INSTALLED) missing.push(engine);
  }
  const repair = missing.length < candidates.length ? ['repair that'] : [];
  const install = missing
    .slice(-1)
    .map((engine) => `on Debian or Ubuntu: apt-get install ${PACKAGES[engine]}`);
  return `no image is built: ${problems.join('; ')} (${[...repair, ...install].join(', or ')})`;
}

/** `undefined` if it works. The client alone is not enough: `version` also asks the daemon, where there is one. */
function problemOf(engine: Engine): string | undefined {
  const { error, status, stderr } = spawnSync(engine, ['version'], { encoding: 'utf8', timeout: TIMEOUT_MS });
  if (error !== undefined && 'code' in error && error.code === 'ENOENT') return NOT_INSTALLED;
  if (error === undefined && status === 0) return undefined;
  // The first sentence of the last line: there can be warnings before it, and advice behind.
  const said = stderr?.trim().split('\n').at(-1)?.split('. ')[0];
  return `does not work: ${error?.message ?? (said || `exit ${status}`)}`;
}

/** `envseal` is the one without a suffix. The last is what people type. */
export function tagsOf(image: Image, version: string): string[] {
  return image === 'envseal'
    ? [`envseal:${version}`, 'envseal:latest']
    : [`envseal:${version}-${image}`, `envseal:${image}`];
}

/**
 * What builds an image for this machine. Docker's are labelled in the same way, but two builds differ: only podman takes
 * fixed times and annotations here. TARGETARCH is also given to Docker because its older builder does not set it.
 */
export function buildArguments(
  engine: Engine,
  image: Image,
  { arch, commit, file, context }: { arch: string; commit: Commit; file: string; context: string },
): string[] {
  const about = imageArguments(commit);
  const particular =
    engine === 'podman'
      ? [`--platform=linux/${arch}`, ...about]
      : [`--build-arg=TARGETARCH=${arch}`, ...about.filter((flag) => flag.startsWith('--label='))];
  const tags = tagsOf(image, commit.version).map((tag) => `--tag=${tag}`);
  return ['build', `--target=${image}`, ...tags, ...particular, `--file=${file}`, context];
}
