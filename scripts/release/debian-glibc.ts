/** glibc, as Debian builds it: the files that the portable image brings along. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { debianMirror } from './debian-mirror.ts';
import type { Platform } from './platforms.ts';

/** Pinned, so that every build has the same bytes; signed by Debian through its list of packages. */
export const GLIBC_VERSION = '2.36-9+deb12u14';
export const DEB_SHA256: Record<Platform['arch'], string> = {
  x64: 'ba4f88f73dbc3ae9055f3c20f4523bfdbaf1ad13ff95e258924f77d20b4fbedf',
  arm64: '01f4330719fd4f65580e16ea5a0527f372fca750e8f588d26deaf09f2d3b1cf4',
};
const DEBIAN_ARCH: Record<Platform['arch'], string> = { x64: 'amd64', arm64: 'arm64' };
const RELEASE = 'bookworm';
const FETCH_LIMIT_MS = 60_000;

const cache = fileURLToPath(new URL('../../.cache/glibc', import.meta.url));

export interface Glibc {
  /** Where `ld.so` and the shared libraries are, by their own names. */
  readonly libraries: string;
  /** Debian's account of who holds the copyright. */
  readonly copyright: string;
}

/** Fetched once. Throws where no mirror is known, or it has not the package, or other bytes. */
export async function glibcFor(arch: Platform['arch']): Promise<Glibc> {
  const folder = join(cache, `${GLIBC_VERSION}-${arch}`);
  if (!existsSync(folder)) await unpack(await fetchDeb(arch), folder);
  const triplet = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[arch];
  return {
    libraries: join(folder, 'lib', triplet),
    copyright: join(folder, 'usr/share/doc/libc6/copyright'),
  };
}

/** `pkg:deb/…`: https://github.com/package-url/purl-spec/blob/main/types/deb-definition.json */
export function glibcPackageUrl(arch: Platform['arch']): string {
  return `pkg:deb/debian/libc6@${encodeURIComponent(GLIBC_VERSION)}?arch=${DEBIAN_ARCH[arch]}&distro=debian-12`;
}

/** From the mirror that this machine's apt is set up for. */
async function fetchDeb(arch: Platform['arch']): Promise<Uint8Array> {
  const path = `pool/main/g/glibc/libc6_${GLIBC_VERSION}_${DEBIAN_ARCH[arch]}.deb`;
  const mirror = debianMirror(RELEASE);
  if (mirror === undefined)
    throw new Error(`apt has no mirror of Debian ${RELEASE} here to take ${path} from`);
  const bytes = await fetchBytes(`${mirror}/${path}`);
  if (createHash('sha256').update(bytes).digest('hex') === DEB_SHA256[arch]) return bytes;
  throw new Error(`${mirror} has other bytes than expected for ${path}`);
}

async function fetchBytes(url: string): Promise<Uint8Array> {
  const response = await fetch(url, { signal: AbortSignal.timeout(FETCH_LIMIT_MS) });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function unpack(deb: Uint8Array, folder: string): Promise<void> {
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(join(cache, 'new-'));
  try {
    writeFileSync(join(fresh, 'deb'), deb);
    execFileSync('dpkg-deb', ['--extract', join(fresh, 'deb'), join(fresh, 'root')]);
    if (!existsSync(folder)) renameSync(join(fresh, 'root'), folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** The text of a file of the package. */
export function readCopyright({ copyright }: Glibc): string {
  return readFileSync(copyright, 'utf8');
}
