/** Images of the examples, without any registry: each Dockerfile as it is, but for the images that it starts from. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buildImages } from '../../container/images.ts';
import { type Podman, podmanIn } from '../../container/podman.ts';
import { baseOf, formatDockerfile, type Instruction, stagesOf } from './dockerfile.ts';
import { contextOf, FOLDER, instructionsOf } from './examples.ts';

/** As `test/container/images.ts` has it: what takes long to make is kept there. */
const cacheFolder = process.env.TEST_CACHE || join(tmpdir(), 'envseal-cache');

const PACKAGES_FILE = join(import.meta.dirname, 'Containerfile.packages');
const CONTAINERFILE = join(import.meta.dirname, 'Containerfile');
/** Where the machine reaches registries through a proxy of its own, that is in here. */
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
const BUILD = ['build', '--quiet', '--network=host', `--volume=${CERTIFICATES}:/machine-certificates.crt:ro`];

/** The stage of the Containerfile that stands in for an image. Red Hat's is Debian's here: both have glibc and a shell. */
export const STAND_INS: Readonly<Record<string, string>> = {
  'alpine:3.22': 'alpine',
  'debian:stable-slim': 'packages',
  'gcr.io/distroless/nodejs24-debian12:nonroot': 'distroless-nodejs',
  'gcr.io/distroless/static-debian12:nonroot': 'distroless-static',
  'node:24-slim': 'node',
  'python:3.13-slim': 'packages',
  'registry.access.redhat.com/ubi9/ubi-minimal:latest': 'packages',
  'ruby:3.4': 'packages',
  'ruby:3.4-slim': 'packages',
  'your/image-with-s6-overlay-3': 's6',
};

/** What an example runs while it is built, and what has to do here. */
const COMMANDS: readonly (readonly [RegExp, string])[] = [
  // No registry has it yet.
  [/^npm install --global envseal@\S+$/, 'npm install --global --offline --loglevel=error /envseal.tgz'],
  // The gems are Debian's, where one that Sinatra 4 asks for is part of another.
  [
    /^bundle install$/,
    "sed -i -e '/rackup/d' -e 's/4.1/3.0/' Gemfile && mkdir -p /usr/local/bundle && bundle install --local",
  ],
  // The package is there.
  [/^apt-get update && apt-get install [^;]*$/, 'true'],
];

export interface Examples extends AsyncDisposable {
  readonly podman: Podman;
  /** A folder for the time of the test run. */
  readonly folder: string;
  /** Builds an example, such as `debian/Dockerfile`, and returns the image's id. */
  build(path: string): Promise<string>;
}

export async function prepareExamples(): Promise<Examples> {
  // Among them Debian's base, and the image of envseal.
  const images = await buildImages(['empty']);
  const { podman, folder } = images;
  try {
    await buildStandIns(podman, folder);
    compileApi(join(folder, 'api'));
  } catch (error) {
    await images[Symbol.asyncDispose]();
    throw error;
  }
  const built = new Map<string, Promise<string>>();
  const build = (path: string) => {
    const image = built.get(path) ?? buildExample(podman, folder, path);
    built.set(path, image);
    return image;
  };
  return { podman, folder, build, [Symbol.asyncDispose]: () => images[Symbol.asyncDispose]() };
}

/** The image of Containerfile.packages, made once for each content of that file. Returns its name. */
async function ensurePackages(): Promise<string> {
  const kept = podmanIn(cacheFolder);
  const hash = createHash('sha256').update(readFileSync(PACKAGES_FILE)).digest('hex').slice(0, 12);
  const name = `envseal-test-packages-${hash}`;
  if ((await kept.try('image', 'exists', name)).status !== 0) {
    await kept.run(...BUILD, `--tag=${name}`, `--file=${PACKAGES_FILE}`, import.meta.dirname);
  }
  return name;
}

async function buildStandIns(podman: Podman, folder: string): Promise<void> {
  const machine = join(folder, 'machine');
  takeFromMachine(machine);
  const options = [`--build-arg=PACKAGES=${await ensurePackages()}`, `--build-context=machine=${machine}`];
  for (const stage of new Set(Object.values(STAND_INS))) {
    const of = [`--target=${stage}`, `--tag=stand-in-${stage}`, `--file=${CONTAINERFILE}`];
    await podman.run(...BUILD, ...options, ...of, import.meta.dirname);
  }
}

/** Node, npm, and envseal's package. */
function takeFromMachine(folder: string): void {
  mkdirSync(folder);
  copyFileSync(process.execPath, join(folder, 'node'));
  const npm = realpathSync(execFileSync('which', ['npm'], { encoding: 'utf8' }).trim());
  cpSync(dirname(dirname(npm)), join(folder, 'npm'), { recursive: true, dereference: true });
  const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder];
  const tarball = execFileSync('npm', pack, { encoding: 'utf8' }).trim();
  renameSync(join(folder, tarball), join(folder, 'envseal.tgz'));
}

/** Runs on the machine what the Dockerfiles run in golang's image. */
function compileApi(folder: string): void {
  mkdirSync(folder);
  const [build = []] = stagesOf(instructionsOf('scratch/Dockerfile'));
  const command = build.find(({ name }) => name === 'RUN')?.text ?? '';
  // The second is where go.dev's archive puts it.
  const PATH = `${process.env.PATH}:/usr/local/go/bin`;
  const env = { ...process.env, PATH, GOFLAGS: '-buildvcs=false', GOTOOLCHAIN: 'local' };
  execFileSync('sh', ['-c', command.replace('-o /api', `-o ${join(folder, 'api')}`)], {
    cwd: join(FOLDER, 'api'),
    env,
  });
}

async function buildExample(podman: Podman, folder: string, path: string): Promise<string> {
  const file = join(folder, path.replaceAll('/', '-'));
  writeFileSync(file, formatDockerfile(stagesOf(instructionsOf(path)).flatMap(localStage)));
  const contexts = [`--build-context=build=${join(folder, 'api')}`];
  const built = await podman.run(...BUILD, ...contexts, `--file=${file}`, join(FOLDER, contextOf(path)));
  return built.trim();
}

/** The stage on what is here. That of the Go compiler goes: what it makes comes as a build context of its name. */
function localStage(stage: readonly Instruction[]): Instruction[] {
  const { image, name } = baseOf(stage);
  if (image.startsWith('golang:')) return [];
  const local = image === 'scratch' ? image : `stand-in-${STAND_INS[image]}`;
  const from = { name: 'FROM', text: name === undefined ? local : `${local} AS ${name}` };
  return [from, ...stage.slice(1).map(localInstruction)];
}

function localInstruction({ name, text }: Instruction): Instruction {
  const [, command] = (name === 'RUN' && COMMANDS.find(([pattern]) => pattern.test(text))) || [];
  return { name, text: command ?? text };
}
