/** The Kubernetes examples as podman plays them, from images that are built here and clouds of this machine. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { filesWith } from '../../container/files-with.ts';
import { CANARY } from '../../e2e/transcript.ts';
import { available, describeReal } from '../../real/available.ts';
import { pinnedProgram } from '../../real/programs.ts';
import { accessToken } from '../../servers/google/access-tokens.ts';
import {
  ACCESS_KEY_ID,
  type CloudWatchServer,
  type GcsServer,
  kmsKeyArn,
  type S3Server,
  SECRET_ACCESS_KEY,
  startCloudWatchLogs,
  startGcs,
  startS3,
} from '../../servers/start.ts';
import { FOLDER, type Manifest, parseManifests, read, type Variables } from './examples.ts';
import { type Cluster, play, startCluster } from './pods.ts';

const SECOND_MS = 1000;
const REGION = 'eu-west-1';
const KEYS = [kmsKeyArn(REGION), kmsKeyArn(REGION).replace('1234abcd', '5678abcd')] as const;
const CLOUD_KEY = 'projects/snacks-prod/locations/europe-west1/keyRings/env/cryptoKeys/api';
const URL_VALUE = `postgres://${CANARY}@db/1`;
const TEXT = `DATABASE_URL=${URL_VALUE}\nSESSION_KEY=${CANARY}\n`;

const ofFile = (name: string) => () => parseManifests(read(`kubernetes/${name}.yaml`));
const ofChart = () => {
  const { rendered } = JSON.parse(readFileSync(join(import.meta.dirname, 'helm-rendered.json'), 'utf8'));
  return parseManifests(rendered.initContainer);
};
const ofOverlay = () =>
  parseManifests(
    execFileSync(pinnedProgram('kustomize'), ['build', join(FOLDER, 'kustomize/overlays/prod')], {
      encoding: 'utf8',
    }),
  );

const BOTH = ['DATABASE_URL', 'SESSION_KEY'];
const EXAMPLES: readonly (readonly [string, () => Manifest[], string, readonly string[]])[] = [
  ['eks-irsa', ofFile('eks-irsa'), '', BOTH],
  ['eks-pod-identity', ofFile('eks-pod-identity'), '', BOTH],
  ['gke-workload-identity', ofFile('gke-workload-identity'), '', BOTH],
  ['the pod of job', ofFile('job'), 'migrate', ['DATABASE_URL']],
  ['the pod of cronjob', ofFile('cronjob'), 'report', BOTH],
  ['init-container', ofFile('init-container'), 'serve', BOTH],
  ['image-volume', ofFile('image-volume'), 'serve', BOTH],
  ['what Helm made of the chart', ofChart, 'serve', BOTH],
  ...(available('kustomize') ? [] : [['the overlay prod of Kustomize', ofOverlay, '', BOTH] as const]),
];

describeReal(['podman', 'busybox', 'host'], 'played by podman', () => {
  let cluster: Cluster;
  let s3: S3Server;
  let gcs: GcsServer;
  let watch: CloudWatchServer;
  let variables: Variables;

  beforeAll(async () => {
    [s3, gcs, watch, cluster] = await Promise.all([
      startS3(),
      startGcs(),
      startCloudWatchLogs(),
      startCluster(),
    ]);
    await s3.bucket('snacks', { region: REGION });
    for (const arn of KEYS) await s3.kmsKey({ arn });
    await s3.put('snacks', 'prod/reports', TEXT, { sse: 'aws:kms', kmsKeyId: KEYS[0] });
    await watch.group({ name: 'envseal', region: REGION });
    await gcs.kmsKey({ name: CLOUD_KEY });
    await gcs.put('snacks-prod', 'env', TEXT, { kmsKeyName: CLOUD_KEY });
    variables = {
      AWS_ENDPOINT_URL_S3: s3.endpoints[REGION] ?? '',
      AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: watch.endpoints[REGION] ?? '',
      AWS_ACCESS_KEY_ID: ACCESS_KEY_ID,
      AWS_SECRET_ACCESS_KEY: SECRET_ACCESS_KEY,
      GOOGLE_OAUTH_ACCESS_TOKEN: accessToken(),
      CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: gcs.url,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_LOGGING: gcs.url,
    };
  }, 300 * SECOND_MS);

  afterAll(async () => {
    await Promise.all([s3?.stop(), gcs?.stop(), watch?.stop()]);
    await cluster?.[Symbol.asyncDispose]();
  });

  test.each(EXAMPLES)(
    '%s: the application has the variables, and nothing else does',
    async (title, make, words, names) => {
      const key = title.includes('Kustomize') ? KEYS[1] : KEYS[0];
      await s3.put('snacks', 'prod/env', TEXT, { sse: 'aws:kms', kmsKeyId: key });
      const pod = await play(cluster, make(), variables);

      expect(await pod.proof('url')).toBe(createHash('sha256').update(URL_VALUE).digest('hex'));
      expect(await pod.proof('arguments')).toBe(words);
      expect([await pod.proof('pid'), await pod.proof('user')]).toEqual(['1', '65532']);
      const got = (await pod.proof('names')).split(' ');
      expect(got.filter((name) => BOTH.includes(name))).toEqual(names);
      expect(got.filter((name) => name.startsWith('ENVSEAL_'))).toEqual([]);

      const shown = await pod.shown();
      expect(shown).toContain('ENVSEAL_SOURCE');
      expect(shown).not.toContain(CANARY);
      expect(await filesWith(CANARY, [pod.storage])).toEqual([]);
    },
  );

  test('the events say which pod it was', async () => {
    await s3.put('snacks', 'prod/env', TEXT, { sse: 'aws:kms', kmsKeyId: KEYS[0] });
    const { name } = await play(cluster, ofFile('eks-irsa')(), variables);
    const streams = (await watch.streams('envseal', REGION)) ?? [];
    const events = await Promise.all(streams.map((stream) => watch.received('envseal', stream, REGION)));
    const places = events.flatMap((each) => each ?? []).map(({ message }) => JSON.parse(message).data.place);
    expect(places).toContainEqual(expect.objectContaining({ pod: name }));
    expect(JSON.stringify(events)).not.toContain(CANARY);
  });
});
