/**
 * `npm run release`: everything that is published of a version, in dist/release. `--only linux-x64,linux-arm64` makes
 * those executables alone; `--out FOLDER` puts it elsewhere. Nothing is signed and nothing is sent: it prints how.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { commitOf } from './release/commit.ts';
import { makeRelease } from './release/make.ts';
import { PLATFORMS } from './release/platforms.ts';
import { howToSign } from './release/signing.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({ options: { only: { type: 'string' }, out: { type: 'string' } } });
const names = values.only?.split(',') ?? PLATFORMS.map(({ name }) => name);
const platforms = names.map((name) => {
  const found = PLATFORMS.find((platform) => platform.name === name);
  if (found === undefined)
    throw new Error(`no platform is called ${name}: ${PLATFORMS.map((p) => p.name).join(', ')}`);
  return found;
});
const folder = values.out ?? `${root}dist/release`;
const commit = commitOf(root);

for await (const line of makeRelease({ root, folder, platforms, commit })) console.log(line);
console.log(howToSign(commit));
