/**
 * examples/helm. Building Helm takes minutes, so what it made of the chart is kept in `helm-rendered.json`, beside the hash of
 * what it was made of. Where there is a helm, it renders again; elsewhere a changed chart fails. To renew the file:
 *
 *     GOBIN=$PWD/.cache/go/bin go install helm.sh/helm/v3/cmd/helm@v3.22.0
 *     TEST_RENDER=1 npx vitest run --project source test/examples/orchestrators/helm.test.ts
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { variableOf } from '../../../src/own-variables.ts';
import { SETTINGS } from '../../../src/settings.ts';
import { helmProgram } from '../../real/programs.ts';
import { skipFor } from '../../skip.ts';
import { type Container, FOLDER, filesOf, parseManifests, podOf, read, variablesOf } from './examples.ts';
import { violationsOf } from './restricted.ts';
import { faultsOf } from './schema.ts';

const RECORD = join(import.meta.dirname, 'helm-rendered.json');
const WAYS = ['initContainer', 'imageVolume'] as const;
const FILES = filesOf('helm').filter((name) => !name.endsWith('.md'));

interface Record {
  readonly helm: string;
  readonly chart: string;
  readonly rendered: { readonly [W in (typeof WAYS)[number]]: string };
}

function hashOfChart(): string {
  const hash = createHash('sha256');
  for (const name of FILES) hash.update(`${name}\0${read(name)}\0`);
  return hash.digest('hex');
}

const helm = helmProgram();

function template(...flags: string[]) {
  const chart = join(FOLDER, 'helm/envseal-wrap');
  // A helm that is built from the module takes itself to be for an old Kubernetes.
  const words = ['template', 'reports', chart, '--namespace', 'snacks', '--kube-version', '1.36.0', ...flags];
  return spawnSync(helm ?? '', words, { encoding: 'utf8' });
}

const VALUES = ['--values', join(FOLDER, 'helm/values-prod.yaml')];

function render(via: string): string {
  const { status, stdout, stderr } = template(...VALUES, '--set', `envseal.via=${via}`);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

if (helm !== undefined && process.env.TEST_RENDER) {
  const rendered = Object.fromEntries(WAYS.map((via) => [via, render(via)]));
  const version = execFileSync(helm, ['version', '--short'], { encoding: 'utf8' }).trim();
  writeFileSync(RECORD, `${JSON.stringify({ helm: version, chart: hashOfChart(), rendered }, null, 2)}\n`);
}
const record: Record = JSON.parse(readFileSync(RECORD, 'utf8'));

test('what Helm made of it was made of this chart', () => {
  expect(record.chart, 'render it again: the first lines of this file say how').toBe(hashOfChart());
});

const noHelm = helm === undefined && 'needs helm: the first lines of helm.test.ts say how to get it';
describe('helm itself', skipFor(noHelm), () => {
  test.each(WAYS)('still makes the same of it, by %s', (via) => {
    expect(render(via)).toBe(record.rendered[via]);
  });

  test('finds nothing to complain about', () => {
    const chart = join(FOLDER, 'helm/envseal-wrap');
    const words = ['lint', chart, ...VALUES, '--strict', '--kube-version', '1.36.0'];
    expect(execFileSync(helm ?? '', words, { encoding: 'utf8' })).toContain('0 chart(s) failed');
  });

  test.each([
    ['without a source and a key', []],
    ['with a setting of envseal among the other variables', [...VALUES, '--set', 'env.ENVSEAL_TIMEOUT=60']],
    ['with a way that there is not', [...VALUES, '--set', 'envseal.via=sidecar']],
    ['with a value that there is not', [...VALUES, '--set', 'envseal.kmsKey=alias/a']],
  ])('refuses a release %s', (_, flags) => {
    const { status, stderr } = template(...flags);
    expect(status).toBe(1);
    expect(stderr).toContain("values don't meet the specifications of the schema");
  });
});

describe.each(WAYS)('by %s', (via) => {
  const manifests = parseManifests(record.rendered[via]);
  const pod = manifests.map(podOf).find((found) => found !== undefined);
  const [app] = pod?.containers ?? ([] as Container[]);

  test('fits Kubernetes’ schema, and is admitted where pods are restricted', async () => {
    expect(manifests.map(({ kind }) => kind)).toEqual(['ServiceAccount', 'Deployment']);
    for (const manifest of manifests) expect(await faultsOf(manifest)).toEqual([]);
    expect(pod && violationsOf(pod)).toEqual([]);
  });

  test('envseal comes before what the image runs', () => {
    expect([app?.command, app?.args]).toEqual([
      ['/opt/envseal/envseal', 'run', '--', '/docker-entrypoint.sh'],
      ['serve'],
    ]);
    expect(app?.volumeMounts?.[0]).toMatchObject({ mountPath: '/opt/envseal', readOnly: true });
  });

  test('has settings that envseal knows', () => {
    const names = Object.keys(variablesOf(app as Container)).filter((name) => name.startsWith('ENVSEAL_'));
    const known = Object.keys(SETTINGS).map(variableOf);
    expect(names).toContain('ENVSEAL_REQUIRE');
    expect(names.filter((name) => !known.includes(name))).toEqual([]);
  });
});

test('the values fit the schema as they are, but for what each release has to say', () => {
  const validate = new Ajv({ strict: true, strictTypes: false, allErrors: true }).compile(
    JSON.parse(read('helm/envseal-wrap/values.schema.json')),
  );
  const values = parse(read('helm/envseal-wrap/values.yaml'));
  validate(values);
  expect(validate.errors?.map(({ instancePath, keyword }) => [instancePath, keyword])).toEqual([
    ['/envseal/sources', 'minItems'],
    ['/envseal/kmsKeys', 'minItems'],
  ]);
});
