/** Builds the bench's own programs: the yardstick and the launcher with cargo, the server with Go. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { findProgram, pathFolders } from './find-program.ts';
import { CACHE, ROOT } from './paths.ts';
import { Unusable } from './unusable.ts';

export interface Tools {
  /** Starts programs and measures them. */
  readonly launch: string;
  /** The minimal program that envseal is compared with. */
  readonly yardstick: string;
  /** The clouds. */
  readonly server: string;
}

const BUILD_MS = 10 * 60_000;
const TARGETS: Partial<Record<NodeJS.Architecture, string>> = {
  x64: 'x86_64-unknown-linux-gnu',
  arm64: 'aarch64-unknown-linux-gnu',
};

/** Throws with what to install, where a compiler is missing. */
export function buildTools(): Tools {
  mkdirSync(CACHE, { recursive: true });
  const cargo = findProgram('cargo', [...pathFolders(), `${homedir()}/.cargo/bin`]);
  if (cargo === undefined) throw new Unusable('the bench needs cargo: install Rust 1.88 or later');
  const server = `${CACHE}/server`;
  run(goCommand(), ['build', '-trimpath', '-o', server, '.'], 'server');
  const target = TARGETS[process.arch];
  if (target === undefined) throw new Unusable(`the bench does not know this processor: ${process.arch}`);
  run(
    cargo,
    ['build', '--release', '--locked', '--target', target, '--target-dir', `${CACHE}/target`],
    'yardstick',
  );
  const release = `${CACHE}/target/${target}/release`;
  return { server, launch: `${release}/launch`, yardstick: `${release}/yardstick` };
}

export function goCommand(): string {
  const go = findProgram('go', [...pathFolders(), '/usr/local/go/bin']);
  if (go === undefined)
    throw new Unusable('the bench needs Go: install Go 1.24 or later, /usr/local/go or on the PATH');
  return go;
}

function run(command: string, args: readonly string[], folder: string): void {
  // Its own flags make it static: those of the environment would take their place.
  const { RUSTFLAGS: _, CARGO_ENCODED_RUSTFLAGS: __, ...env } = process.env;
  execFileSync(command, args, {
    cwd: `${ROOT}bench/${folder}`,
    env,
    stdio: ['ignore', 2, 2],
    timeout: BUILD_MS,
  });
}
