/** The setup of every measurement: the programs, the clouds, and the command line of a startup from them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ACCESS_KEY_ID, SECRET_ACCESS_KEY } from '../test/servers/aws/defaults.ts';
import { CA_FILE } from '../test/servers/tls/certificate.ts';
import { buildTools, type Tools } from './build.ts';
import { type Clouds, type Counts, startClouds } from './clouds.ts';
import { type Case, Launcher, type Start, type Turns, whyItFails } from './launch.ts';
import { makeObjects } from './objects.ts';
import type { Options } from './options.ts';
import { ROOT } from './paths.ts';
import { failureIn } from './statistics.ts';

export type Environment = Readonly<Record<string, string>>;

export const COMMAND = '/bin/true';
const PATH = '/usr/bin:/bin';

export class Workbench implements AsyncDisposable {
  readonly launcher: Launcher;
  readonly tools: Tools;
  readonly clouds: Clouds;
  /** envseal's file. */
  readonly program: string;
  readonly rounds: number;
  /** Deleted at the end. */
  readonly folder = mkdtempSync(join(tmpdir(), 'envseal-bench-'));
  /** What could not be measured, and why. */
  readonly problems: string[] = [];

  private constructor(tools: Tools, clouds: Clouds, { program, rounds }: Options) {
    this.tools = tools;
    this.clouds = clouds;
    this.launcher = new Launcher(tools.launch);
    this.program = program ?? `${ROOT}dist/envseal`;
    this.rounds = rounds;
  }

  static async make(options: Options): Promise<Workbench> {
    const tools = buildTools();
    return new Workbench(tools, await startClouds(tools.server, await makeObjects()), options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.clouds[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true });
  }

  /** What a container that gets keys from its environment has. */
  aws(secure = false): Environment {
    const url = secure ? this.clouds.https : this.clouds.http;
    return {
      PATH,
      AWS_ACCESS_KEY_ID: ACCESS_KEY_ID,
      AWS_SECRET_ACCESS_KEY: SECRET_ACCESS_KEY,
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL_S3: url,
      AWS_ENDPOINT_URL_KMS: url,
      ...(secure && { SSL_CERT_FILE: CA_FILE }),
    };
  }

  /** What a workload of Google Cloud has. */
  google(): Environment {
    const url = this.clouds.http;
    return { PATH, GCE_METADATA_HOST: new URL(url).host, CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: url };
  }

  yardstick(env: Environment, object = 'one'): Case {
    return { words: [this.tools.yardstick, `s3://snacks/${object}`, '--', COMMAND], env };
  }

  envseal(env: Environment, sources: readonly string[], flags: readonly string[] = []): Case {
    const words = sources.flatMap((source) => ['-s', source]);
    return { words: [this.program, 'run', ...words, ...flags, '--', COMMAND], env };
  }

  file(name: string, content: string | Uint8Array): string {
    const path = join(this.folder, name);
    writeFileSync(path, content);
    return path;
  }

  /** Leaves out what does not start, and says so in `problems`. */
  async turns(
    cases: Readonly<Record<string, Case>>,
    turns: Partial<Turns> = {},
  ): Promise<Record<string, Start[]>> {
    const starting = Object.entries(cases).filter(([name, one]) => this.#starts(name, one));
    if (starting.length === 0) return {};
    const measured = await this.launcher.inTurns(Object.fromEntries(starting), {
      rounds: this.rounds,
      ...turns,
    });
    for (const [name, starts] of Object.entries(measured)) {
      const status = failureIn(starts);
      if (status !== undefined) this.problems.push(`${name}: some starts ended with ${status}`);
    }
    return measured;
  }

  /** What one start asked of the clouds. */
  async counts(one: Case): Promise<Counts> {
    await this.clouds.change();
    await this.launcher.inTurns({ one }, { rounds: 1, warmUp: 0 });
    return await this.clouds.change();
  }

  #starts(name: string, one: Case): boolean {
    const why = whyItFails(one);
    if (why !== undefined) this.problems.push(`${name}: ${why}`);
    return why === undefined;
  }
}
