import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { containerInCgroup, containerInMounts, containerInTaskUri } from '../../src/events/container-id.ts';
import { readWorkload } from '../../src/events/workload.ts';
import { nodeSystem } from '../../src/system/node/system.ts';
import { ErrnoError, type System } from '../../src/system/system.ts';
import { expectLinear } from '../growth.ts';
import { OURS, SAMPLES } from './places.ts';

const NAMESPACE_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';
const NOWHERE = { host: null, containerId: null, pod: null, namespace: null, node: null, image: null };

/** A system with these files and no others. */
function withFiles(files: Readonly<Record<string, string>>, asked: string[] = []): System {
  return {
    ...nodeSystem,
    readFile(path, limit) {
      asked.push(path);
      const text = files[path];
      if (text === undefined) throw new ErrnoError('ENOENT');
      return Buffer.from(text).subarray(0, limit);
    },
  };
}

function placeOf(variables: Record<string, string>, files: Record<string, string> = {}) {
  return readWorkload({ variables, system: withFiles(files) });
}

describe('the container of', () => {
  test.each(Object.entries(SAMPLES))('%s', (_, { files, variables, containerId }) => {
    expect(readWorkload({ variables, system: withFiles(files) }).containerId).toBe(containerId);
  });
});

describe('a place is', () => {
  test('nowhere when nothing says it', () => {
    expect(placeOf({})).toEqual(NOWHERE);
  });

  test('what the downward API says', () => {
    const place = placeOf({
      HOSTNAME: 'snacks-0',
      POD_NAME: 'snacks-0',
      POD_NAMESPACE: 'shop',
      NODE_NAME: 'ip-10-0-3-17',
      CONTAINER_IMAGE: 'registry.example/snacks@sha256:1234',
    });
    expect(place).toEqual({
      host: 'snacks-0',
      containerId: null,
      pod: 'snacks-0',
      namespace: 'shop',
      node: 'ip-10-0-3-17',
      image: 'registry.example/snacks@sha256:1234',
    });
  });

  test('else what OpenTelemetry is configured with', () => {
    const attributes = [
      'service.name=snacks',
      ' k8s.pod.name = snacks%2D0 ',
      'k8s.namespace.name=shop',
      'k8s.node.name=n%C3%B6de',
      'container.image.name=registry.example/snacks',
      'broken=%E0%A4%A',
      'container.id=short',
      'k8s.cluster.name',
    ];
    expect(placeOf({ OTEL_RESOURCE_ATTRIBUTES: attributes.join(',') })).toEqual({
      ...NOWHERE,
      pod: 'snacks-0',
      namespace: 'shop',
      node: 'nöde',
      image: 'registry.example/snacks',
    });
  });

  test('else what Kubernetes gives to every pod, and only in one', () => {
    const variables = { HOSTNAME: 'snacks-0', KUBERNETES_SERVICE_HOST: '10.0.0.1' };
    const files = { [NAMESPACE_FILE]: 'shop' };
    expect(placeOf(variables, files)).toMatchObject({ host: 'snacks-0', pod: 'snacks-0', namespace: 'shop' });
    expect(placeOf({ HOSTNAME: 'laptop' }, files)).toEqual({ ...NOWHERE, host: 'laptop' });
  });

  test("the kernel's host where no variable says it", () => {
    expect(placeOf({ HOSTNAME: '' }, { '/proc/sys/kernel/hostname': 'box\n' }).host).toBe('box');
  });

  test('visible and short', () => {
    expect(placeOf({ HOSTNAME: 'a\x1b[31mb\n\u202ec\ud800' }).host).toBe('a[31mbc');
    expect(placeOf({ HOSTNAME: '\t \u200b' }).host).toBeNull();
    expect(Array.from(placeOf({ POD_NAME: '🍿'.repeat(300) }).pod as string)).toHaveLength(255);
  });

  test('read from four files at most', () => {
    const asked: string[] = [];
    readWorkload({ variables: { KUBERNETES_SERVICE_HOST: '10.0.0.1' }, system: withFiles({}, asked) });
    expect(asked).toEqual([
      '/proc/sys/kernel/hostname',
      '/proc/self/cgroup',
      '/proc/self/mountinfo',
      NAMESPACE_FILE,
    ]);
    asked.length = 0;
    const { files, variables } = SAMPLES['Docker, cgroup v1'] as (typeof SAMPLES)[string];
    readWorkload({ variables: { ...variables, HOSTNAME: 'a' }, system: withFiles(files, asked) });
    expect(asked).toEqual(['/proc/self/cgroup']);
  });

  test('that of this machine', () => {
    expect(readWorkload({ variables: {}, system: nodeSystem }).host).not.toBeNull();
  });
});

describe('the files can hold anything', () => {
  const ID = /^(?:[0-9a-f]{64}|[0-9a-f]{32}-[0-9]{1,20})$/;
  const hex = fc.stringMatching(/^[0-9a-f]{60,70}$/);
  const word = fc.oneof(
    hex,
    fc.constantFrom(OURS, `docker-${OURS}.scope`, '..', '.scope', 'sandboxes', 'containers', 'userdata'),
    fc.constantFrom('hostname', '.containerenv', '/etc/hostname', '/sys/fs/cgroup', '0::', '/', ':', '-'),
    fc.string(),
  );
  const noise = fc
    .array(fc.tuple(word, fc.constantFrom('/', ' ', ':', '-', '\n', '')))
    .map((words) => words.flat().join(''));

  test('and give an id or nothing', () => {
    fc.assert(
      fc.property(noise, fc.boolean(), (text, mayShareNetwork) => {
        for (const id of [
          containerInCgroup(text),
          containerInCgroup(`0::/${text}`),
          containerInMounts(text, mayShareNetwork),
          containerInMounts(`1 1 0:1 /${text.replaceAll(' ', '')} /etc/hostname`, mayShareNetwork),
          containerInTaskUri(text),
        ]) {
          if (id !== undefined) expect(id).toMatch(ID);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('and an id that is longer or shorter is none', () => {
    fc.assert(
      fc.property(hex, (digits) => {
        expect(containerInCgroup(`0::/docker/${digits}`)).toBe(digits.length === 64 ? digits : undefined);
      }),
    );
  });

  test.each<[string, (size: number) => string]>([
    ['letters', (size) => 'a'.repeat(size)],
    ['slashes', (size) => '/'.repeat(size)],
    ['digits', (size) => `0::/${'0'.repeat(size)}`],
    ['spaces', (size) => ' '.repeat(size)],
  ])('and take work in proportion to their size: %s', async (_, text) => {
    const look = (size: number) => [containerInCgroup(text(size)), containerInMounts(text(size), false)];
    await expectLinear(look, 16_000);
    expect(look(500_000)).toEqual([undefined, undefined]);
  });
});
