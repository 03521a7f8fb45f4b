/** Bun's runtimes for all platforms, from the npm registry: what npm itself would install on a machine of that kind. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Platform } from './platforms.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cache = join(root, '.cache/runtimes');

interface LockedPackage {
  readonly version: string;
  readonly integrity: string;
}

/**
 * The path of the runtime, fetched once. What the registry gives has to be what package-lock.json says; everything else
 * throws.
 */
export function runtimeOf({ runtime }: Platform): string {
  const { version, integrity } = lockedPackage(runtime);
  const folder = join(cache, `${runtime.replace('@oven/', '')}-${version}`);
  const program = join(folder, 'package/bin/bun');
  if (existsSync(program)) return program;
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(join(cache, 'new-'));
  try {
    const tarball = pack(`${runtime}@${version}`, fresh);
    const found = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`;
    if (found !== integrity) throw new Error(`${runtime}@${version} is not what package-lock.json says`);
    execFileSync('tar', ['-xzf', tarball, '-C', fresh]);
    rmSync(tarball);
    rmSync(folder, { recursive: true, force: true });
    renameSync(fresh, folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return program;
}

/** What package-lock.json pins, also for a package that npm installs on other machines only. */
export function lockedPackage(name: string): LockedPackage {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockedPackage>;
  };
  const locked = lock.packages[`node_modules/${name}`];
  if (locked === undefined) throw new Error(`package-lock.json does not have ${name}`);
  return locked;
}

function pack(specification: string, folder: string): string {
  const args = ['pack', specification, '--json', '--pack-destination', folder];
  const printed = execFileSync('npm', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const [packed] = Object.values(JSON.parse(printed)) as { filename: string }[];
  // Of a scoped package, some versions of npm print the name with its slash.
  return join(folder, (packed?.filename ?? '').replace('@', '').replace('/', '-'));
}
