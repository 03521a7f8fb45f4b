/** examples/kubernetes: valid by Kubernetes' schemas, admitted where pods are restricted, and said well to envseal. */
import { describe, expect, test } from 'vitest';
import { readWorkload } from '../../../src/events/workload.ts';
import { DEFAULT_EVENT_TIMEOUT_SECONDS, DEFAULT_TIMEOUT_SECONDS } from '../../../src/limits-and-defaults.ts';
import {
  type Container,
  containersOf,
  filesOf,
  type Manifest,
  parseManifests,
  podOf,
  read,
  variablesOf,
} from './examples.ts';
import { violationsOf } from './restricted.ts';
import { faultsOf } from './schema.ts';

const KUBERNETES = filesOf('kubernetes').filter((name) => name.endsWith('.yaml'));

/** Every container that a manifest starts under envseal. */
function wrapped(manifest: Manifest): Container[] {
  return podOf(manifest)?.containers.slice() ?? [];
}

describe('Kubernetes', () => {
  const manifests = KUBERNETES.flatMap((file) =>
    parseManifests(read(file)).map((manifest) => ({ file, ...manifest })),
  );
  const pods = manifests.filter((manifest) => podOf(manifest) !== undefined);
  const titled = <T extends Manifest & { file: string }>(all: readonly T[]) =>
    all.map((each) => [`${each.file}: ${each.kind} ${each.metadata.name}`, each] as const);

  test.each(titled(manifests))('fits Kubernetes’ schema: %s', async (_, { file, ...manifest }) => {
    expect(await faultsOf(manifest)).toEqual([]);
  });

  test('what does not fit is found', async () => {
    const [deployment] = manifests.filter(({ kind }) => kind === 'Deployment');
    const text = JSON.stringify(deployment);
    const faults = async (from: string, to: string) => {
      expect(text).toContain(from);
      const { file, ...broken } = JSON.parse(text.replaceAll(from, to));
      return await faultsOf(broken);
    };
    expect(await faults('"failureThreshold"', '"failureTreshold"')).toEqual([
      '/spec/template/spec/containers/0/startupProbe/failureTreshold: unknown',
    ]);
    expect(await faults('"replicas":2', '"replicas":"2"')).toEqual(['/spec/replicas: type']);
    expect(await faults('"selector"', '"select"')).toEqual(['/spec: required', '/spec/select: unknown']);
  });

  test.each(titled(pods))('is admitted where the profile is restricted: %s', (_, manifest) => {
    const pod = podOf(manifest);
    expect(pod && violationsOf(pod)).toEqual([]);
    for (const { securityContext } of containersOf(pod ?? { containers: [] }))
      expect(securityContext).toMatchObject({ readOnlyRootFilesystem: true });
  });

  test('what is not restricted is found', () => {
    const container = { name: 'a', image: 'a', securityContext: { capabilities: { drop: ['NET_RAW'] } } };
    const pod = { containers: [container], volumes: [{ name: 'v', hostPath: {} }], hostNetwork: true };
    expect(violationsOf(pod)).toEqual([
      'hostNetwork',
      'volume v: hostPath',
      'container a: runAsNonRoot',
      'container a: seccompProfile',
      'container a: allowPrivilegeEscalation',
      'container a: capabilities',
    ]);
  });

  test.each(titled(pods))('events say which pod: %s', (_, manifest) => {
    for (const { env = [] } of wrapped(manifest)) {
      const fields = env.flatMap(({ name, valueFrom }) =>
        valueFrom ? [[name, valueFrom.fieldRef.fieldPath]] : [],
      );
      const system = {
        readFile: () => {
          throw new Error('nothing here');
        },
      } as unknown as Parameters<typeof readWorkload>[0]['system'];
      const place = readWorkload({ variables: Object.fromEntries(fields), system });
      expect(place).toMatchObject({
        pod: 'metadata.name',
        namespace: 'metadata.namespace',
        node: 'spec.nodeName',
      });
    }
  });

  test.each(titled(pods))('says source and key, and waits for both: %s', (_, manifest) => {
    for (const container of wrapped(manifest)) {
      const { ENVSEAL_SOURCE, ENVSEAL_KMS_KEY, ENVSEAL_TIMEOUT } = variablesOf(container);
      expect(ENVSEAL_SOURCE).toMatch(/^(s3|gs):\/\//);
      expect(ENVSEAL_KMS_KEY).toMatch(/^(arn:aws:kms:|projects\/)/);
      const { startupProbe, readinessProbe, livenessProbe } = container;
      for (const probe of [startupProbe, readinessProbe, livenessProbe]) expect(probe?.exec).toBeUndefined();
      const seconds = Number(ENVSEAL_TIMEOUT ?? DEFAULT_TIMEOUT_SECONDS) + DEFAULT_EVENT_TIMEOUT_SECONDS;
      if (startupProbe)
        expect(startupProbe.periodSeconds * startupProbe.failureThreshold).toBeGreaterThan(seconds);
      else expect(['Job', 'CronJob']).toContain(manifest.kind);
    }
  });

  test.each(['image-volume', 'init-container'])('%s starts envseal where it is mounted', (name) => {
    const pod = podOf(parseManifests(read(`kubernetes/${name}.yaml`))[0] as Manifest);
    const [container] = pod?.containers ?? [];
    expect(container?.command?.slice(0, 3)).toEqual(['/opt/envseal/envseal', 'run', '--']);
    expect(container?.volumeMounts).toEqual([
      expect.objectContaining({ name: 'envseal', mountPath: '/opt/envseal', readOnly: true }),
    ]);
  });

  test('the role of the examples for AWS is the same everywhere', () => {
    expect(JSON.parse(read('kubernetes/aws-role-policy.json'))).toEqual(
      JSON.parse(read('ecs/task-role-policy.json')),
    );
  });

  test('the metadata services that envseal asks are the ones that the policies let through', () => {
    const text = read('kubernetes/network-policy.yaml');
    const addresses = Array.from(
      text.matchAll(/cidr: "?([\d.a-f:]+)\/(?:32|128)/g),
      ([, address]) => address,
    );
    expect(addresses).toEqual(['169.254.170.23', 'fd00:ec2::23', '169.254.169.254', '169.254.169.252']);
  });
});
