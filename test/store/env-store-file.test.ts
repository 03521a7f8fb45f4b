/**
 * Local files' own part of the contract in src/store/contract.ts: locks, modes, links, interrupted writers.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseFolder, parseSource } from '../../src/source-uri.ts';
import { type Expected, NO_ATTRIBUTES, type Written } from '../../src/store/contract.ts';
import { skipFor } from '../skip.ts';
import { collect } from './collect.ts';
import { failureOf } from './failure.ts';
import { openFiles } from './grounds.ts';

const WRITER = join(import.meta.dirname, 'file-writer.ts');
const isRoot = process.getuid?.() === 0;

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'envseal-files.'));
  path = join(directory, 'env');
});

afterEach(() => rm(directory, { recursive: true }));

async function write(to: string, text: string, expected: Expected, seconds?: number): Promise<Written> {
  const options = { seal: { kind: 'store' }, expected, attributes: NO_ATTRIBUTES } as const;
  return await openFiles(seconds).write(parseSource(to), Buffer.from(text), options);
}

async function modeOf(file: string): Promise<string> {
  return ((await stat(file)).mode & 0o7777).toString(8);
}

test('makes a file for its owner alone, and nothing beside it', async () => {
  await write(path, 'A=1\n', 'nothing');
  expect(await modeOf(path)).toBe('600');
  expect(await readdir(directory)).toEqual(['env']);
});

test.for(['640', '444', '777'])('keeps the mode %s', async (mode) => {
  await writeFile(path, 'A=1\n');
  await chmod(path, mode);
  await write(path, 'A=2\n', 'anything');
  expect(await modeOf(path)).toBe(mode);
});

test('keeps the owner', skipFor(!isRoot && 'needs root'), async () => {
  await writeFile(path, 'A=1\n');
  await chown(path, 1234, 5678);
  await write(path, 'A=2\n', 'anything');
  expect(await stat(path)).toMatchObject({ uid: 1234, gid: 5678 });
});

test('writes to what a symbolic link points to', async () => {
  await mkdir(join(directory, 'real'));
  await writeFile(join(directory, 'real/env'), 'A=1\n');
  await symlink('real/env', path);
  const { revision } = await openFiles().read(parseSource(path));
  await write(path, 'A=2\n', { revision });
  expect(await readlink(path)).toBe('real/env');
  expect(await readFile(join(directory, 'real/env'), 'utf8')).toBe('A=2\n');
});

test('writes to what a symbolic link will point to', async () => {
  await mkdir(join(directory, 'real'));
  await symlink('real/env', path);
  await write(path, 'A=1\n', 'nothing');
  expect(await readFile(join(directory, 'real/env'), 'utf8')).toBe('A=1\n');
});

test('reports links that form a loop', async () => {
  await symlink('other', path);
  await symlink('env', join(directory, 'other'));
  expect(await failureOf(write(path, 'A=1\n', 'nothing'))).toMatchObject({ code: 'configuration' });
});

test('waits for the lock of another writer', async () => {
  await writeFile(`${path}.lock`, '');
  const written = write(path, 'A=1\n', 'nothing');
  await rm(`${path}.lock`);
  await written;
  expect(await readFile(path, 'utf8')).toBe('A=1\n');
});

test('names the lock that stays, and leaves it', async () => {
  await writeFile(path, 'A=1\n');
  await writeFile(`${path}.lock`, 'A=half');
  const failure = await failureOf(write(path, 'A=2\n', 'anything', 0.2));
  expect(failure).toMatchObject({
    code: 'conflict',
    exitStatus: 75,
    hint: expect.stringContaining(`${path}.lock`),
  });
  expect(await readFile(path, 'utf8')).toBe('A=1\n');
  expect(await readFile(`${path}.lock`, 'utf8')).toBe('A=half');
});

test('removes its lock when the write fails', async () => {
  await writeFile(path, 'A=1\n');
  await failureOf(write(path, 'A=2\n', 'nothing'));
  await mkdir(join(directory, 'folder'));
  await failureOf(write(join(directory, 'folder'), 'A=2\n', 'anything'));
  expect((await readdir(directory)).toSorted()).toEqual(['env', 'folder']);
});

test('a writer that is killed leaves the old file or the new one', async () => {
  await writeFile(path, 'A=old\n'.repeat(1000));
  for (let round = 0; round < 5; round++) {
    const writer = spawn(process.execPath, [WRITER, path, 'forever'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(writer.stdout, 'data');
    writer.kill('SIGKILL');
    await once(writer, 'exit');
    expect(await readFile(path, 'utf8')).toMatch(/^(A=old\n){1000}$|^(A=new\n){1000}$/);
    await rm(`${path}.lock`, { force: true });
  }
});

test('a writer that is asked to stop leaves no lock', async () => {
  for (let round = 0; round < 5; round++) {
    const writer = spawn(process.execPath, [WRITER, path, 'forever'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(writer.stdout, 'data');
    writer.kill('SIGTERM');
    await once(writer, 'exit');
    expect(await readdir(directory)).toEqual(['env']);
  }
});

test('of ten processes that each count up five times, no count is lost', async () => {
  await writeFile(path, '0');
  const run = promisify(execFile);
  await Promise.all(Array.from({ length: 10 }, () => run(process.execPath, [WRITER, path, 'count', '5'])));
  expect(await readFile(path, 'utf8')).toBe('50');
});

test('is refused where no directory is, and where a directory is', async () => {
  const failure = await failureOf(write(join(directory, 'none/env'), 'A=1\n', 'nothing'));
  expect(failure).toMatchObject({ code: 'not_found', hint: `mkdir -p ${join(directory, 'none')}` });
  expect(await failureOf(write(directory, 'A=1\n', 'anything'))).toMatchObject({ code: 'configuration' });
});

test('is refused where the user may not write', skipFor(!isRoot && 'needs root'), async () => {
  await chmod(directory, 0o755);
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [WRITER, path, 'once'], { uid: 65534, gid: 65534 });
  expect(stdout).toBe('denied\n');
});

test('cannot be sealed by a service', async () => {
  const options = {
    seal: { kind: 'sse-kms', key: undefined, isDual: false },
    expected: 'nothing',
    attributes: NO_ATTRIBUTES,
  } as const;
  const failure = await failureOf(openFiles().write(parseSource(path), Buffer.from('A=1\n'), options));
  expect(failure).toMatchObject({ code: 'usage', hint: 'use --seal sops' });
});

test('lists files, but neither locks nor what lies in directories with a dot', async () => {
  for (const folder of ['.git', 'b']) await mkdir(join(directory, folder));
  for (const file of ['.env', '.git/config', 'b/env', 'b.env', 'b/env.lock', 'yarn.lock']) {
    await writeFile(join(directory, file), '');
  }
  await symlink('b/env', join(directory, 'link'));
  const found = await collect(openFiles().find(parseFolder(`${directory}/`)));
  expect(found.map(({ uri }) => uri)).toEqual(
    ['.env', 'b.env', 'b/env', 'yarn.lock'].map((name) => join(directory, name)),
  );
});

test('reports that there is no such directory to list', async () => {
  const listing = openFiles().find(parseFolder(`${directory}/none/`));
  expect(await failureOf(collect(listing))).toMatchObject({ code: 'not_found' });
});

test('a bucket has no say here', async () => {
  const unknown = { isVersioned: undefined, isEncrypted: undefined, isPublic: undefined };
  expect(await openFiles().inspect(parseSource(path))).toEqual(unknown);
});
