import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Images } from './images.ts';

/** As strict as a cluster may be: no root, no capability, and no place to write but the proof folder. */
const HARDENED = [
  '--user=65532:65532',
  '--read-only',
  // podman, unlike Docker, would otherwise put a tmpfs over /tmp and /run.
  '--read-only-tmpfs=false',
  '--cap-drop=ALL',
  '--security-opt=no-new-privileges',
];

/** Ends a container that a killed test run leaves behind. */
const LIFETIME_SECONDS = 120;
const POLL_MS = 20;

export interface Container extends AsyncDisposable {
  readonly id: string;
  /** What `app.sh` wrote about it, without the newline; `undefined` when it wrote nothing. */
  proof(name: string): Promise<string | undefined>;
  /** Waits until `app.sh` has written all of its proof. Throws with the log when the container ends before. */
  ready(): Promise<void>;
  /** Waits until the container has ended, and returns its exit status. */
  exitStatus(): Promise<number>;
  /** Everything on stdout and stderr. */
  logs(): Promise<string>;
  /** Where the engine keeps what it knows and holds of this container, once it runs. */
  storage(): Promise<string[]>;
}

export interface ContainerOptions {
  readonly variables: Readonly<Record<string, string>>;
  /** `hardened`: as strict as a cluster may be. `root`: as an engine starts it by itself. Default: `hardened`. */
  readonly user?: User;
  /** A folder of this machine that the container sees as `/source`. */
  readonly source?: string;
  /** In place of the image's CMD. */
  readonly command?: readonly string[];
}

export type User = 'root' | 'hardened';

/** Starts the application with its image's ENTRYPOINT and CMD; the network is the machine's. */
export async function startContainer(
  { podman, folder }: Pick<Images, 'podman' | 'folder'>,
  image: string,
  { variables, user = 'hardened', source, command = [] }: ContainerOptions,
): Promise<Container> {
  const proofFolder = await mkdtemp(join(folder, 'proof-'));
  await chmod(proofFolder, 0o777);
  const run = await podman.run(
    ...['run', '--detach', '--network=host', `--timeout=${LIFETIME_SECONDS}`],
    ...(user === 'hardened' ? HARDENED : []),
    ...Object.entries(variables).map(([name, value]) => `--env=${name}=${value}`),
    ...(source === undefined ? [] : [`--volume=${source}:/source:ro`]),
    ...[`--volume=${proofFolder}:/proof`, image, ...command],
  );
  const id = run.trim();

  const inspect = async (format: string) =>
    (await podman.run('container', 'inspect', '--format', format, id)).trim();
  const logs = async () => {
    const { stdout, stderr } = await podman.try('logs', id);
    return stdout + stderr;
  };

  return {
    id,
    logs,
    proof: (name) =>
      readFile(join(proofFolder, name), 'utf8').then(
        (text) => text.trimEnd(),
        () => undefined,
      ),
    async ready() {
      while (!existsSync(join(proofFolder, 'ready'))) {
        if ((await inspect('{{.State.Running}}')) !== 'true') {
          throw new Error(`the container's command did not come up: ${await logs()}`);
        }
        await sleep(POLL_MS);
      }
    },
    exitStatus: async () => Number(await podman.run('wait', id)),
    storage: async () => [
      join(podman.storage, 'overlay-containers', id),
      await inspect('{{.GraphDriver.Data.UpperDir}}'),
    ],
    async [Symbol.asyncDispose]() {
      await podman.run('rm', '--force', '--time=0', id);
      await rm(proofFolder, { recursive: true });
    },
  };
}
