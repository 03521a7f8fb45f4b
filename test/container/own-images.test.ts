/** The images of docker/Dockerfile, run by themselves. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CANARY } from '../e2e/transcript.ts';
import { describeReal } from '../real/available.ts';
import { buildImages, type Images } from './images.ts';
import { mustRun } from './program.ts';
import { type Sources, startSources } from './sources.ts';

const SECOND_MS = 1000;
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

describeReal(['podman', 'busybox', 'host'], 'images of envseal', () => {
  let sources: Sources;
  let images: Images<'empty' | 'cli'>;

  beforeAll(async () => {
    [sources, images] = await Promise.all([startSources(CANARY), buildImages(['empty', 'cli'])]);
  }, 300 * SECOND_MS);

  afterAll(async () => {
    await sources?.[Symbol.asyncDispose]();
    await images?.[Symbol.asyncDispose]();
  });

  const runImage = async (image: string, ...words: string[]) => {
    const env = Object.entries(sources.variables.S3)
      .filter(([name]) => !name.startsWith('ENVSEAL_'))
      .map(([name, value]) => `--env=${name}=${value}`);
    return await images.podman.try('run', '--rm', '--network=host', ...env, image, ...words);
  };

  describe('envseal', () => {
    test('is one static file, which root owns and anyone starts', async () => {
      const root = (await images.podman.run('image', 'mount', 'envseal')).trim();
      try {
        const found = await mustRun('find', [root, '-not', '-type', 'd', '-printf', '%P %m %U:%G %T@\n']);
        expect(found).toBe('usr/local/bin/envseal 755 0:0 0.0000000000\n');
      } finally {
        await images.podman.run('image', 'unmount', 'envseal');
      }
    });

    test('says its version, without anything else in the image', async () => {
      expect(await runImage('envseal', 'version')).toMatchObject({
        status: 0,
        stdout: `envseal ${version}\n`,
        stderr: '',
      });
    });

    test('says what a command of the full program needs', async () => {
      const { status, stderr } = await runImage('envseal', 'list', 's3://snacks/');
      expect(status).toBe(78);
      expect(stderr).toMatch(/^envseal: error: .*envseal list.*\nenvseal: hint: .*envseal:cli.*\n$/);
    });
  });

  describe('envseal:cli', () => {
    test('says its version', async () => {
      expect(await runImage('envseal:cli', 'version')).toMatchObject({
        status: 0,
        stdout: `envseal ${version}\n`,
      });
    });

    test('hands the commands of operators to the full program', async () => {
      const { status, stdout, stderr } = await runImage('envseal:cli', 'list', 's3://snacks/');
      expect([status, stderr]).toEqual([0, '']);
      expect(stdout).toContain('dev/env');
    });

    test('opens a file itself', async () => {
      const command = ['run', '-s', 's3://snacks/dev/env', '--', 'printenv', 'DATABASE_PASSWORD'];
      expect(await runImage('envseal:cli', ...command)).toMatchObject({ status: 0, stdout: `${CANARY}\n` });
    });

    test('does both for users that are not root', async () => {
      const as = ['run', '--rm', '--user=65532:65532', '--cap-drop=ALL', '--read-only', 'envseal:cli'];
      expect(await images.podman.run(...as, 'version')).toBe(`envseal ${version}\n`);
      expect(await images.podman.run(...as, 'help', 'push')).toMatch(/envseal push/);
    });
  });
});
