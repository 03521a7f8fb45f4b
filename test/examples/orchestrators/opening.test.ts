/** What each example gives to envseal opens the file, with the rights that the example says and no more. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { BARE } from '../../e2e/aws.ts';
import { envseal, type Outcome } from '../../e2e/program.ts';
import { CANARY } from '../../e2e/transcript.ts';
import { accessToken } from '../../servers/google/access-tokens.ts';
import { PROJECT } from '../../servers/google/defaults.ts';
import {
  ACCESS_KEY_ID,
  type AccessKey,
  type CloudWatchServer,
  type GcpLoggingServer,
  type GcsServer,
  type S3Server,
  type Statement,
  startCloudWatchLogs,
  startGcpLogging,
  startGcs,
  startS3,
} from '../../servers/start.ts';
import { parseManifests, podOf, read, type Variables, variablesOf } from './examples.ts';

const REGION = 'eu-west-1';
const TEXT = `DATABASE_URL=postgres://${CANARY}@db/1\n`;

const POLICY: Statement[] = JSON.parse(read('ecs/task-role-policy.json')).Statement.map(
  ({ Action, Resource }: { Action: string | string[]; Resource: string }) => ({
    actions: [Action].flat(),
    resources: [Resource],
  }),
);

const ANYTHING: Statement[] = [{ actions: ['*'], resources: ['*'] }];
const KEY_OF_POLICY =
  POLICY.flatMap(({ resources }) => resources).find((arn) => arn.startsWith('arn:aws:kms:')) ?? '';

const ROLE: AccessKey = {
  accessKeyId: 'ASIDTESTROLETEST',
  secretAccessKey: 'test/secrets+access/key+of+forty+letters',
  sessionToken: 'session-of-the-role',
  arn: 'arn:aws:sts::111122223333:assumed-role/snacks-api/session',
  allow: POLICY,
};

/** The variables of the first container of each manifest that has one. */
function ofManifests(name: string): Variables {
  const pods = parseManifests(read(name)).map(podOf);
  const container = pods.find((pod) => pod !== undefined)?.containers[0];
  if (container === undefined) throw new Error(`${name} has no container`);
  return variablesOf(container);
}

function ofOverlay(stage: string): Variables {
  const literals = ['base', `overlays/${stage}`].flatMap(
    (folder) => parse(read(`kustomize/${folder}/kustomization.yaml`)).configMapGenerator[0].literals,
  );
  return Object.fromEntries(literals.map((each: string) => each.split(/=(.*)/s).slice(0, 2)));
}

function ofTask(): Variables {
  const [container] = JSON.parse(read('ecs/task-definition.json')).containerDefinitions;
  const pairs = container.environment.map(({ name, value }: { name: string; value: string }) => [
    name,
    value,
  ]);
  // ECS says the region by itself.
  return { ...Object.fromEntries(pairs), AWS_REGION: REGION };
}

function ofNomad(): Variables {
  const [, block = ''] = /\benv \{(.*?)\n {6}\}/s.exec(read('nomad/api.nomad.hcl')) ?? [];
  const all = Array.from(block.matchAll(/^ +(\w+) += "(.*)"$/gm), ([, name, value]) => [name, value]);
  // The role itself is played by its keys here.
  return Object.fromEntries(all.filter(([name]) => !/^AWS_(ROLE|WEB)/.test(name as string)));
}

const ON_AWS: readonly (readonly [string, Variables])[] = [
  ['kubernetes/eks-irsa.yaml', ofManifests('kubernetes/eks-irsa.yaml')],
  ['kubernetes/eks-pod-identity.yaml', ofManifests('kubernetes/eks-pod-identity.yaml')],
  ['kubernetes/job.yaml', ofManifests('kubernetes/job.yaml')],
  // The stages have a key each, and the policy is written for the one of the other examples.
  ['kustomize/overlays/prod', { ...ofOverlay('prod'), ENVSEAL_KMS_KEY: KEY_OF_POLICY }],
  ['rancher/1.6', parse(read('rancher/1.6/docker-compose.yml')).services.api.environment],
  ['ecs/task-definition.json', ofTask()],
  ['nomad/api.nomad.hcl', ofNomad()],
];

const ON_GOOGLE: readonly (readonly [string, Variables])[] = [
  ['kubernetes/gke-workload-identity.yaml', ofManifests('kubernetes/gke-workload-identity.yaml')],
  ['kubernetes/cronjob.yaml', ofManifests('kubernetes/cronjob.yaml')],
  ['cloud-run/service.yaml', ofManifests('cloud-run/service.yaml')],
];

const OPENED: Outcome = {
  status: 0,
  signal: null,
  stdout: `${TEXT.trim().slice('DATABASE_URL='.length)}\n`,
  stderr: '',
};
const COMMAND = ['run', '--', 'printenv', 'DATABASE_URL'];

describe('on AWS', () => {
  let s3: S3Server;
  let watch: CloudWatchServer;

  beforeAll(async () => {
    [s3, watch] = await Promise.all([startS3(), startCloudWatchLogs()]);
  });
  afterAll(() => Promise.all([s3.stop(), watch.stop()]));
  beforeEach(() => Promise.all([s3.reset(), watch.reset()]));

  async function open(variables: Variables, { allow = POLICY, key = variables.ENVSEAL_KMS_KEY ?? '' } = {}) {
    // The test server asks the key who may use it, and not the role.
    const mayOpen = allow.some(({ actions, resources }) =>
      [actions, resources].every((each, at) => ['*', ['kms:Decrypt', key][at]].includes(each[0])),
    );
    const users = [ACCESS_KEY_ID, ...(mayOpen ? [ROLE.accessKeyId] : [])];
    await s3.kmsKey({ arn: key, allow: { 'kms:Decrypt': users } });
    await s3.bucket('snacks', { region: REGION });
    await s3.put('snacks', 'prod/env', TEXT, { sse: 'aws:kms', kmsKeyId: key });
    await watch.group({ name: 'envseal', region: REGION });
    for (const server of [s3, watch]) await server.accessKey({ ...ROLE, allow });
    const env = {
      ...BARE,
      ...variables,
      AWS_ENDPOINT_URL_S3: s3.endpoints[REGION] ?? '',
      AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: watch.endpoints[REGION] ?? '',
      AWS_ACCESS_KEY_ID: ROLE.accessKeyId,
      AWS_SECRET_ACCESS_KEY: ROLE.secretAccessKey,
      AWS_SESSION_TOKEN: ROLE.sessionToken ?? '',
    };
    return await envseal(COMMAND, { env });
  }

  test.each(ON_AWS)('%s opens the file and reports it', async (_, variables) => {
    expect(await open(variables, { key: KEY_OF_POLICY })).toEqual(OPENED);
    const told = JSON.stringify(await watch.requests());
    expect(told).toContain('PutLogEvents');
    expect(told).not.toContain(CANARY);
  });

  test.each(ON_AWS)('%s refuses the file under another key', async (_, variables) => {
    const key = `arn:aws:kms:${REGION}:111122223333:key/9999abcd-12ab-34cd-56ef-1234567890ab`;
    const { status, stdout, stderr } = await open(variables, { allow: ANYTHING, key });
    expect({ status, stdout }).toEqual({ status: 65, stdout: '' });
    expect(stderr).toContain(key);
  });

  test.each(POLICY.map((statement, index) => [statement.actions.join(), index] as const))(
    'without %s it does not do what it says',
    async (actions, index) => {
      const [[, variables]] = ON_AWS as [(typeof ON_AWS)[number]];
      const allow = POLICY.filter((_, other) => other !== index);
      const { status, stderr } = await open(variables, { allow });
      if (actions.startsWith('logs:'))
        expect({ status, warned: stderr !== '' }).toEqual({ status: 0, warned: true });
      else expect(status).toBe(77);
    },
  );
});
describe('on Google Cloud', () => {
  let gcs: GcsServer;
  let logging: GcpLoggingServer;

  beforeAll(async () => {
    [gcs, logging] = await Promise.all([startGcs(), startGcpLogging()]);
  });
  afterAll(() => Promise.all([gcs.stop(), logging.stop()]));
  beforeEach(() => Promise.all([gcs.reset(), logging.reset()]));

  async function open(variables: Variables, kmsKeyName = variables.ENVSEAL_KMS_KEY ?? '') {
    await gcs.kmsKey({ name: kmsKeyName });
    await gcs.put('snacks-prod', 'env', TEXT, { kmsKeyName });
    const env = {
      ...BARE,
      METADATA_SERVER_DETECTION: 'none',
      ...variables,
      // The test server has one project.
      ENVSEAL_EVENT_SINK: variables.ENVSEAL_EVENT_SINK?.replace('snacks-prod', PROJECT) ?? '',
      GOOGLE_OAUTH_ACCESS_TOKEN: accessToken(),
      CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: gcs.url,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_LOGGING: logging.url,
    };
    return await envseal(COMMAND, { env });
  }

  test.each(ON_GOOGLE)('%s opens the file and reports it', async (_, variables) => {
    expect(await open(variables)).toEqual(OPENED);
    const [body = '', ...more] = await logging.bodies();
    expect(more).toEqual([]);
    expect(body).toContain('envseal.access.granted');
    expect(body).not.toContain(CANARY);
  });

  test.each(ON_GOOGLE)('%s refuses the file under another key', async (_, variables) => {
    const { status, stdout } = await open(variables, `${variables.ENVSEAL_KMS_KEY}-of-others`);
    expect({ status, stdout }).toEqual({ status: 65, stdout: '' });
  });
});
