/**
 * `npm run image`: the image `envseal`, for this machine, built with Docker or podman; with `--cli` also `envseal:cli`.
 * It fills dist/image, the context of docker/Dockerfile. `--all` fills it for both architectures and prints the commands
 * that build the images of a release: podman's have the same digest for the same commit.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ARCHS, type Arch } from './build/executable.ts';
import { failUsage, readFlags } from './flags.ts';
import { buildArguments, chooseEngine, ENGINES, type Engine, tagsOf } from './image/engine.ts';
import { commitOf, imageArguments } from './release/commit.ts';
import { buildFreshCopy } from './release/fresh-copy.ts';
import { IMAGE_ARCHS, IMAGES, type Image, makeImageRoot } from './release/image-roots.ts';
import { executableOf } from './release/make.ts';

const USAGE = `usage: npm run image -- [--cli] [--engine docker|podman]
       npm run image -- --all

Builds the image envseal: one file, for COPY --from=envseal / /

  --cli            also builds envseal:cli, the full program on Node, from node:26-slim
  --engine ENGINE  docker or podman; by default docker if it works, else podman
  --all            builds no image: fills dist/image for amd64 and arm64, and prints
                   the commands that build the images of a release`;

const root = fileURLToPath(new URL('..', import.meta.url));
const context = `${root}dist/image`;
const flags = readFlags(USAGE, {
  all: { type: 'boolean' },
  cli: { type: 'boolean' },
  engine: { type: 'string' },
});
const candidates = ENGINES.filter((engine) => engine === (flags.engine ?? engine));
if (candidates.length === 0) failUsage(USAGE, `--engine is docker or podman, not '${flags.engine}'`);
if (flags.all && (flags.cli || flags.engine)) failUsage(USAGE, '--all goes without other flags');
const commit = commitOf(root);

if (flags.all) await prepareAll();
else buildHere(flags.cli ? IMAGES : ['envseal']);

function buildHere(images: readonly Image[]): void {
  const choice = chooseEngine(candidates);
  if (typeof choice === 'string') fail(choice);
  const { engine, because } = choice;
  console.log(`Engine: ${engine}${because === '' ? '' : ` (${because})`}`);
  fillContext(root, [process.arch as Arch], images);
  const about = {
    arch: IMAGE_ARCHS[process.arch as Arch],
    commit,
    file: `${root}docker/Dockerfile`,
    context,
  };
  for (const image of images) {
    // Its output goes to stderr, so that what follows has stdout to itself.
    const { status } = spawnSync(engine, buildArguments(engine, image, about), { stdio: ['ignore', 2, 2] });
    if (status !== 0) fail(`${engine} could not build ${image === 'envseal' ? image : `envseal:${image}`}`);
  }
  sayNext(engine, images);
}

function sayNext(engine: Engine, images: readonly Image[]): void {
  const tags = images.flatMap((image) => tagsOf(image, commit.version));
  console.log(`Built with ${engine}: ${tags.join(', ')}`);
  console.log('In a Dockerfile: COPY --from=envseal / / (docs/images.md)');
  console.log('\nNext:\n');
  console.log(`  ${engine} run --rm envseal version`);
  console.log(`  ${engine} run --rm envseal help run`);
  if (images.includes('cli')) console.log(`  ${engine} run --rm envseal:cli help`);
}

async function prepareAll(): Promise<void> {
  {
    using copy = await buildFreshCopy(root);
    fillContext(copy.root, ARCHS, IMAGES);
  }
  console.log('\nNow, with podman, which gives two builds of a commit the same digest:\n');
  // One after the other: at the same time, their order in the manifest would be that in which they end.
  for (const image of IMAGES) {
    for (const arch of ARCHS.map((each) => IMAGE_ARCHS[each])) {
      const tag = image === 'envseal' ? 'envseal' : `envseal:${image}`;
      const target = `--platform linux/${arch} --target ${image} --manifest ${tag}`;
      const about = imageArguments(commit).join(' ');
      console.log(`podman build ${target} ${about} --file docker/Dockerfile dist/image`);
    }
  }
}

function fillContext(built: string, archs: readonly Arch[], images: readonly Image[]): void {
  mkdirSync(context, { recursive: true });
  for (const arch of archs) {
    const executable = executableOf(built, arch);
    if (!existsSync(executable))
      fail('the container executable is not built: see what npm run build says is missing');
    for (const image of images) {
      makeImageRoot(image, { arch, executable, dist: `${built}/dist`, seconds: commit.seconds }, context);
      console.log(`dist/image/${image}-${IMAGE_ARCHS[arch]}`);
    }
  }
}

function fail(reason: string): never {
  console.error(reason);
  process.exit(1);
}
