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
const platforms = archs.map((arch) => `linux/${IMAGE_ARCHS[arch]}`).join(',');
console.log(`\nNow, with podman:\n`);
for (const carrier of CARRIERS) {
  const tags = `--tag envseal:${carrier}${carrier === CARRIERS[0] ? ' --tag envseal' : ''}`;
  const target = `--platform ${platforms} --target ${carrier} ${tags}`;
  const flags = imageArguments(commit).join(' ');
  console.log(`podman build ${target} ${flags} --file docker/Dockerfile dist/image`);
}
