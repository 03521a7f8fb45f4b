/**
 * The process that delivers events in the background is out of reach of the command, which runs as the same user: it can
 * neither read what is delivered and with which credentials, nor change it.
 */

import { once } from 'node:events';
import { chmodSync, copyFileSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { available } from '../real/available.ts';
import { startWebhook, WEBHOOK_SECRET, type WebhookServer } from '../servers/start.ts';
import { describeWhere, withoutRoot } from './describe-where.ts';
import { folder } from './folder.ts';
import { containerOnly, envsealWords, isBundle, type Outcome, runWords, startWords } from './program.ts';
import { CANARY } from './transcript.ts';

/** A user whom nothing else on the machine runs as. */
const USER = 61_997;
const AS_USER = ['setpriv', `--reuid=${USER}`, '--clear-groups'];

let hook: WebhookServer;
beforeAll(async () => {
  hook = await startWebhook();
});
afterAll(() => hook.stop());

/** Reports, then stands still: no further program and no further file, so that `/proc` shows the same at any moment. */
const COMMAND = ['sh', '-c', 'echo started; kill -STOP $$'];

interface Started {
  /** The process ID of the command, which has stopped. */
  readonly pid: number;
  /** The process ID of the process that delivers, which waits for the receiver. */
  readonly delivery: number;
}

async function start(): Promise<Started> {
  await hook.reset();
  await hook.fault({ hang: true, count: 'always' });
  const cwd = folder({ '.sealed': `A=${CANARY}\n` });
  chmodSync(cwd, 0o755);
  copyFileSync(envsealWords[0] as string, join(cwd, 'envseal'));
  const args = [
    '--allow-unsealed',
    '-s',
    './.sealed',
    '--event-sink',
    hook.url,
    '--event-policy',
    'background',
  ];
  const { child } = startWords([...AS_USER, './envseal', ...args, '--', ...COMMAND], {
    cwd,
    env: { ENVSEAL_WEBHOOK_SECRET: WEBHOOK_SECRET },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  await hook.seen('/');
  const delivery = deliveryOf(USER);
  onTestFinished(() => {
    try {
      process.kill(delivery, 'SIGKILL');
    } catch {}
  });
  return { pid: child.pid as number, delivery };
}

function deliveryOf(user: number): number {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const [pid, ...others] = pids.filter((name) => {
    try {
      const isOurs = new RegExp(`^Uid:\\t${user}\\t`, 'm').test(readFileSync(`/proc/${name}/status`, 'utf8'));
      return isOurs && readFileSync(`/proc/${name}/cmdline`, 'utf8').startsWith('envseal-events\0');
    } catch {
      return false;
    }
  });
  expect(others).toEqual([]);
  return Number(pid);
}

const asUser = (...words: readonly string[]): Promise<Outcome> => runWords([...AS_USER, ...words]);

describeWhere(
  isBundle ? undefined : withoutRoot(AS_USER),
  'the process that delivers in the background',
  () => {
    test.each(['environ', 'mem', 'maps', 'auxv', 'fd/0', 'fd/3', 'exe', 'cwd/.sealed'])(
      'the same user cannot read its %s',
      containerOnly,
      async (name) => {
        const { pid, delivery } = await start();
        // It can read those of the command.
        if (name !== 'mem' && !name.startsWith('fd') && name !== 'exe')
          expect((await asUser('cat', `/proc/${pid}/${name}`)).status).toBe(0);
        expect(await asUser('head', '-c', '1', `/proc/${delivery}/${name}`)).toMatchObject({
          status: 1,
          stdout: '',
          stderr: expect.stringContaining('Permission denied'),
        });
      },
    );

    test('nor list or open its descriptors, nor write to them, nor trace it', containerOnly, async () => {
      const { delivery } = await start();
      const { status, stdout } = await asUser('ls', `/proc/${delivery}/fd/`);
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
      for (const fd of [0, 3]) {
        const outcome = await asUser('sh', '-c', `echo forged >/proc/${delivery}/fd/${fd}`);
        expect(outcome).toMatchObject({ status: 2, stderr: expect.stringContaining('Permission denied') });
      }
      const attach = 'import ctypes, sys; sys.exit(ctypes.CDLL(None).ptrace(16, int(sys.argv[1]), 0, 0) + 1)';
      if (available('python3') === undefined)
        expect(await asUser('/usr/bin/env', 'python3', '-c', attach, `${delivery}`)).toMatchObject({
          status: 0,
        });
    });

    test('it has no environment, and of our descriptors none', containerOnly, async () => {
      const { delivery } = await start();
      expect(readFileSync(`/proc/${delivery}/environ`, 'latin1')).toBe('');
      const links = Object.fromEntries(
        readdirSync(`/proc/${delivery}/fd`).map((fd) => [fd, readlinkSync(`/proc/${delivery}/fd/${fd}`)]),
      );
      expect(links[0]).toMatch(/^\/memfd:/);
      expect(links[3]).toMatch(/^pipe:/);
      // Sockets, and what it waits with; no file and no pipe of the command.
      const { 0: _, 3: __, ...others } = links;
      for (const link of Object.values(others)) expect(link).toMatch(/^(socket|anon_inode):/);
    });

    test('what it reads is sealed, and has no value', containerOnly, async () => {
      const { delivery } = await start();
      const input = readFileSync(`/proc/${delivery}/fd/0`, 'utf8');
      expect(input).not.toContain(CANARY);
      expect(JSON.parse(input)).toMatchObject({ sinks: [hook.url] });
      const seals = [
        'import fcntl, os, sys',
        'fd = os.open(sys.argv[1], os.O_RDONLY)',
        'print(fcntl.fcntl(fd, fcntl.F_GET_SEALS) & 15)',
      ].join('\n');
      const path = `/proc/${delivery}/fd/0`;
      if (available('python3') === undefined)
        expect((await runWords(['/usr/bin/env', 'python3', '-c', seals, path])).stdout).toBe('15\n');
      // Not even root.
      const { status } = await runWords(['sh', '-c', `echo forged >"$0"`, path]);
      expect(status).not.toBe(0);
      expect(readFileSync(path, 'utf8')).toBe(input);
    });

    test('it is in a session of its own, and not a child of the command', containerOnly, async () => {
      const { pid, delivery } = await start();
      const stat = readFileSync(`/proc/${delivery}/stat`, 'latin1');
      const [, parent, group, session] = stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .map(Number);
      expect(parent).not.toBe(pid);
      expect([group, session].every((id) => id !== pid && id === group)).toBe(true);
      expect(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')).toBe('');
    });

    test('the command has no descriptor more', containerOnly, async () => {
      const { pid } = await start();
      const { child } = startWords(COMMAND);
      onTestFinished(() => void child.kill('SIGKILL'));
      await once(child.stdout, 'data');
      expect(readdirSync(`/proc/${pid}/fd`)).toEqual(readdirSync(`/proc/${child.pid}/fd`));
    });
  },
);
