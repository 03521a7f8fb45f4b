/**
 * `npm run image`: dist/image, the context of docker/Dockerfile, for this machine's architecture, or with `--all` for
 * both. Prints the commands that build the images from it; they give the same digest for the same commit.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compile } from './bundle.ts';
import { CARRIERS, IMAGE_ARCHS, makeCarrier, platformOf } from './release/carriers.ts';
import { commitOf, imageArguments } from './release/commit.ts';
import { ownPlatform, type Platform } from './release/platforms.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const context = `${root}dist/image`;
const archs: Platform['arch'][] = process.argv.includes('--all') ? ['x64', 'arm64'] : [ownPlatform().arch];

mkdirSync(context, { recursive: true });
for (const arch of archs) {
  for (const carrier of CARRIERS) {
    const platform = platformOf(carrier, arch);
    const executable = `${root}dist/envseal-${platform.name}`;
    if (!existsSync(executable)) compile(`${root}dist/envseal.mjs`, executable, platform);
    await makeCarrier(carrier, arch, executable, context);
    console.log(`dist/image/${carrier}-${IMAGE_ARCHS[arch]}`);
  }
}

const commit = commitOf(root);
const flags = imageArguments(commit).join(' ');
console.log('\nNow, with podman, which gives two builds of a commit the same digest:\n');
// One after the other: at the same time, their order in the manifest would be that in which they end.
const name = archs.length > 1 ? '--manifest' : '--tag';
for (const carrier of CARRIERS) {
  for (const arch of archs.map((each) => IMAGE_ARCHS[each])) {
    const target = `--platform linux/${arch} --target ${carrier} ${name} envseal:${carrier}`;
    console.log(`podman build ${target} ${flags} --file docker/Dockerfile dist/image`);
  }
}
console.log(`
The default tag is the one for glibc: podman tag envseal:glibc envseal
With docker: docker buildx build --target portable --tag envseal:portable --file docker/Dockerfile dist/image`);
