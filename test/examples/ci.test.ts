/**
 * The pipelines of examples/ci: each of their scripts is run by sh with the built executable, as the role that the
 * examples say it needs.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { folder } from '../e2e/folder.ts';
import type { Outcome } from '../e2e/program.ts';
import { CANARY } from '../e2e/transcript.ts';
import { urlExternalAccount } from '../servers/google/credential-files.ts';
import { mintSubjectToken, OIDC_AUDIENCE } from '../servers/google/subject-tokens.ts';
import { CA_FILE, CLOUD_KMS_KEY } from '../servers/start.ts';
import {
  awsEndpoints,
  type Bench,
  checkout,
  googleEndpoints,
  sh,
  startedFrom,
  useBench,
  VALUES,
  versionsOf,
} from './ci/bench.ts';
import {
  expand,
  fillExpressions,
  githubStep,
  githubWorkflow,
  gitlabFile,
  gitlabStep,
  type Job,
  jenkinsStages,
  jenkinsStep,
  read,
  type Step,
  type Variables,
} from './ci/pipelines.ts';
import {
  ACCOUNTS,
  credentialsOf,
  type GoogleJob,
  makeRole,
  makeServiceAccount,
  ROLES,
  stageOf,
} from './ci/rights.ts';
import { AWS_KEYS } from './ci/stages.ts';

const bench = useBench();

const ID_TOKEN = `eyJ.${CANARY}.of-the-job`;

interface Pipeline<J extends Job> {
  readonly name: string;
  /** The scripts of the job with all variables that CI gives them, as the role of that or of another job. */
  readonly step: (bench: Bench, job: J, role: J, cwd: string) => Promise<Step>;
}

async function runs<J extends Job>(pipeline: Pipeline<J>, job: J, cwd: string, role = job): Promise<Outcome> {
  const { script, after, variables } = await pipeline.step(bench(), job, role, cwd);
  const outcome = await sh(script, cwd, variables);
  expect(await sh(after, cwd, variables)).toMatchObject({ status: 0, stderr: '' });
  return outcome;
}

const done = (stdout: string): Outcome => ({ status: 0, signal: null, stdout, stderr: '' });
const CHECKED = 'the environment: 2 variables, no errors\n';

const awsVariables = (job: Job): Variables => ({
  ENV_TARGET: 's3://snacks',
  ENVSEAL_KMS_KEY: AWS_KEYS[stageOf(job)],
  ENVSEAL_EVENT_SINK: 'cloudwatch://envseal/ci',
});

const ON_AWS: readonly Pipeline<Job>[] = [
  {
    name: 'GitHub Actions',
    step: async (bench, job, role) => {
      const { variables, ...step } = githubStep(job, awsVariables(job));
      // As aws-actions/configure-aws-credentials leaves them behind.
      const credentials = credentialsOf(await makeRole(bench, role, ID_TOKEN));
      return { ...step, variables: { ...awsEndpoints(bench), ...credentials, ...variables } };
    },
  },
  {
    name: 'GitLab CI',
    step: async (bench, job, role, cwd) => {
      await makeRole(bench, role, ID_TOKEN);
      const ofProject = { ...awsVariables(job), AWS_ROLE_ARN: ROLES[role] };
      const ofJob = { CI_PROJECT_DIR: cwd, AWS_ID_TOKEN: ID_TOKEN };
      const { variables, ...step } = gitlabStep(job, '.aws', { ...ofProject, ...ofJob });
      return { ...step, variables: { ...awsEndpoints(bench), ...variables } };
    },
  },
  {
    name: 'Jenkins',
    step: async (bench, job, role) => {
      await makeRole(bench, role, ID_TOKEN);
      const { variables, ...step } = jenkinsStep(job);
      const AWS_WEB_IDENTITY_TOKEN_FILE = join(folder({ token: ID_TOKEN }), 'token');
      const ofRole = { AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN: ROLES[role] };
      return { ...step, variables: { ...awsEndpoints(bench), ...variables, ...ofRole } };
    },
  },
];

describe.each(ON_AWS)('$name on AWS', (pipeline) => {
  test('lint says by name what a deploy would change, and stores nothing', async () => {
    const cwd = await checkout(bench());
    expect(await runs(pipeline, 'lint', cwd)).toMatchObject({
      status: 0,
      stdout: `${CHECKED}s3://snacks/dev/env would be new\n`,
    });
    const seal = { sse: 'aws:kms', kmsKeyId: AWS_KEYS.dev } as const;
    await bench().clouds.s3.put('snacks', 'dev/env', `APP_TOKEN=${CANARY}\nAPP_OLD=${CANARY}\n`, seal);
    expect(await runs(pipeline, 'lint', cwd)).toEqual(
      done(`${CHECKED}  added    APP_DB_URL\n  changed  APP_TOKEN\n  removed  APP_OLD\n`),
    );
    expect(await versionsOf(bench(), 's3://snacks/dev/env')).toBe(1);
  });

  test.each(['dev', 'prod'] as const)('deploy stores %s once, and a start opens it', async (stage) => {
    const [job, key, uri] = [`deploy ${stage}`, AWS_KEYS[stage], `s3://snacks/${stage}/env`] as const;
    const cwd = await checkout(bench(), { key, stage });
    const { status, stdout } = await runs(pipeline, job, cwd);
    expect(status).toBe(0);
    expect(stdout).toMatch(
      new RegExp(
        `\n${uri}: stored as version .*, sealed by sse-kms \\(${key}\\)\n  added    APP_DB_URL, APP_TOKEN\n$`,
      ),
    );
    expect(await startedFrom(bench(), uri, key)).toEqual(VALUES);
    expect(await runs(pipeline, job, cwd)).toEqual(done(`${CHECKED}no differences\n${uri}: unchanged\n`));
    expect(await versionsOf(bench(), uri)).toBe(1);
  });

  test('each opening and each deploy is an event', async () => {
    await runs(pipeline, 'deploy dev', await checkout(bench()));
    const received = JSON.stringify(await bench().watch.received('envseal', 'ci'));
    expect(received).not.toContain(CANARY);
    expect(received).toContain('s3://snacks/dev/env');
    const types = Array.from(received.matchAll(/envseal\.(access|change)\.\w+/g), ([type]) => type);
    expect(new Set(types)).toEqual(
      new Set(['envseal.access.granted', 'envseal.access.failed', 'envseal.change.copied']),
    );
  });

  test('a pull request cannot deploy, and dev cannot deploy prod', async () => {
    const cwd = await checkout(bench());
    expect(await runs(pipeline, 'deploy dev', cwd, 'lint')).not.toMatchObject({ status: 0 });
    const prod = await checkout(bench(), { key: AWS_KEYS.prod, stage: 'prod' });
    expect(await runs(pipeline, 'deploy prod', prod, 'deploy dev')).toMatchObject({ status: 77 });
    const puts = (await bench().clouds.s3.requests()).filter(({ method }) => method === 'PUT');
    expect(puts.filter(({ status }) => status === 200)).toEqual([]);
  });
});

const GOOGLE_VARIABLES: Variables = {
  ENV_TARGET: 'gs://snacks-dev',
  ENVSEAL_KMS_KEY: CLOUD_KMS_KEY,
  ENVSEAL_EVENT_SINK: '',
};

const ON_GOOGLE: readonly Pipeline<GoogleJob>[] = [
  {
    name: 'GitHub Actions',
    step: async (bench, job, role) => {
      await makeServiceAccount(bench, role);
      const { variables, ...step } = githubStep(job, GOOGLE_VARIABLES);
      // As google-github-actions/auth leaves it behind: the job's token comes from a URL.
      const file = urlExternalAccount(bench.tokens.url, { field: 'value', impersonate: ACCOUNTS[role] });
      const GOOGLE_APPLICATION_CREDENTIALS = join(
        folder({ 'gha-creds.json': JSON.stringify(file) }),
        'gha-creds.json',
      );
      return {
        ...step,
        variables: { ...googleEndpoints(bench), ...variables, GOOGLE_APPLICATION_CREDENTIALS },
      };
    },
  },
  {
    name: 'GitLab CI',
    step: async (bench, job, role, cwd) => {
      await makeServiceAccount(bench, role);
      await bench.proxy.map({ '*.googleapis.com:443': bench.secureTokens.host });
      const ofProject = {
        ...GOOGLE_VARIABLES,
        GOOGLE_PROVIDER: OIDC_AUDIENCE.replace('//iam.googleapis.com/', ''),
        GOOGLE_SERVICE_ACCOUNT: ACCOUNTS[role],
      };
      const ofJob = { CI_PROJECT_DIR: cwd, GOOGLE_ID_TOKEN: mintSubjectToken() };
      const { variables, ...step } = gitlabStep(job, '.google', { ...ofProject, ...ofJob });
      const network = { HTTPS_PROXY: bench.proxy.url, SSL_CERT_FILE: CA_FILE };
      return { ...step, variables: { ...googleEndpoints(bench), ...network, ...variables } };
    },
  },
];

describe.each(ON_GOOGLE)('$name on Google Cloud', (pipeline) => {
  const uri = 'gs://snacks-dev/dev/env';

  test('lint says what would be new, deploy stores it once, and a start opens it', async () => {
    const cwd = await checkout(bench(), { key: CLOUD_KMS_KEY });
    expect(await runs(pipeline, 'lint', cwd)).toMatchObject({
      status: 0,
      stdout: `${CHECKED}${uri} would be new\n`,
    });
    expect(await runs(pipeline, 'deploy dev', cwd)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(': stored as version '),
    });
    expect(await startedFrom(bench(), uri, CLOUD_KMS_KEY)).toEqual(VALUES);
    expect(await runs(pipeline, 'deploy dev', cwd)).toEqual(
      done(`${CHECKED}no differences\n${uri}: unchanged\n`),
    );
    expect(await versionsOf(bench(), uri)).toBe(1);
  });

  test('a pull request cannot deploy', async () => {
    const cwd = await checkout(bench(), { key: CLOUD_KMS_KEY });
    expect(await runs(pipeline, 'deploy dev', cwd, 'lint')).not.toMatchObject({ status: 0 });
    expect(await bench().clouds.gcs.stored('snacks-dev', 'dev/env')).toBeNull();
  });
});

describe('GitHub Actions', () => {
  const { on, permissions, jobs } = githubWorkflow();

  test('runs for pull requests and for what is merged', () => {
    expect(on).toEqual({ pull_request: null, push: { branches: ['main'] } });
    expect(jobs.lint?.if).toContain("github.event_name == 'pull_request' && ");
    expect(jobs.deploy?.if).toBe("github.event_name == 'push'");
  });

  test('each job may ask for a token and read the repository, and nothing else', () => {
    expect(permissions).toEqual({});
    for (const job of Object.values(jobs))
      expect(job.permissions).toEqual({ contents: 'read', 'id-token': 'write' });
  });

  test('stages one after the other, each in its environment, one run at a time', () => {
    expect(jobs.deploy).toMatchObject({
      strategy: { 'max-parallel': 1, matrix: { stage: ['dev', 'prod'] } },
      // biome-ignore lint/suspicious/noTemplateCurlyInString: they are GitHub's.
      environment: '${{ matrix.stage }}',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: they are GitHub's.
      concurrency: 'env-${{ matrix.stage }}',
    });
  });

  test('both jobs get an identity in the same way, by the cloud of the target', () => {
    const uses = Object.values(jobs).map(({ steps }) => steps.filter((step) => step.uses !== undefined));
    expect(uses[0]).toEqual(uses[1]);
    expect(uses[0]).toMatchObject([
      { uses: expect.stringMatching(/^actions\/checkout@v\d+$/), with: { 'persist-credentials': false } },
      {
        uses: expect.stringMatching(/^aws-actions\/configure-aws-credentials@v\d+$/),
        if: "startsWith(vars.ENV_TARGET, 's3://')",
        with: { 'role-to-assume': expect.anything(), 'aws-region': expect.anything() },
      },
      {
        uses: expect.stringMatching(/^google-github-actions\/auth@v\d+$/),
        if: "startsWith(vars.ENV_TARGET, 'gs://')",
        with: { workload_identity_provider: expect.anything(), service_account: expect.anything() },
      },
    ]);
  });

  test('an expression that nothing fills would be found', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is GitHub's.
    expect(() => fillExpressions('${{ vars.MISSING }}', { vars: {} })).toThrow('nothing fills');
  });

  test('what it wants of the repository is in the table of the README', () => {
    const wanted = Array.from(read('github-actions.yml').matchAll(/vars\.(\w+)/g), ([, name]) => name ?? '');
    const table = read('README.md')
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .join('\n');
    expect([...new Set(wanted)].filter((name) => !table.includes(`\`${name}\``))).toEqual([]);
  });
});

describe('GitLab CI', () => {
  const file = gitlabFile();

  test('lint for merge requests, deploys for what is merged, one stage after the other and one run at a time', () => {
    expect(file.lint?.rules).toEqual([{ if: '$CI_PIPELINE_SOURCE == "merge_request_event"' }]);
    for (const stage of ['dev', 'prod']) {
      expect(file[`deploy ${stage}`]).toMatchObject({
        rules: [{ if: '$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH' }],
        environment: stage,
        resource_group: `env-${stage}`,
      });
    }
    expect(file['deploy prod']?.needs).toEqual(['deploy dev']);
  });

  test('the tokens are for whom they are given to', () => {
    const GOOGLE_PROVIDER = OIDC_AUDIENCE.replace('//iam.googleapis.com/', '');
    expect(file['.aws']?.id_tokens).toEqual({ AWS_ID_TOKEN: { aud: 'sts.amazonaws.com' } });
    expect(expand(file['.google']?.id_tokens?.GOOGLE_ID_TOKEN?.aud ?? '', { GOOGLE_PROVIDER })).toBe(
      `https:${OIDC_AUDIENCE}`,
    );
  });

  test.each([
    ['.aws', 'AWS_ID_TOKEN', ['AWS_WEB_IDENTITY_TOKEN_FILE']],
    ['.google', 'GOOGLE_ID_TOKEN', ['GOOGLE_ID_TOKEN_FILE', 'GOOGLE_APPLICATION_CREDENTIALS']],
  ] as const)(
    '%s: the token lies beside the checkout, for the owner alone, until the job is over',
    async (base, token, names) => {
      const CI_PROJECT_DIR = join(folder(), 'snacks');
      const given = { CI_PROJECT_DIR, [token]: ID_TOKEN, GOOGLE_PROVIDER: 'p', GOOGLE_SERVICE_ACCOUNT: 'a' };
      const { variables, after } = gitlabStep('lint', base, given);
      const paths = names.map((name) => variables[name] ?? '');
      expect(await sh((file[base]?.before_script ?? []).join('\n'), '/', variables)).toEqual(done(''));
      for (const path of paths) {
        expect(path.startsWith(`${CI_PROJECT_DIR}/`)).toBe(false);
        expect(statSync(path).mode & 0o777).toBe(0o600);
      }
      expect(readFileSync(paths[0] ?? '', 'utf8')).toBe(ID_TOKEN);
      expect(await sh(after, '/', variables)).toEqual(done(''));
      expect(paths.filter((path) => existsSync(path))).toEqual([]);
    },
  );
});

describe('Jenkins', () => {
  const stages = jenkinsStages();

  test('lint for pull requests, deploys for what is merged; prod waits for approval', () => {
    expect(Object.keys(stages)).toEqual(['lint', 'deploy dev', 'deploy prod']);
    expect(stages.lint?.text).toContain('when { changeRequest() }');
    for (const stage of ['deploy dev', 'deploy prod'])
      expect(stages[stage]?.text).toMatch(/when \{[^}]*branch 'main'/);
    expect(stages['deploy prod']?.text).toMatch(/beforeInput true.*input \{/s);
  });

  test('each stage has its role and the variables of the others', () => {
    for (const job of ['lint', 'deploy dev', 'deploy prod'] as const) {
      expect(stages[job]?.environment).toEqual({
        ...awsVariables(job),
        AWS_ROLE_ARN: ROLES[job],
        AWS_REGION: 'us-east-1',
      });
      expect(stages[job]?.bindings).toEqual([
        { id: 'aws-id-token', variable: 'AWS_WEB_IDENTITY_TOKEN_FILE' },
      ]);
      expect(stages[job]?.scripts).toHaveLength(1);
    }
  });

  test('Groovy puts nothing into a script, and its braces match', () => {
    const text = read('Jenkinsfile').replaceAll(/^\/\/.*$/gm, '');
    expect(text).not.toMatch(/"|\$/);
    for (const [open, close] of ['{}', '()', '[]'] as const) {
      expect(text.split(open as string).length).toBe(text.split(close as string).length);
    }
  });
});

test.each(['github-actions.yml', 'gitlab-ci.yml', 'Jenkinsfile', 'env.sh'])(
  'no long-lived key in %s',
  (name) => {
    expect(read(name)).not.toMatch(/AKIA|ACCESS_KEY|access-key|credentials_json|private_key|secrets\./);
  },
);
