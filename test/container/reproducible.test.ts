/** Whoever builds images of a commit gets the same digest, wherever and whenever. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ARCHS } from '../../scripts/build/executable.ts';
import { imageArguments } from '../../scripts/release/commit.ts';
import { IMAGE_ARCHS, IMAGES, makeImageRoot } from '../../scripts/release/image-roots.ts';
import { describeReal } from '../real/available.ts';
import { build } from './images.ts';
import { podmanIn } from './podman.ts';

const repository = join(import.meta.dirname, '../..');
const COMMIT = { version: '1.2.3', revision: 'c0ffee', seconds: 1_700_000_000 };
const LABELS = {
  'org.opencontainers.image.title': 'envseal',
  'org.opencontainers.image.version': '1.2.3',
  'org.opencontainers.image.revision': 'c0ffee',
  'org.opencontainers.image.created': '2023-11-14T22:13:20Z',
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'envseal-two-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeReal('podman', 'images', () => {
  test.each(IMAGES)('%s: two builds have one digest', async (image) => {
    const digests: string[] = [];
    for (const [attempt, mask] of [0o077, 0o022].entries()) {
      // Short, because podman wants no long paths.
      const place = join(folder, `${image[0]}${attempt}`);
      const dist = join(place, 'dist');
      const before = process.umask(mask);
      try {
        mkdirSync(dist, { recursive: true });
        // Not what it is made of but how: any files will do.
        for (const name of ['executable', 'envseal.mjs', 'chunk-1.mjs']) {
          cpSync('/bin/ls', join(dist, name));
          utimesSync(join(dist, name), attempt, attempt);
        }
        const executable = join(dist, 'executable');
        for (const arch of ARCHS)
          makeImageRoot(image, { arch, executable, dist, seconds: COMMIT.seconds }, join(place, 'context'));
      } finally {
        process.umask(before);
      }
      digests.push(await imageDigest(image, place));
    }
    expect(digests[0]).toMatch(/^sha256:/);
    expect(digests[1]).toBe(digests[0]);
  });
});

/** The digest of what a registry would get: an index of an image for each processor, layers compressed. */
async function imageDigest(image: string, place: string): Promise<string> {
  const podman = podmanIn(join(place, 'p'));
  const pushed = join(place, 'pushed');
  const blob = (digest: string) => readJson(join(pushed, 'blobs', digest.replace(':', '/')));
  const file = join(place, 'Dockerfile');
  // Node's image is what its tag says at that time: here it is an empty one.
  const text = readFileSync(`${repository}/docker/Dockerfile`, 'utf8');
  writeFileSync(file, text.replace(/^FROM \$\{NODE\}/m, 'FROM scratch'));
  try {
    for (const arch of ARCHS) {
      const target = [`--target=${image}`, `--platform=linux/${IMAGE_ARCHS[arch]}`, '--manifest=two'];
      await build(podman, ...target, ...imageArguments(COMMIT), `--file=${file}`, join(place, 'context'));
    }
    await podman.run('manifest', 'push', '--all', '--quiet', 'two', `oci:${pushed}`);
    const { digest } = readJson(join(pushed, 'index.json')).manifests[0];
    for (const { digest: image } of blob(digest).manifests) {
      const { annotations, config } = blob(image);
      expect(annotations).toMatchObject(LABELS);
      expect(blob(config.digest).config.Labels).toMatchObject(LABELS);
    }
    return digest;
  } finally {
    await podman.remove();
  }
}

function readJson(file: string) {
  return JSON.parse(readFileSync(file, 'utf8'));
}
