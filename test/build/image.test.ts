/**
 * `npm run image`: which engine it takes, what that is asked for, and what it says to type next. The engines are stubs but
 * for one. All of it is in one file, because two at a time would fill the same dist/image.
 */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { podmanIn } from '../container/podman.ts';
import { mustRun, run } from '../container/program.ts';
import { folder } from '../e2e/folder.ts';
import { describeReal } from '../real/available.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

/** Notes its arguments, and does what the script says. */
const stub = (script: string) => `#!/bin/sh\necho "$0" "$@" >>"\${0%/*}/calls"\n${script}\n`;
const WORKS = stub('exit 0');
/** As docker's client says it. */
const NO_DAEMON = stub(
  `echo 'Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?' >&2; exit 1`,
);
const BUILDS_NOT = stub('case "$1" in build) exit 3;; esac');

async function image(engines: Readonly<Record<string, string>>, ...words: string[]) {
  const PATH = folder({ ...engines, calls: '' });
  const { status, stdout, stderr } = await run(process.execPath, ['scripts/image.ts', ...words], {
    env: { PATH },
  });
  const calls = readFileSync(join(PATH, 'calls'), 'utf8').replaceAll(`${PATH}/`, '').split('\n').slice(0, -1);
  return { status, stdout, stderr, calls, builds: calls.filter((call) => call.includes(' build ')) };
}

describeReal('host', 'npm run image', () => {
  test('takes docker if it works, and says what to type next in its last lines', async () => {
    const { status, stdout, stderr, calls, builds } = await image({ docker: WORKS, podman: WORKS });
    expect([status, stderr]).toEqual([0, '']);
    expect(calls.length).toBe(2);
    expect(builds[0]).toContain(
      `docker build --target=envseal --tag=envseal:${version} --tag=envseal:latest --build-arg=TARGETARCH=`,
    );
    expect(builds[0]).toMatch(/ --file=\S+\/docker\/Dockerfile \S+\/dist\/image$/);
    expect(stdout).toMatch(/^Engine: docker\n/);
    expect(stdout.split('\nNext:\n\n')[1]).toBe(
      '  docker run --rm envseal version\n  docker run --rm envseal help run\n',
    );
  });

  test('takes podman where docker is not installed', async () => {
    const { status, stdout, builds } = await image({ podman: WORKS });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Engine: podman \(docker is not installed\)\n/);
    expect(stdout).toMatch(/\n {2}podman run --rm envseal version\n/);
    expect(builds).toEqual([
      expect.stringMatching(
        /^podman build --target=envseal .*--platform=linux\/(amd64|arm64) --timestamp=\d+ /,
      ),
    ]);
  });

  test('takes podman where the daemon of docker does not answer, and says that', async () => {
    const { stdout, builds } = await image({ docker: NO_DAEMON, podman: WORKS });
    expect(stdout).toContain(
      'Engine: podman (docker does not work: Cannot connect to the Docker daemon at unix:///x)\n',
    );
    expect(builds).toEqual([expect.stringMatching(/^podman /)]);
  });

  test('takes the one that --engine names', async () => {
    const { stdout, builds } = await image({ docker: WORKS, podman: WORKS }, '--engine', 'podman');
    expect(stdout).toMatch(/^Engine: podman\n/);
    expect(builds).toEqual([expect.stringMatching(/^podman /)]);
  });

  test('--cli also builds envseal:cli', async () => {
    const { stdout, builds } = await image({ docker: WORKS }, '--cli');
    expect(builds.map((call) => / --target=.*? --build-arg/.exec(call)?.[0])).toEqual([
      ` --target=envseal --tag=envseal:${version} --tag=envseal:latest --build-arg`,
      ` --target=cli --tag=envseal:${version}-cli --tag=envseal:cli --build-arg`,
    ]);
    expect(stdout).toMatch(/\n {2}docker run --rm envseal:cli help\n$/);
  });

  test('says nothing about what is next when the engine fails', async () => {
    const { status, stdout, stderr } = await image({ docker: BUILDS_NOT });
    expect([status, stderr]).toEqual([1, 'docker could not build envseal\n']);
    expect(stdout).not.toContain('Next');
  });
});

describeReal(['podman', 'host'], 'npm run image, with podman', () => {
  test('builds an image that runs under both tags', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'envseal-one-'));
    const podman = podmanIn(folder);
    try {
      const settings = join(folder, 'storage.conf');
      writeFileSync(
        settings,
        `[storage]\ndriver = "overlay"\ngraphroot = "${podman.storage}"\nrunroot = "${folder}/run"\n`,
      );
      const env = { CONTAINERS_STORAGE_CONF: settings };
      const printed = await mustRun(process.execPath, ['scripts/image.ts', '--engine=podman'], { env });
      expect(printed).toContain('\n  podman run --rm envseal version\n');
      for (const tag of ['envseal', `envseal:${version}`])
        expect(await podman.run('run', '--rm', tag, 'version')).toBe(`envseal ${version}\n`);
    } finally {
      await podman.remove();
    }
  });
});

test.each([
  [
    'neither',
    {},
    'docker is not installed; podman is not installed (on Debian or Ubuntu: apt-get install podman)',
  ],
  [
    'docker without a daemon',
    { docker: NO_DAEMON },
    'docker does not work: Cannot connect to the Docker daemon at unix:///x; podman is not installed (repair that, or on Debian or Ubuntu: apt-get install podman)',
  ],
  [
    'a podman that fails',
    { podman: stub('exit 125') },
    'docker is not installed; podman does not work: exit 125 (repair that, or on Debian or Ubuntu: apt-get install docker.io)',
  ],
])('with %s, one line says what to do', async (_, engines, line) => {
  const { status, stdout, stderr } = await image(engines);
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: '',
    stderr: `no image is built: ${line}\n`,
  });
});

test('--engine takes no other one in its place', async () => {
  const { status, stderr, calls } = await image({ podman: WORKS }, '--engine=docker');
  expect([status, calls]).toEqual([1, []]);
  expect(stderr).toBe(
    'no image is built: docker is not installed (on Debian or Ubuntu: apt-get install docker.io)\n',
  );
});

test('--help says what there is, and asks no engine', async () => {
  const { status, stdout, calls } = await image({ docker: WORKS }, '--help');
  expect([status, calls]).toEqual([0, []]);
  expect(stdout).toMatch(/^usage: npm run image -- /);
});

test.each([
  [['--push'], '--push'],
  [['envseal'], 'envseal'],
  [['--engine'], '--engine'],
  [['--engine', 'buildah'], 'buildah'],
  [['--all', '--cli'], '--all'],
])('%j is refused with the usage', async (words, named) => {
  const { status, stdout, stderr, calls } = await image({ docker: WORKS }, ...words);
  expect([status, stdout, calls]).toEqual([64, '', []]);
  expect(stderr).toMatch(/^.+\n\nusage: /);
  expect(stderr.split('\n')[0]).toContain(named);
});
