/** The roots of the images in docker/Dockerfile: each file at its place, with its mode. */
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GLIBC_VERSION, glibcFor, readCopyright } from './debian-glibc.ts';
import { type Platform, type PlatformName, platformNamed } from './platforms.ts';
import { LOADER_NAMES, makePortable } from './portable.ts';
import { lockedPackage } from './runtime.ts';

export const CARRIERS = ['glibc', 'musl', 'portable'] as const;
export type Carrier = (typeof CARRIERS)[number];
type Arch = Platform['arch'];

/** As image registries call them, and the builders' TARGETARCH. */
export const IMAGE_ARCHS: Record<Arch, string> = { x64: 'amd64', arm64: 'arm64' };

const licenses = fileURLToPath(new URL('../../docker/licenses', import.meta.url));

/** The executable that a carrier is made of. */
export function platformOf(carrier: Carrier, arch: Arch): Platform {
  const name: PlatformName = `linux-${arch}${carrier === 'musl' ? '-musl' : ''}`;
  return platformNamed(name);
}

/** Makes `CARRIER-ARCH` in the folder, in place of what is there. Throws where the glibc of `portable` cannot be had. */
export async function makeCarrier(
  carrier: Carrier,
  arch: Arch,
  executable: string,
  folder: string,
): Promise<void> {
  const root = join(folder, `${carrier}-${IMAGE_ARCHS[arch]}`);
  rmSync(root, { recursive: true, force: true });
  if (carrier === 'portable') {
    const glibc = await glibcFor(arch);
    makePortable(root, executable, glibc, arch);
    addLicenses(join(root, 'opt/envseal/LICENSES'), readCopyright(glibc), LOADER_NAMES[arch]);
  } else {
    mkdirSync(join(root, 'usr/local/bin'), { recursive: true });
    copyFileSync(executable, join(root, 'usr/local/bin/envseal'));
  }
  settle(root);
}

function addLicenses(folder: string, copyright: string, loader: string): void {
  mkdirSync(folder, { recursive: true });
  const notice = readFileSync(join(licenses, 'NOTICE.txt'), 'utf8')
    .replaceAll('@VERSION@', GLIBC_VERSION)
    .replaceAll('@LOADER@', loader)
    .replaceAll('@BUN@', lockedPackage('bun').version);
  writeFileSync(join(folder, 'NOTICE.txt'), notice);
  writeFileSync(join(folder, 'glibc.txt'), copyright);
  copyFileSync(join(licenses, 'LGPL-2.1.txt'), join(folder, 'LGPL-2.1.txt'));
}

/** Modes and times depend on nothing but the names. */
function settle(path: string): void {
  const status = lstatSync(path);
  if (status.isDirectory()) for (const name of readdirSync(path)) settle(join(path, name));
  if (!status.isSymbolicLink()) chmodSync(path, path.endsWith('.txt') ? 0o644 : 0o755);
  lutimesSync(path, 0, 0);
}
