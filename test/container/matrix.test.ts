/** Every kind of image, as root and as strictly as a cluster may be, from every kind of source. */
import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeReal } from '../real/available.ts';
import { startWebhook, WEBHOOK_SECRET } from '../servers/start.ts';
import { startContainer } from './container.ts';
import { filesWith } from './files-with.ts';
import { buildImages, type Images } from './images.ts';
import { SOURCES, type Sources, startSources } from './sources.ts';

const SECOND_MS = 1000;
const CANARY = `canary-${randomUUID()}`;
const PASSWORD = createHash('sha256').update(CANARY).digest('hex');
const KINDS = ['debian', 'empty', 'astray', 'alpine', 'cli', 'node'] as const;
const USERS = ['root', 'hardened'] as const;

describeReal(['podman', 'busybox', 'host'], 'in images of all kinds', () => {
  let sources: Sources;
  let images: Images<(typeof KINDS)[number]>;

  beforeAll(async () => {
    [sources, images] = await Promise.all([startSources(CANARY), buildImages(KINDS)]);
  }, 300 * SECOND_MS);

  afterAll(async () => {
    await sources?.[Symbol.asyncDispose]();
    await images?.[Symbol.asyncDispose]();
  });

  const cells = USERS.flatMap((user) => SOURCES.map((source) => ({ user, source })));

  describe.each(KINDS)('%s', (kind) => {
    test.concurrent.each(cells)('$user, $source', async ({ user, source }) => {
      await using app = await startContainer(images, images.app[kind], {
        user,
        variables: sources.variables[source],
        source: sources.folder,
      });
      await app.ready();

      expect(await app.proof('processes')).toBe('/proc/1');
      expect(await app.proof('pid')).toBe('1');
      expect(await app.proof('user')).toBe(user === 'root' ? '0' : '65532');
      expect(await app.proof('password')).toBe(PASSWORD);
      expect(await app.proof('settings')).toBe('0');
      expect(await app.logs()).toBe('app: ready\n');
      expect(await images.podman.run('inspect', app.id)).not.toContain(CANARY);
      const kept = await app.storage();
      expect(await filesWith(`${sources.variables[source].ENVSEAL_SOURCE}`, kept)).not.toEqual([]);
      expect(await filesWith(CANARY, kept)).toEqual([]);

      // 7 is what app.sh makes of SIGTERM. SIGKILL, which would come after so many seconds, makes 137.
      await images.podman.run('stop', '--time=30', app.id);
      expect(await app.exitStatus()).toBe(7);
    });
  });

  test('the command gets what is meant to lead loaders astray', async () => {
    await using app = await startContainer(images, images.app.astray, {
      variables: sources.variables.file,
      source: sources.folder,
      command: ['/bin/sh', '-c', 'echo $LD_LIBRARY_PATH $LD_PRELOAD $LD_DEBUG'],
    });

    expect(await app.exitStatus()).toBe(0);
    expect(await app.logs()).toBe('/lib/x86_64-linux-gnu /lib/x86_64-linux-gnu/libc.so.6 all\n');
  });

  // The fast sources are enough: how the command ends has nothing to do with them.
  test.concurrent.each(['debian', 'empty', 'alpine'] as const)(
    'every exit code and death by signal is the command’s own: %s',
    async (kind) => {
      await using app = await startContainer(images, images.app[kind], {
        variables: sources.variables.file,
        source: sources.folder,
        command: ['/exits.sh'],
      });

      expect(await app.exitStatus()).toBe(0);
      const lines = (await app.proof('exits'))?.split('\n') ?? [];
      const codes = Array.from({ length: 256 }, (_, code) => `exit ${code} ${code}`);
      expect(lines).toEqual([...codes, ...signals.map(([name, status]) => `signal ${name} ${status}`)]);
    },
  );

  test.each([0, 1, 42, 128, 255])('exit code %i of pid 1 is the container’s', async (code) => {
    await using app = await startContainer(images, images.app.empty, {
      variables: sources.variables.S3,
      command: ['/exits.sh', 'exit', `${code}`],
    });

    expect(await app.exitStatus()).toBe(code);
  });

  test('a container that is killed has the status of that', async () => {
    await using app = await startContainer(images, images.app.empty, { variables: sources.variables.S3 });
    await app.ready();
    await images.podman.run('kill', '--signal=KILL', app.id);

    expect(await app.exitStatus()).toBe(128 + 9);
  });

  test.each(['empty', 'alpine'] as const)('events go out in the background: %s', async (kind) => {
    await using hook = await startWebhook();
    await using app = await startContainer(images, images.app[kind], {
      variables: {
        ...sources.variables.S3,
        ENVSEAL_EVENT_SINK: `${hook.url}/audit`,
        ENVSEAL_EVENT_POLICY: 'background',
        ENVSEAL_WEBHOOK_SECRET: WEBHOOK_SECRET,
      },
    });
    await app.ready();

    expect(await app.proof('password')).toBe(PASSWORD);
    await expect.poll(() => hook.received(), { timeout: 180 * SECOND_MS }).toHaveLength(1);
    expect(await app.logs()).toBe('app: ready\n');
  });

  test('without its source the command never runs, in an empty root too', async () => {
    await using app = await startContainer(images, images.app.empty, {
      variables: { ...sources.variables.S3, ENVSEAL_SOURCE: 's3://snacks/no-such/env' },
    });

    expect(await app.exitStatus()).toBe(66);
    expect(await app.logs()).toMatch(/^envseal: error: /);
    expect(await app.proof('processes')).toBeUndefined();
  });
});

const signals = [
  ['HUP', 129],
  ['INT', 130],
  ['KILL', 137],
  ['USR1', 138],
  ['SEGV', 139],
  ['USR2', 140],
  ['PIPE', 141],
  ['ALRM', 142],
  ['TERM', 143],
  ['XFSZ', 153],
] as const;
