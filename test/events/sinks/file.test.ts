import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, renameSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { nodeSystem } from '../../../src/system/node/system.ts';
import { ErrnoError } from '../../../src/system/system.ts';
import { folder } from '../../e2e/folder.ts';
import { change, event, expectSame, failure, send } from './sending.ts';

const linesOf = (path: string): unknown[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

describe('a file', () => {
  test('is made for its owner, and appended to', async () => {
    const path = join(folder(), 'a b.log');
    const uri = `file://${path.replaceAll(' ', '%20')}`;
    const first = await send(uri, { events: [event(), event()] });
    const second = await send(uri);
    expect(linesOf(path)).toEqual([...first, ...second]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('takes changes', async () => {
    const path = join(folder(), 'log');
    const events = await send(`file://${path}`, { events: [change('stored'), event(), change('unset')] });
    expectSame(linesOf(path), events);
  });

  test('that exists keeps its mode and content', async () => {
    const path = join(folder({ log: '"before"\n' }), 'log');
    const events = await send(`file://${path}`);
    expect(linesOf(path)).toEqual(['before', ...events]);
    expect(statSync(path).mode & 0o777).toBe(0o644);
  });

  test('that is rotated is made again', async () => {
    const path = join(folder(), 'log');
    await send(`file://${path}`);
    renameSync(path, `${path}.1`);
    await send(`file://${path}`);
    expect([linesOf(path).length, linesOf(`${path}.1`).length]).toEqual([1, 1]);
  });

  test('behind a symbolic link', async () => {
    const home = folder();
    symlinkSync(join(home, 'log'), join(home, 'link'));
    await send(`file://${home}/link`);
    expect(linesOf(join(home, 'log'))).toHaveLength(1);
  });

  test('is written by one write for each event', async () => {
    const written: string[][] = [];
    const system = {
      ...nodeSystem,
      append: async (_: string, lines: readonly string[]) => void written.push([...lines]),
    };
    const events = await send('file:///log', { events: [event(), event()], system });
    expect(written).toEqual([events.map((sent) => `${JSON.stringify(sent)}\n`)]);
  });
});

describe('what fails', () => {
  test('a directory', async () => {
    expect(await failure(`file://${folder()}`)).toMatchObject({
      code: 'configuration',
      message: 'it is a directory',
    });
  });

  test.each(['none/log', 'file/log'])('%s', async (name) => {
    expect(await failure(`file://${folder({ file: '' })}/${name}`)).toMatchObject({
      code: 'configuration',
      message: 'its folder does not exist',
    });
  });

  test('a full disk', async () => {
    expect(await failure('file:///dev/full')).toMatchObject({
      code: 'undelivered',
      message: 'no space left for it: ENOSPC',
    });
  });

  test('a pipe without a reader', async () => {
    const path = join(folder(), 'pipe');
    await once(spawn('mkfifo', [path]), 'exit');
    const { code, message, hint } = await failure(`file://${path}`);
    expect({ code, message, hint }).toEqual({
      code: 'undelivered',
      message: 'cannot append to it: ENXIO',
      hint: 'no process reads from this pipe',
    });
  });

  test.each([
    ['EACCES', 'denied'],
    ['EROFS', 'denied'],
    ['EDQUOT', 'undelivered'],
    ['EIO', 'undelivered'],
  ])('%s', async (errno, code) => {
    const system = { ...nodeSystem, append: () => Promise.reject(new ErrnoError(errno)) };
    const found = await failure('file:///log', { system });
    expect(found).toMatchObject({ code, message: expect.stringContaining(errno) });
  });
});

const PROGRAM = `
  const [, nodeModule, path, name] = process.argv;
  const { nodeSystem } = await import(nodeModule);
  const write = (n) => nodeSystem.append(path, [JSON.stringify({ name, n, pad: 'x'.repeat(5000) }) + '\\n']);
  for (let n = 0; n < 20; n++) await write(n);
`;

test('50 processes with 20 events each at once lose and tear no line', async () => {
  const path = join(folder(), 'log');
  const nodeModule = join(import.meta.dirname, '../../../src/system/node/system.ts');
  const children = Array.from({ length: 50 }, (_, index) =>
    spawn(process.execPath, ['--input-type=module', '--eval', PROGRAM, nodeModule, path, `${index}`], {
      stdio: ['ignore', 'ignore', 'inherit'],
    }),
  );
  const ended = await Promise.all(children.map((child) => once(child, 'exit')));
  expect(new Set(ended.map(([status]) => status))).toEqual(new Set([0]));
  const seen = linesOf(path).map((line) => line as { name: string; n: number });
  expect(new Set(seen.map(({ name, n }) => `${name} ${n}`)).size).toBe(1000);
  expect(seen).toHaveLength(1000);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

describe('stderr', () => {
  test('has one line for each event', async () => {
    const written: [number, string][] = [];
    const write = (fd: number, text: string) => written.push([fd, text]) > 0;
    const events = await send('stderr:', {
      events: [event(), change('set')],
      system: { ...nodeSystem, write },
    });
    expect(written).toEqual(events.map((sent) => [2, `${JSON.stringify(sent)}\n`]));
  });

  test('that is closed', async () => {
    expect(await failure('stderr:', { system: { ...nodeSystem, write: () => false } })).toMatchObject({
      code: 'undelivered',
      message: 'cannot write to stderr',
    });
  });
});
