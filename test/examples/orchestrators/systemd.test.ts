/** examples/systemd: the unit is one, hardened, and what it says opens the file; envseal needs nothing that it forbids. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EXIT_STATUS } from '../../../src/errors.ts';
import { DEFAULT_TIMEOUT_SECONDS } from '../../../src/limits-and-defaults.ts';
import { folder } from '../../e2e/folder.ts';
import { envseal, envsealWords, operate, runWords } from '../../e2e/program.ts';
import { AGE_KEY, IDENTITY } from '../../e2e/sealed.ts';
import { CANARY } from '../../e2e/transcript.ts';
import { describeReal } from '../../real/available.ts';
import { systemdAnalyzeProgram } from '../../real/programs.ts';
import { type SyslogServer, startSyslog } from '../../servers/start.ts';
import { skipFor } from '../../skip.ts';
import { FOLDER, read, type Variables } from './examples.ts';

const UNIT = join(FOLDER, 'systemd/api.service');
/** The most that `systemd-analyze security` may find, of 10. */
const MAX_EXPOSURE = 2;

/** `Name=value` lines, in order. */
const LINES = Array.from(read('systemd/api.service').matchAll(/^(\w+)=(.*)$/gm), ([, name, value]) => [
  name as string,
  value as string,
]);

function valuesOf(name: string): string[] {
  return LINES.filter(([each]) => each === name).map(([, value]) => value as string);
}

/** Where the folders of the machine are those of the test. */
function environment(credentials: string, etc: string, log: string): Variables {
  const pairs = valuesOf('Environment').map((each) =>
    each.replace('%d', credentials).replace('/etc/api', etc).replace('/dev/log', log).split(/=(.*)/s),
  );
  return Object.fromEntries(pairs.map(([name, value]) => [name as string, value as string]));
}

async function prepare(log: string): Promise<{ env: Variables; etc: string }> {
  const etc = folder();
  const credentials = join(etc, 'credentials');
  mkdirSync(credentials);
  const [, name = ''] = /^(.*):\/etc\/api\/age\.key$/.exec(valuesOf('LoadCredential')[0] ?? '') ?? [];
  writeFileSync(join(credentials, name), `${IDENTITY}\n`, { mode: 0o400 });
  const sealed = await operate(['push', '--seal', 'sops', '--age', AGE_KEY.key, '-', './env.sealed'], {
    cwd: etc,
    stdin: `DATABASE_URL=postgres://${CANARY}@db/1\n`,
    env: { HOME: etc },
  });
  expect(sealed).toMatchObject({ status: 0 });
  return { env: environment(credentials, etc, log), etc };
}

describe('what the unit says', () => {
  let syslog: SyslogServer;
  beforeAll(async () => {
    syslog = await startSyslog();
  });
  afterAll(() => syslog.stop());

  test('opens the file with the key of the credential; the command does not learn where the key is', async () => {
    const { env } = await prepare(syslog.paths.stream);
    const [, wrapper, ...command] = /^\S+ (run --) (.*)$/.exec(valuesOf('ExecStart')[0] ?? '') ?? [];
    expect([wrapper, command]).toEqual(['run --', ['/usr/local/bin/api']]);
    const outcome = await envseal(['run', '--', 'env'], { env });
    expect(outcome).toMatchObject({ status: 0, stderr: '' });
    expect(outcome.stdout).toContain(`DATABASE_URL=postgres://${CANARY}@db/1\n`);
    expect(outcome.stdout).not.toMatch(/SOPS_AGE|ENVSEAL_/);
    const received = JSON.stringify(await syslog.received());
    expect(received).toContain('envseal.access.granted');
    expect(received).not.toContain(CANARY);
  });

  test('starts again after what heals by itself, and not after the rest', () => {
    const never = valuesOf('RestartPreventExitStatus')[0]?.split(' ').map(Number) ?? [];
    const heals = [EXIT_STATUS.unreachable, EXIT_STATUS.timeout];
    const all = new Set([...Object.values(EXIT_STATUS), 126, 127]);
    expect(new Set([...never, ...heals])).toEqual(all);
    expect(never.filter((status) => heals.includes(status as never))).toEqual([]);
    expect(Number(valuesOf('TimeoutStartSec')[0])).toBeGreaterThan(DEFAULT_TIMEOUT_SECONDS);
  });
});

const analyze = systemdAnalyzeProgram();
describe(
  'systemd itself',
  skipFor(analyze === undefined && 'needs systemd-analyze: apt-get install systemd'),
  () => {
    test('takes every line', () => {
      const text = readFileSync(UNIT, 'utf8').replace('/usr/local/bin/envseal', '/bin/true');
      const { status, stdout, stderr } = spawnSync(
        analyze ?? '',
        ['verify', '--man=no', join(folder({ 'api.service': text }), 'api.service')],
        { encoding: 'utf8' },
      );
      expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
    });

    test('finds it hardened', () => {
      const words = ['security', '--offline=true', `--threshold=${MAX_EXPOSURE * 10}`, UNIT];
      const { status, stdout } = spawnSync(analyze ?? '', words, { encoding: 'utf8' });
      expect(stdout).toContain('Overall exposure level for api.service');
      expect(status).toBe(0);
    });

    describeReal('strace', 'with every call of envseal written down', () => {
      test('is asked for no call that the filter forbids', async () => {
        const { env, etc } = await prepare('/nobody/listens');
        const log = join(etc, 'calls');
        const words = ['strace', '-f', '-qq', '-o', log, ...envsealWords, 'run', '--', '/bin/true'];
        expect(await runWords(words, { env })).toMatchObject({ status: 0 });
        const calls = readFileSync(log, 'latin1').matchAll(/^\d+ +(\w+)\(/gm);
        const allowed = callsOf(valuesOf('SystemCallFilter'));
        expect(allowed.size).toBeGreaterThan(100);
        const used = new Set(Array.from(calls, ([, name]) => name as string));
        expect(used).toContain('execve');
        expect([...used].filter((name) => !allowed.has(name))).toEqual([]);
      });
    });
  },
);

/** The calls in these sets, and in the sets that those hold. */
function callsOf(names: readonly string[]): Set<string> {
  const { stdout } = spawnSync(analyze ?? '', ['syscall-filter', '--no-pager'], { encoding: 'utf8' });
  const sets = new Map<string, string[]>();
  for (const part of stdout.split(/\n(?=@)/)) {
    const [title = '', ...members] = part.split('\n').map((line) => line.trim());
    sets.set(
      title,
      members.filter((line) => line !== '' && !line.startsWith('#')),
    );
  }
  const all = new Set<string>();
  const add = (name: string) => {
    if (name.startsWith('@')) sets.get(name)?.forEach(add);
    else all.add(name);
  };
  names.forEach(add);
  return all;
}
