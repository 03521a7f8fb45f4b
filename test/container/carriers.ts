/** The roots of the carrier images, made as a release makes them, of the bundle that was built. */
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from '../../scripts/bundle.ts';
import { type Carrier, IMAGE_ARCHS, makeCarrier, platformOf } from '../../scripts/release/carriers.ts';
import type { Platform } from '../../scripts/release/platforms.ts';

const repository = join(import.meta.dirname, '../..');

/** Makes `CARRIER-ARCH` in the folder, with an executable that is kept in `cache` while it is made of the same. */
export async function makeTestCarrier(
  carrier: Carrier,
  arch: Platform['arch'],
  folder: string,
  cache: string,
): Promise<string> {
  const platform = platformOf(carrier, arch);
  mkdirSync(cache, { recursive: true });
  const executable = join(cache, `${platform.name}-${hashOfBundle()}`);
  if (!existsSync(executable)) {
    const fresh = `${executable}.${process.pid}`;
    compile(join(repository, 'dist/envseal.mjs'), fresh, platform);
    for (const old of globSync(`${platform.name}-????????????????`, { cwd: cache })) rmSync(join(cache, old));
    renameSync(fresh, executable);
  }
  await makeCarrier(carrier, arch, executable, folder);
  return `${carrier}-${IMAGE_ARCHS[arch]}`;
}

function hashOfBundle(): string {
  const hash = createHash('sha256');
  for (const file of ['dist/*.mjs', 'scripts/**/*.ts']
    .flatMap((glob) => globSync(glob, { cwd: repository }))
    .sort())
    hash.update(`${file}\0`).update(readFileSync(join(repository, file)));
  return hash.digest('hex').slice(0, 16);
}
