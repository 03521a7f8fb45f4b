/** What the pipelines of examples/ci run, and with which variables, as their CI reads the files. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const FOLDER = 'examples/ci';

export type Job = 'lint' | 'deploy dev' | 'deploy prod';
export type Variables = Readonly<Record<string, string>>;

/** Shell scripts, and the variables that the file gives them. */
export interface Step {
  readonly script: string;
  /** Runs in a shell of its own when the job is over. */
  readonly after: string;
  readonly variables: Variables;
}

export function read(name: string): string {
  return readFileSync(join(FOLDER, name), 'utf8');
}

export interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: object;
  readonly jobs: Readonly<Record<string, WorkflowJob>>;
}

export interface WorkflowJob {
  readonly if: string;
  readonly permissions: Variables;
  readonly environment?: string;
  readonly concurrency?: string;
  readonly strategy?: { readonly 'max-parallel': number; readonly matrix: { readonly stage: string[] } };
  readonly steps: readonly {
    readonly uses?: string;
    readonly if?: string;
    readonly with?: Readonly<Record<string, unknown>>;
    readonly run?: string;
    readonly env?: Variables;
  }[];
}

export function githubWorkflow(): Workflow {
  return parse(read('github-actions.yml'), { strict: true }) as Workflow;
}

/** Fills in `${{ vars.A }}` and its like; throws for what is not there. */
export function fillExpressions(text: string, contexts: Readonly<Record<string, Variables>>): string {
  return text.replace(/\$\{\{ (\w+)\.(\w+) \}\}/g, (expression, context: string, name: string) => {
    const value = contexts[context]?.[name];
    if (value === undefined) throw new Error(`nothing fills ${expression}`);
    return value;
  });
}

export function githubStep(job: Job, vars: Variables): Step {
  const [name = '', stage = ''] = job.split(' ');
  const run = githubWorkflow().jobs[name]?.steps.filter(({ run }) => run !== undefined) ?? [];
  const [{ run: script = '', env = {} } = {}, ...others] = run;
  if (others.length > 0) throw new Error(`${name} has several scripts`);
  const fill = (text: string) => fillExpressions(text, { vars, matrix: { stage } });
  const entries = Object.entries(env).map(([name, value]) => [name, fill(value)]);
  return { script: fill(script), after: '', variables: Object.fromEntries(entries) };
}

export interface GitlabJob {
  readonly extends?: string;
  readonly stage?: string;
  readonly environment?: string;
  readonly resource_group?: string;
  readonly needs?: readonly string[];
  readonly rules?: readonly { readonly if: string }[];
  readonly id_tokens?: Readonly<Record<string, { readonly aud: string }>>;
  readonly variables?: Variables;
  readonly before_script?: readonly string[];
  readonly script?: readonly string[];
  readonly after_script?: readonly string[];
}

export function gitlabFile(): Readonly<Record<string, GitlabJob>> {
  return parse(read('gitlab-ci.yml'), { strict: true }) as Record<string, GitlabJob>;
}

/** `given`: the variables of the project and the job, which the file's own may refer to. */
export function gitlabStep(job: Job, base: '.aws' | '.google', given: Variables): Step {
  const file = gitlabFile();
  const all = { ...file[base], ...file[job] };
  const lines = (part: readonly string[] = []) => part.join('\n');
  const entries = Object.entries(all.variables ?? {}).map(([name, value]) => [name, expand(value, given)]);
  return {
    script: lines([...(all.before_script ?? []), ...(all.script ?? [])]),
    after: lines(all.after_script),
    variables: { ...given, ...Object.fromEntries(entries) },
  };
}

export function expand(text: string, variables: Variables): string {
  return text.replace(/\$(\w+)/g, (_, name: string) => variables[name] ?? '');
}

export interface JenkinsStage {
  readonly text: string;
  readonly environment: Variables;
  readonly scripts: readonly string[];
  /** The credentials and the variable that each is bound to. */
  readonly bindings: readonly { readonly id: string; readonly variable: string }[];
}

/** By name, each with the environment of the whole pipeline too. */
export function jenkinsStages(): Readonly<Record<string, JenkinsStage>> {
  const [head = '', ...stages] = read('Jenkinsfile').split(/\bstage\('/);
  const common = environmentIn(head);
  return Object.fromEntries(stages.map((text) => [text.slice(0, text.indexOf("'")), toStage(text, common)]));
}

function toStage(text: string, common: Variables): JenkinsStage {
  const bindings = text.matchAll(/file\(credentialsId: '([^']+)', variable: '(\w+)'\)/g);
  return {
    text,
    environment: { ...common, ...environmentIn(text) },
    scripts: Array.from(text.matchAll(/\bsh '([^']+)'/g), ([, script = '']) => script),
    bindings: Array.from(bindings, ([, id = '', variable = '']) => ({ id, variable })),
  };
}

function environmentIn(text: string): Variables {
  const [, block = ''] = /environment \{([^}]*)\}/.exec(text) ?? [];
  return Object.fromEntries(
    Array.from(block.matchAll(/(\w+) = '([^']*)'/g), ([, name = '', value = '']) => [name, value]),
  );
}

export function jenkinsStep(job: Job): Step {
  const { scripts = [], environment = {} } = jenkinsStages()[job] ?? {};
  return { script: scripts.join('\n'), after: '', variables: environment };
}
