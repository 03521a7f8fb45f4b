/** examples/kustomize: the overlays change where the file is and which key it has, and nothing else. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { describeReal } from '../../real/available.ts';
import { pinnedProgram } from '../../real/programs.ts';
import { type Container, FOLDER, parseManifests, podOf, read, variablesOf } from './examples.ts';
import { violationsOf } from './restricted.ts';
import { faultsOf } from './schema.ts';

describe('Kustomize', () => {
  test.each(['dev', 'prod'])('the overlay %s is namespace, source and key', (stage) => {
    const overlay = parse(read(`kustomize/overlays/${stage}/kustomization.yaml`));
    const [generator] = overlay.configMapGenerator;
    expect(generator.literals.map((each: string) => each.split('=')[0])).toEqual([
      'ENVSEAL_SOURCE',
      'ENVSEAL_KMS_KEY',
    ]);
    expect({ ...overlay, configMapGenerator: [{ ...generator, literals: [] }] }).toEqual({
      apiVersion: 'kustomize.config.k8s.io/v1beta1',
      kind: 'Kustomization',
      namespace: `snacks-${stage}`,
      resources: ['../../base'],
      configMapGenerator: [{ name: 'envseal', behavior: 'merge', literals: [] }],
    });
  });

  describeReal('kustomize', 'as kustomize builds it', () => {
    const build = (stage: string) =>
      parseManifests(
        execFileSync(pinnedProgram('kustomize'), ['build', join(FOLDER, `kustomize/overlays/${stage}`)], {
          encoding: 'utf8',
        }),
      );

    test.each(['dev', 'prod'])(
      '%s fits the schema, is restricted, and says source and key',
      async (stage) => {
        const manifests = build(stage);
        expect(manifests.map(({ kind }) => kind).sort()).toEqual([
          'ConfigMap',
          'Deployment',
          'ServiceAccount',
        ]);
        for (const manifest of manifests) {
          expect(await faultsOf(manifest)).toEqual([]);
          const pod = podOf(manifest);
          if (pod === undefined) continue;
          expect(violationsOf(pod)).toEqual([]);
          expect(variablesOf(pod.containers[0] as Container, manifests)).toMatchObject({
            ENVSEAL_SOURCE: `s3://snacks/${stage}/env`,
            ENVSEAL_EVENT_SINK: 'cloudwatch://envseal/',
          });
        }
      },
    );

    test('another source is another ConfigMap, and so a rollout', () => {
      const names = ['dev', 'prod'].map(
        (stage) => build(stage).find(({ kind }) => kind === 'ConfigMap')?.metadata.name,
      );
      expect(new Set(names).size).toBe(2);
    });
  });
});
