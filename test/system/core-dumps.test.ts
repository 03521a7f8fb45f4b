/** The full program, while it holds values, leaves none of them in a core. */
import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipFor } from '../skip.ts';
import { buildOperator, type Operator } from '../terminal/programs.ts';

let operator: Operator;
beforeAll(async () => {
  operator = await buildOperator();
});
afterAll(() => operator[Symbol.asyncDispose]());

const isRoot = process.getuid?.() === 0;
/** Node before 26 cannot call libc. */
const canForbid = process.getBuiltinModule('node:ffi' as 'fs') !== undefined;

describe('core dumps are forbidden', skipFor(!canForbid && 'needs a Node that has node:ffi'), () => {
  function told(...before: readonly string[]) {
    const [file = '', ...args] = [...before, ...operator.words, 'crash'];
    const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return JSON.parse(stdout);
  }

  test('by the limit, which cannot be raised again', () => {
    expect(told()).toMatchObject({ limit: '0                    0' });
  });

  // The kernel gives the files in /proc of a process that is not dumpable to root.
  test('and by the process itself', skipFor(!isRoot && 'needs root'), () => {
    chmodSync(dirname(operator.words.at(-1) as string), 0o755);
    expect(told('setpriv', '--reuid=65534', '--clear-groups')).toMatchObject({ owner: 0 });
    const stat = ['setpriv', '--reuid=65534', '--clear-groups', 'stat', '-c', '%u', '/proc/self/stat'];
    expect(spawnSync('setpriv', stat.slice(1), { encoding: 'utf8' }).stdout).toBe('65534\n');
  });
});
