/** Finds the peers, and installs those that a registry has, pinned, into .cache. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { goCommand } from '../build.ts';
import { findProgram, pathFolders } from '../find-program.ts';
import { CACHE, NODE, ROOT } from '../paths.ts';
import type { Workbench } from '../workbench.ts';
import type { Found, Origin } from './peer.ts';

const INSTALL_MS = 10 * 60_000;
const GO_BIN = `${ROOT}.cache/go/bin`;
const GO_TOOLS = `${ROOT}test/real/go-tools.txt`;
const VENV = `${CACHE}/venv`;
const REQUIREMENTS = `${ROOT}bench/peers/requirements.txt`;

export interface Where {
  readonly bench: Workbench;
  /** Looked at before the PATH. */
  readonly peersFolder: string | undefined;
}

type Finders = {
  readonly [From in Origin['from']]: (origin: Origin & { from: From }, where: Where) => Found | undefined;
};

const FINDERS: Finders = {
  here: ({ path }, { bench }) => {
    const program = path(bench);
    return existsSync(program) ? withInterpreter(program) : undefined;
  },
  path: ({ name }, { peersFolder }) => {
    const folders = [...(peersFolder === undefined ? [] : [peersFolder]), ...pathFolders()];
    const program = findProgram(name, folders);
    return program === undefined ? undefined : { program, files: [realpathSync(program)] };
  },
  go: ({ name }) => {
    installGoTool(name);
    return { program: `${GO_BIN}/${name}`, files: [`${GO_BIN}/${name}`] };
  },
  npm: ({ name, spec }) => {
    const folder = `${CACHE}/npm-${name}`;
    const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
    once(`${folder}/installed`, spec, () => run('npm', ['install', '--prefix', folder, ...flags, spec]));
    return {
      program: realpathSync(`${folder}/node_modules/.bin/${name}`),
      files: [NODE, `${folder}/node_modules`],
    };
  },
  pypi: ({ name, packages }) => {
    once(`${VENV}/installed`, readFileSync(REQUIREMENTS, 'utf8'), () => {
      run('python3', ['-m', 'venv', '--clear', VENV]);
      run(`${VENV}/bin/pip`, [
        'install',
        '--quiet',
        '--disable-pip-version-check',
        '--requirement',
        REQUIREMENTS,
      ]);
    });
    return {
      program: `${VENV}/bin/${name}`,
      files: [realpathSync(`${VENV}/bin/python`), ...sitePackages(packages)],
    };
  },
};

/** Nothing where it is not on this machine and no registry has it. Throws where it cannot be installed. */
export function find(origin: Origin, where: Where): Found | undefined {
  const finder = FINDERS[origin.from] as (origin: Origin, where: Where) => Found | undefined;
  return finder(origin, where);
}

/** A script is nothing without Node; the bundle has its chunks beside it. */
function withInterpreter(program: string): Found {
  if (!program.endsWith('.mjs')) return { program, files: [program] };
  const folder = program.slice(0, program.lastIndexOf('/'));
  const chunks = readdirSync(folder).filter((name) => name.endsWith('.mjs'));
  return { program, files: [NODE, ...chunks.map((name) => `${folder}/${name}`)] };
}

/** As `.ci/run` does, so that each finds what the other installed. */
function installGoTool(name: string): void {
  const modules = readFileSync(GO_TOOLS, 'utf8').split('\n');
  const module = modules.find((line) => line.includes(`/${name}@`));
  if (module === undefined) throw new Error(`${GO_TOOLS} has no ${name}`);
  if (!existsSync(`${GO_BIN}/${name}`)) mkdirSync(GO_BIN, { recursive: true });
  once(`${GO_BIN}/${name}.version`, `${module}\n`, () =>
    run(goCommand(), ['install', module], { GOBIN: GO_BIN }),
  );
}

function sitePackages(packages: readonly string[]): string[] {
  const lib = `${VENV}/lib`;
  const [python = ''] = readdirSync(lib);
  return packages.map((name) => `${lib}/${python}/site-packages/${name}`);
}

/** Acts unless the file has the content already; and writes it then. */
function once(stamp: string, content: string, action: () => void): void {
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === content) return;
  action();
  writeFileSync(stamp, content);
}

function run(
  command: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): void {
  execFileSync(command, args, {
    env: { ...process.env, ...variables },
    stdio: ['ignore', 2, 2],
    timeout: INSTALL_MS,
  });
}
