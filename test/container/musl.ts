/**
 * What Alpine has of musl and libstdc++, without Alpine: musl itself from Debian, which has the same release, and Alpine's
 * own libstdc++ from a Python package that was built there and brings it along.
 */
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, globSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { debianMirror } from '../../scripts/release/debian-mirror.ts';
import { pipProgram } from '../real/programs.ts';
import { mustRun } from './program.ts';

/** Debian 13's. That of Debian 12 is older than `DT_RELR`, which Alpine's libstdc++ uses. */
const MUSL = {
  path: 'pool/main/m/musl/musl_1.2.5-3_amd64.deb',
  sha256: '4288deaf14438e6c237491be45f10e3e7badb2e723cedfb08ff1fe687b646c84',
};

/** Returns a folder with `lib` (musl) and `usr/lib` (libstdc++ and libgcc), made once. */
export async function muslRoot(cache: string): Promise<string> {
  const root = join(cache, 'musl-1.2.5');
  if (existsSync(root)) return root;
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(join(cache, 'musl-'));
  try {
    await Promise.all([addMusl(fresh), addLibstdcxx(fresh)]);
    renameSync(join(fresh, 'root'), root);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return root;
}

async function addMusl(folder: string): Promise<void> {
  // The mirrors have all releases in one pool.
  const url = `${debianMirror('bookworm')}/${MUSL.path}`;
  const bytes = Buffer.from(await (await fetch(url)).arrayBuffer());
  if (createHash('sha256').update(bytes).digest('hex') !== MUSL.sha256)
    throw new Error(`${MUSL.path} has other bytes than expected`);
  await writeFile(join(folder, 'musl.deb'), bytes);
  await mustRun('dpkg-deb', ['--extract', join(folder, 'musl.deb'), join(folder, 'deb')]);
  mkdirSync(join(folder, 'root/lib'), { recursive: true });
  const [libc = ''] = globSync('deb/usr/lib/*-linux-musl/libc.so', { cwd: folder });
  copyFileSync(join(folder, libc), join(folder, 'root/lib/ld-musl-x86_64.so.1'));
}

async function addLibstdcxx(folder: string): Promise<void> {
  const wheel = [
    '--no-deps',
    '--only-binary=:all:',
    '--platform=musllinux_1_2_x86_64',
    '--python-version=3.12',
  ];
  const pinned = ['--require-hashes', '--requirement', join(import.meta.dirname, 'musl-requirements.txt')];
  const quiet = ['--quiet', '--disable-pip-version-check', '--dest', folder];
  await mustRun(pipProgram() ?? 'pip', ['download', ...wheel, ...pinned, ...quiet]);
  const [file = ''] = globSync('*.whl', { cwd: folder });
  await mustRun('python3', ['-m', 'zipfile', '-e', join(folder, file), join(folder, 'wheel')]);
  mkdirSync(join(folder, 'root/usr/lib'), { recursive: true });
  for (const path of globSync('wheel/*.libs/*', { cwd: folder })) {
    const name = path.split('/').at(-1) as string;
    const isLibstdcxx = name.startsWith('libstdc++');
    copyFileSync(join(folder, path), join(folder, 'root/usr/lib', isLibstdcxx ? 'libstdc++.so.6' : name));
  }
}
