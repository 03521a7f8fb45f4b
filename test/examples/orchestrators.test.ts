/** The examples for orchestrators: what all of them promise, and what those outside of Kubernetes have to be. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { DEFAULT_EVENT_TIMEOUT_SECONDS, DEFAULT_TIMEOUT_SECONDS } from '../../src/limits-and-defaults.ts';
import { SECRET_VARIABLES, variableOf } from '../../src/own-variables.ts';
import { SETTINGS } from '../../src/settings.ts';
import { describeReal } from '../real/available.ts';
import { pinnedProgram } from '../real/programs.ts';
import { FOLDER, filesOf, type Manifest, OURS, parseManifests, read } from './orchestrators/examples.ts';
import { faultsOf } from './orchestrators/schema.ts';

const FILES = OURS.flatMap(filesOf);
const KUBERNETES = FILES.filter((name) => /^kubernetes\/.*\.yaml$/.test(name));

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

const NAMES = new Set([
  ...Object.keys(SETTINGS).map(variableOf),
  ...SECRET_VARIABLES.flatMap((name) => [name, `${name}_FILE`]),
]);

describe('every file', () => {
  test.each(FILES)('knows no variable that envseal does not know: %s', (name) => {
    const named = Array.from(read(name).matchAll(/\bENVSEAL_[A-Z_]*[A-Z]/g), ([word]) => word);
    expect(named.filter((word) => !NAMES.has(word))).toEqual([]);
  });

  test.each(FILES)('gives envseal flags that it knows: %s', (name) => {
    const commands = Array.from(read(name).matchAll(/envseal run (.*?)-- /g), ([, flags]) => flags as string);
    const flags = commands.flatMap((each) => each.match(/--[a-z-]+/g) ?? []);
    expect(flags.filter((flag) => !(flag.slice(2) in SETTINGS))).toEqual([]);
  });

  // Access keys, tokens, private keys, passwords in URLs; and variables whose name says that their value is one.
  test.each(FILES)('has no secret: %s', (name) => {
    const text = read(name);
    expect(text).not.toMatch(
      /\b(AKIA|ASIA)[A-Z0-9]{12}|AGE-SECRET-KEY-|eyJ|ya29\.|BEGIN [A-Z ]*PRIVATE|:\/\/[^\s/]*:[^\s/]*@/,
    );
    expect(text).not.toMatch(/(PASSWORD|SECRET|TOKEN|ACCESS_KEY(_ID)?)"?[=:]/);
    expect(text).not.toMatch(/^kind: Secret$/m);
  });

  test.each(FILES)('names images of envseal by this version: %s', (name) => {
    const tags = Array.from(read(name).matchAll(/[/ "]envseal(?:-init)?:([\w.-]+)/g), ([, tag]) => tag);
    expect(tags.filter((tag) => tag !== version)).toEqual([]);
  });

  test.each(FILES.filter((name) => name.endsWith('.md')))('links to what is there: %s', (name) => {
    const links = Array.from(
      read(name).matchAll(/\]\(([^):#]+)(?:#[^)]*)?\)/g),
      ([, link]) => link as string,
    );
    expect(links.filter((link) => !existsSync(join(FOLDER, dirname(name), link)))).toEqual([]);
  });
});

describe('Rancher', () => {
  test('1.6: both files have the same services, and the time to start covers envseal’s', () => {
    const compose = parse(read('rancher/1.6/docker-compose.yml'));
    const rancher = parse(read('rancher/1.6/rancher-compose.yml'));
    expect([compose.version, rancher.version]).toEqual(['2', '2']);
    expect(Object.keys(rancher.services)).toEqual(Object.keys(compose.services));
    const milliseconds = rancher.services.api.health_check.initializing_timeout;
    expect(milliseconds).toBeGreaterThan((DEFAULT_TIMEOUT_SECONDS + DEFAULT_EVENT_TIMEOUT_SECONDS) * 1000);
  });

  test('2: each stage that the GitRepo targets has an overlay, and no other', () => {
    const repo = parse(read('rancher/fleet/gitrepo.yaml'));
    const { targetCustomizations } = parse(read('kustomize/fleet.yaml'));
    expect(repo.spec.paths.every((path: string) => existsSync(join(path, 'fleet.yaml')))).toBe(true);
    const [expression] = repo.spec.targets[0].clusterSelector.matchExpressions;
    const stages = targetCustomizations.map(
      (each: { clusterSelector: { matchLabels: { stage: string } } }) =>
        each.clusterSelector.matchLabels.stage,
    );
    expect(expression).toEqual({ key: 'stage', operator: 'In', values: stages });
    for (const { kustomize } of targetCustomizations)
      expect(existsSync(join(FOLDER, 'kustomize', kustomize.dir, 'kustomization.yaml'))).toBe(true);
  });
});

describeReal('otlp', 'ECS', () => {
  const check = (path: string) =>
    execFileSync(pinnedProgram('otlp'), [join(import.meta.dirname, 'orchestrators/ecs.py'), path], {
      encoding: 'utf8',
    });

  test('the task definition is one by AWS’s own model', () => {
    expect(check(join(FOLDER, 'ecs/task-definition.json'))).toBe('');
  });
});

describe('ECS', () => {
  const task = JSON.parse(read('ecs/task-definition.json'));

  test('the role of the task is not the one that pulls the image', () => {
    expect(task.taskRoleArn).not.toBe(task.executionRoleArn);
  });

  test('no variable comes from anywhere but the sealed file', () => {
    const [container] = task.containerDefinitions;
    expect(Object.keys(container)).not.toContain('secrets');
    expect(Object.keys(container)).not.toContain('environmentFiles');
    expect(container).toMatchObject({ readonlyRootFilesystem: true, user: '65532:65532' });
  });
});

describe('Cloud Run', () => {
  const [service] = parseManifests(read('cloud-run/service.yaml')) as [Manifest];
  const { serviceAccountName, timeoutSeconds, ...rest } = service.spec.template.spec;

  test('its containers fit the schema of Kubernetes, of which Cloud Run’s is a part', async () => {
    const containers = rest.containers.map((container: object) => ({ name: 'api', ...container }));
    // Cloud Run fills in the port, which Kubernetes requires.
    for (const { startupProbe } of containers) startupProbe.httpGet.port = 'http1';
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: { ...rest, containers } };
    expect(await faultsOf(pod)).toEqual([]);
  });

  test('a service account of its own, and time to start', () => {
    expect(serviceAccountName).toMatch(/@.*\.iam\.gserviceaccount\.com$/);
    expect(timeoutSeconds).toBeLessThanOrEqual(3600);
    const { periodSeconds, failureThreshold } = rest.containers[0].startupProbe;
    expect(periodSeconds * failureThreshold).toBeGreaterThan(DEFAULT_TIMEOUT_SECONDS);
    // https://docs.cloud.google.com/run/docs/configuring/healthchecks
    expect(periodSeconds * failureThreshold).toBeLessThanOrEqual(240);
  });
});

describeReal('hclfmt', 'Nomad', () => {
  test('is formatted HCL', () => {
    execFileSync(pinnedProgram('hclfmt'), ['-check', join(FOLDER, 'nomad/api.nomad.hcl')]);
  });
});

test('Nomad: the token file is the one that the identity writes', () => {
  const text = read('nomad/api.nomad.hcl');
  const [, name] = /identity \{\s+name = "(\w+)"/.exec(text) ?? [];
  expect(text).toContain(`AWS_WEB_IDENTITY_TOKEN_FILE = "\${NOMAD_SECRETS_DIR}/nomad_${name}.jwt"`);
});

test('examples/README.md: each folder and file that users can copy has its line', () => {
  const links = Array.from(
    read('README.md').matchAll(/^\| \[[^\]]*\]\(([^)]+)\)/gm),
    ([, link]) => link as string,
  );
  expect(links.filter((link) => !existsSync(join(FOLDER, link)))).toEqual([]);
  const folders = new Set(filesOf('.').flatMap((name) => name.split('/').slice(0, -1)[0] ?? []));
  expect([...folders].filter((each) => !links.some((link) => link.split('/')[0] === each))).toEqual([]);
  expect(KUBERNETES.filter((name) => !links.includes(name))).toEqual([]);
});
