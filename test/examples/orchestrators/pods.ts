/**
 * Plays manifests with podman as a cluster would, one at a time: each pod on the machine's network, with images that are
 * built here.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { build, buildImages, type Images } from '../../container/images.ts';
import {
  type Container,
  FOLDER,
  type Manifest,
  type PodSpec,
  podOf,
  type Variables,
  type Volume,
} from './examples.ts';

const POLL_MS = 50;
/** The shortest time is a minute. */
const MAX_POLLS = 1200;

export interface Cluster extends AsyncDisposable {
  readonly images: Images<'debian' | 'empty'>;
  /** Local images by the names that the examples have for them. */
  readonly local: Variables;
  /** What is in the image `envseal`, for a volume. */
  readonly volume: string;
}

/** Builds the image with envseal, the image of a third party without it, and the one that copies envseal. */
export async function startCluster(): Promise<Cluster> {
  const images = await buildImages(['debian', 'empty']);
  const context = join(images.folder, 'orchestrators');
  await mkdir(context);
  await copyFile(join(import.meta.dirname, 'api.sh'), join(context, 'api.sh'));
  await chmod(join(context, 'api.sh'), 0o755);
  const make = async (name: string, ...lines: string[]) => {
    await writeFile(join(context, name), `${lines.join('\n')}\n`);
    return await build(images.podman, `--file=${join(context, name)}`, context);
  };
  const base = 'envseal-test-base';
  const local = {
    'registry.example/snacks/api:1.4.2': await make(
      'own',
      `FROM ${images.app.debian}`,
      'COPY api.sh /usr/local/bin/api',
      'CMD ["api"]',
    ),
    'registry.example/vendor/reports:2.4.0': await make(
      'others',
      `FROM ${base}`,
      'COPY api.sh /docker-entrypoint.sh',
      'ENTRYPOINT ["/docker-entrypoint.sh"]',
    ),
    // There is no registry to have busybox from: what copies is Debian's cp.
    'registry.example/envseal-init:0.1.0': await make(
      'init',
      (await readFile(join(FOLDER, 'kubernetes/init-image/Dockerfile'), 'utf8')).replace(
        /^FROM .*/m,
        `FROM ${base}`,
      ),
    ),
  };
  await build(images.podman, '--tag=envseal-test-infra', `--file=${await infra(context)}`, context);
  const volume = join(images.folder, 'images/envseal-amd64');
  return {
    images,
    local,
    volume,
    async [Symbol.asyncDispose]() {
      // podman needs seconds to remove a pod that runs, and none for one that has ended.
      await images.podman.try('pod', 'kill', '--all');
      const ended = await images.podman.try('ps', '--all', '--quiet');
      await images.podman.try('wait', ...ended.stdout.trim().split('\n'));
      await images.podman.try('pod', 'rm', '--all', '--force', '--time=0');
      await images[Symbol.asyncDispose]();
    },
  };
}

/** What `infra_image` in containers.conf names: its only process keeps the pod's namespaces open. */
async function infra(context: string): Promise<string> {
  const file = join(context, 'infra');
  await writeFile(file, 'FROM envseal-test-base\nCMD ["sleep", "600"]\n');
  return file;
}

/** It stays until the cluster goes. */
export interface Played {
  /** As events have it. */
  readonly name: string;
  /** What `api.sh` wrote, without the newline. */
  proof(name: string): Promise<string>;
  /** All that the engine says of pod and containers, and their output. */
  shown(): Promise<string>;
  /** Where the engine keeps them. */
  readonly storage: string;
}

/** Plays what makes a pod, with what it needs beside it, and waits until the application is up. */
export async function play(
  { images: { podman, folder }, local, volume }: Cluster,
  manifests: readonly Manifest[],
  variables: Variables,
): Promise<Played> {
  const place = await mkdtemp(join(folder, 'pod-'));
  const [proof, empty] = [join(place, 'proof'), join(place, 'empty')];
  for (const path of [proof, empty]) {
    await mkdir(path);
    await chmod(path, 0o777);
  }
  const id = randomUUID().slice(0, 8);
  const playAll = async (all: readonly object[]) => {
    const file = join(place, 'manifests.yaml');
    await writeFile(file, all.map((each) => stringify(each)).join('---\n'));
    await podman.run('kube', 'play', '--network=host', file);
  };
  const given = { id, local, volume, proof, empty, variables };
  const first = manifests.flatMap((manifest) => initPod(manifest, given));
  if (first.length > 0) {
    await playAll(first);
    await podman.run('wait', `init-${id}-init`);
  }
  await playAll(manifests.flatMap((manifest) => forPodman(manifest, given)));
  const name = `pod-${id}`;
  const containers = async () =>
    (await podman.run('ps', '--all', '--quiet', `--filter=pod=${name}`)).trim().split('\n');
  const shown = async () => {
    const ids = await containers();
    const logs = await Promise.all(ids.map((id) => podman.try('logs', id)));
    const inspected = await podman.run('container', 'inspect', ...ids);
    return [
      await podman.run('pod', 'inspect', name),
      inspected,
      ...logs.map((log) => log.stdout + log.stderr),
    ].join();
  };
  for (let polls = 0; !existsSync(join(proof, 'ready')); polls++) {
    if (polls === MAX_POLLS) throw new Error(`the pod did not come up: ${await shown()}`);
    await sleep(POLL_MS);
  }
  return {
    name,
    proof: async (name) => (await readFile(join(proof, name), 'utf8')).trimEnd(),
    shown,
    storage: join(podman.storage, 'overlay-containers'),
  };
}

interface Substitutes {
  readonly id: string;
  readonly local: Variables;
  readonly volume: string;
  /** Folders of this machine, for the volumes of that kind. */
  readonly proof: string;
  readonly empty: string;
  readonly variables: Variables;
}

/** Before the others, as a cluster does: podman 4.3 waits 20 seconds for the end of an init container that has ended. */
function initPod(manifest: Manifest, given: Substitutes): object[] {
  const { initContainers = [], volumes = [], containers: _, ...pod } = podOf(manifest) ?? { containers: [] };
  return initContainers.map((container) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `init-${given.id}` },
    spec: {
      ...pod,
      restartPolicy: 'Never',
      containers: [{ ...localised(container, given), name: 'init' }],
      volumes: volumes.map((volume) => onDisk(volume, '', given)),
    },
  }));
}

/** A Pod or ConfigMap with what podman 4.3 has in place of what it does not know; nothing of other kinds. */
function forPodman(manifest: Manifest, given: Substitutes): object[] {
  const { namespace: _, ...metadata } = manifest.metadata;
  if (manifest.kind === 'ConfigMap') return [{ ...manifest, metadata }];
  const pod = podOf(manifest);
  if (pod === undefined) return [];
  const named = { ...metadata, name: `pod-${given.id}` };
  return [{ apiVersion: 'v1', kind: 'Pod', metadata: named, spec: specFor(pod, given) }];
}

function specFor(
  { containers, initContainers: _, volumes = [], ...pod }: PodSpec,
  given: Substitutes,
): object {
  const mounts = containers.flatMap(({ volumeMounts = [] }) => volumeMounts);
  const subPath = (volume: Volume) => mounts.find(({ name }) => name === volume.name)?.subPath ?? '';
  return {
    ...pod,
    containers: containers.map((container) => application(container, given)),
    volumes: [
      ...volumes.map((volume) => onDisk(volume, subPath(volume), given)),
      { name: 'proof', hostPath: { path: given.proof, type: 'Directory' } },
    ],
  };
}

/** Without probes and ports, which the machine's network has no need of, and with where the clouds are. */
function application(container: Container, given: Substitutes): object {
  const {
    startupProbe,
    readinessProbe,
    livenessProbe,
    ports,
    env = [],
    volumeMounts = [],
    ...rest
  } = container;
  const added = Object.entries(given.variables).map(([name, value]) => ({ name, value }));
  return {
    ...localised(rest, given),
    env: [...env.filter(isKnown), ...added],
    volumeMounts: [
      ...volumeMounts.map(({ subPath, ...mount }) => mount),
      { name: 'proof', mountPath: '/proof' },
    ],
  };
}

function localised(container: Container, { local }: Substitutes): object {
  return { ...container, image: local[container.image], imagePullPolicy: 'Never' };
}

/** An image volume is a folder of the image; podman's emptyDir would stay from one pod to the next. */
function onDisk({ name, image }: Volume, subPath: string, { volume, empty }: Substitutes): object {
  return { name, hostPath: { path: image ? join(volume, subPath) : empty, type: 'Directory' } };
}

/** The other fields of the downward API are unknown to podman 4.3. */
function isKnown({ valueFrom }: NonNullable<Container['env']>[number]): boolean {
  return valueFrom === undefined || valueFrom.fieldRef.fieldPath === 'metadata.name';
}
