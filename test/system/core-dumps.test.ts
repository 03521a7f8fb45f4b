/** A program that holds values leaves none of them in a core, on Node and in an executable compiled by Bun. */
import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildPrograms, type Programs, RUNTIMES } from '../terminal/programs.ts';

let programs: Programs;
beforeAll(async () => {
  programs = await buildPrograms();
});
afterAll(() => programs[Symbol.asyncDispose]());

const isRoot = process.getuid?.() === 0;
/** Node before 26 cannot call libc. */
const canForbid = (runtime: string) =>
  runtime === 'bun' || process.getBuiltinModule('node:ffi' as 'fs') !== undefined;

describe.each(RUNTIMES.filter(canForbid))('core dumps are forbidden on %s', (runtime) => {
  function told(...before: readonly string[]) {
    const [file = '', ...args] = [...before, ...programs.words[runtime], 'crash'];
    const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return JSON.parse(stdout);
  }

  test('by the limit, which cannot be raised again', () => {
    expect(told()).toMatchObject({ limit: '0                    0' });
  });

  // The kernel gives the files in /proc of a process that is not dumpable to root.
  test.skipIf(!isRoot)(`and by the process itself${isRoot ? '' : ' (needs root)'}`, () => {
    for (const words of Object.values(programs.words)) chmodSync(dirname(words.at(-1) as string), 0o755);
    expect(told('setpriv', '--reuid=65534', '--clear-groups')).toMatchObject({ owner: 0 });
    const stat = ['setpriv', '--reuid=65534', '--clear-groups', 'stat', '-c', '%u', '/proc/self/stat'];
    expect(spawnSync('setpriv', stat.slice(1), { encoding: 'utf8' }).stdout).toBe('65534\n');
  });
});
