/** Whoever builds a commit gets the same bytes, wherever and whenever. */
import { createHash } from 'node:crypto';
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundle, compile } from '../../scripts/bundle.ts';
import { CARRIERS, IMAGE_ARCHS, makeCarrier } from '../../scripts/release/carriers.ts';
import { imageArguments } from '../../scripts/release/commit.ts';
import { describeReal } from '../real/available.ts';
import { build } from './images.ts';
import { podmanIn } from './podman.ts';

const repository = join(import.meta.dirname, '../..');
const ARCHS = ['x64', 'arm64'] as const;
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

test('two bundles, and two executables of them', async () => {
  for (const name of ['one', 'other/deeper']) {
    const out = join(folder, name);
    mkdirSync(out, { recursive: true });
    await bundle('envseal', join(repository, 'src/main.ts'), out, {
      define: { __ENVSEAL_VERSION__: '"1.2.3"' },
    });
    compile(join(out, 'envseal.mjs'), join(out, `executable-${name.length}`));
  }

  const chunks = (name: string) => globSync('*.mjs', { cwd: join(folder, name) }).sort();
  expect(chunks('one')).toEqual(chunks('other/deeper'));
  for (const chunk of chunks('one')) {
    expect(
      readFileSync(join(folder, 'one', chunk)).equals(readFileSync(join(folder, 'other/deeper', chunk))),
    ).toBe(true);
  }
  expect(hash(join(folder, 'one/executable-3'))).toBe(hash(join(folder, 'other/deeper/executable-12')));
});

describeReal('podman', 'images', () => {
  test.each(CARRIERS)('%s: two builds have one digest', async (carrier) => {
    const digests: string[] = [];
    for (const [attempt, mask] of [0o077, 0o022].entries()) {
      // Short, because podman wants no long paths.
      const place = join(folder, `${carrier[0]}${attempt}`);
      const executable = join(place, 'source');
      mkdirSync(place);
      cpSync('/bin/ls', executable);
      utimesSync(executable, attempt, attempt);
      // Not what it is made of but how: any program that names a loader will do.
      const before = process.umask(mask);
      try {
        for (const arch of ARCHS) await makeCarrier(carrier, arch, executable, join(place, 'context'));
      } finally {
        process.umask(before);
      }
      digests.push(await imageDigest(carrier, place));
    }
    expect(digests[0]).toMatch(/^sha256:/);
    expect(digests[1]).toBe(digests[0]);
  });
});

/** Of what a registry would be given: an index of an image for each processor, layers compressed. */
async function imageDigest(carrier: string, place: string): Promise<string> {
  const podman = podmanIn(join(place, 'p'));
  const pushed = join(place, 'pushed');
  const blob = (digest: string) => readJson(join(pushed, 'blobs', digest.replace(':', '/')));
  try {
    for (const arch of ARCHS) {
      const target = [`--target=${carrier}`, `--platform=linux/${IMAGE_ARCHS[arch]}`, '--manifest=two'];
      const file = `--file=${repository}/docker/Dockerfile`;
      await build(podman, ...target, ...imageArguments(COMMIT), file, join(place, 'context'));
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

function hash(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
