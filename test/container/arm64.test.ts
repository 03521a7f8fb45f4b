/**
 * The executable for arm64 and the image made of it, on an emulated processor. The emulator is started by its own name, so
 * the machine needs no binfmt_misc; what envseal becomes is then this machine's own program.
 */
import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeReal } from '../real/available.ts';
import { arm64Executable } from './arm64.ts';
import { startContainer } from './container.ts';
import { buildImages, type Images } from './images.ts';
import { mustRun, run } from './program.ts';
import { type Sources, startSources } from './sources.ts';

const SECOND_MS = 1000;
const CANARY = `canary-${randomUUID()}`;

describeReal(['podman', 'busybox', 'qemu', 'arm64'], 'on arm64', () => {
  let sources: Sources;
  let images: Images<'arm64'>;

  beforeAll(async () => {
    [sources, images] = await Promise.all([startSources(CANARY), buildImages(['arm64'])]);
  }, 300 * SECOND_MS);

  afterAll(async () => {
    await sources?.[Symbol.asyncDispose]();
    await images?.[Symbol.asyncDispose]();
  });

  test('the executable opens a file of S3', async () => {
    const words = [arm64Executable() as string];
    const env = sources.variables.S3;

    expect(await mustRun('qemu-aarch64-static', [...words, 'version'])).toMatch(/^envseal \d/);
    const command = ['run', '--', 'printenv', 'DATABASE_PASSWORD'];
    expect(await mustRun('qemu-aarch64-static', [...words, ...command], { env })).toBe(`${CANARY}\n`);
    const refused = await run('qemu-aarch64-static', [...words, 'run', '--', 'no-such-command'], { env });
    expect(refused.status).toBe(127);
    expect(refused.stderr).not.toContain(CANARY);
  });

  test('the image is one for arm64', async () => {
    const format = ['--format', '{{.Os}}/{{.Architecture}}'];
    expect(await images.podman.run('image', 'inspect', ...format, images.app.arm64)).toBe('linux/arm64\n');
  });

  test.each(['root', 'hardened'] as const)('in an empty root: %s', async (user) => {
    await using app = await startContainer(images, images.app.arm64, {
      user,
      variables: sources.variables.GCS,
    });
    await app.ready();

    expect(await app.proof('pid')).toBe('1');
    expect(await app.proof('processes')).toBe('/proc/1');
    expect(await app.proof('password')).toBe(createHash('sha256').update(CANARY).digest('hex'));
    expect(await app.logs()).toBe('app: ready\n');
    await images.podman.run('stop', '--time=30', app.id);
    expect(await app.exitStatus()).toBe(7);
  });
});
