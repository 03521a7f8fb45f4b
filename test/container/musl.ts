/** What Alpine has of musl, without Alpine: musl itself from Debian, which has the same release. */
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, globSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { debianMirror } from './debian-mirror.ts';
import { mustRun } from './program.ts';

const MUSL = {
  path: 'pool/main/m/musl/musl_1.2.5-3_amd64.deb',
  sha256: '4288deaf14438e6c237491be45f10e3e7badb2e723cedfb08ff1fe687b646c84',
};

/** Returns a folder with `lib`, in which musl is under the name of its loader, made once. */
export async function muslRoot(cache: string): Promise<string> {
  const root = join(cache, 'musl-only-1.2.5');
  if (existsSync(root)) return root;
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(join(cache, 'musl-'));
  try {
    await addMusl(fresh);
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
