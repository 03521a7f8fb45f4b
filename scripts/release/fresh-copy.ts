/**
 * The place where a release is built: a copy of the repository's files in a new folder, with npm packages
 * that npm checks against package-lock.json, and a target folder of its own. Whatever was built before is not
 * looked at, so no time stamp decides what goes into a release.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';

/** Variables that would bring in what was built before, or build something else. */
const NOT_OURS = ['RUSTC_WRAPPER', 'RUSTC_WORKSPACE_WRAPPER', 'RUSTC', 'RUSTFLAGS', 'CC', 'AR', 'HOST_TRACE'];

export interface FreshCopy extends Disposable {
  readonly root: string;
}

/** Copies what git would commit, built for all architectures. The folder goes when it is disposed of. */
export async function buildFreshCopy(repository: string): Promise<FreshCopy> {
  mkdirSync(join(repository, '.cache'), { recursive: true });
  const root = mkdtempSync(join(repository, '.cache/release-'));
  const copy = { root, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
  try {
    await copyFiles(repository, root);
    const env = {
      ...Object.fromEntries(NOT_OURS.map((name) => [name, undefined])),
      CARGO_TARGET_DIR: join(root, '.cache/target'),
    };
    const run = async (command: string, args: readonly string[]) =>
      await execa(command, args, { cwd: root, env, stdio: ['ignore', 2, 2] });
    await run('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']);
    await run(join(root, 'node_modules/.bin/node'), ['scripts/build.ts', '--all']);
    return copy;
  } catch (error) {
    copy[Symbol.dispose]();
    throw error;
  }
}

/** Those that git knows or would add; files that it ignores are made by builds. */
export async function copyFiles(from: string, to: string): Promise<void> {
  const list = async (...flags: string[]) => {
    const { stdout } = await execa('git', ['ls-files', '-z', '--deduplicate', ...flags], { cwd: from });
    return stdout.split('\0').filter((path) => path !== '');
  };
  const gone = new Set(await list('--deleted'));
  for (const path of await list('--cached', '--others', '--exclude-standard')) {
    if (gone.has(path)) continue;
    mkdirSync(dirname(join(to, path)), { recursive: true });
    copyFileSync(join(from, path), join(to, path));
  }
}
