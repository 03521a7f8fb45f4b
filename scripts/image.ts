/**
 * `npm run image`: dist/image, the context of docker/Dockerfile, for this machine's architecture, or with `--all` for
 * both. Prints the commands that build the images from it; they give the same digest for the same commit.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ARCHS, type Arch } from './build/executable.ts';
import { commitOf, imageArguments } from './release/commit.ts';
import { buildFreshCopy } from './release/fresh-copy.ts';
import { IMAGE_ARCHS, IMAGES, makeImageRoot } from './release/image-roots.ts';
import { executableOf } from './release/make.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const context = `${root}dist/image`;
const commit = commitOf(root);
const archs = process.argv.includes('--all') ? ARCHS : ([process.arch] as Arch[]);

mkdirSync(context, { recursive: true });
if (archs.length === 1) fillContext(root);
else {
  using copy = await buildFreshCopy(root);
  fillContext(copy.root);
}

function fillContext(built: string): void {
  for (const arch of archs) {
    const executable = executableOf(built, arch);
    if (!existsSync(executable)) {
      console.error('the container executable is not built: see what npm run build says is missing');
      process.exit(1);
    }
    for (const image of IMAGES) {
      makeImageRoot(image, { arch, executable, dist: `${built}/dist`, seconds: commit.seconds }, context);
      console.log(`dist/image/${image}-${IMAGE_ARCHS[arch]}`);
    }
  }
}

const flags = imageArguments(commit).join(' ');
console.log('\nNow, with podman, which gives two builds of a commit the same digest:\n');
// One after the other: at the same time, their order in the manifest would be that in which they end.
const name = archs.length > 1 ? '--manifest' : '--tag';
for (const image of IMAGES) {
  for (const arch of archs.map((each) => IMAGE_ARCHS[each])) {
    const tag = image === 'envseal' ? 'envseal' : `envseal:${image}`;
    const target = `--platform linux/${arch} --target ${image} ${name} ${tag}`;
    console.log(`podman build ${target} ${flags} --file docker/Dockerfile dist/image`);
  }
}
console.log(`
With docker: docker buildx build --target envseal --tag envseal --file docker/Dockerfile dist/image`);
