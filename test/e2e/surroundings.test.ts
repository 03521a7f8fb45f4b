/** Starts in containers that give a process less than usual. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { describeReal } from '../real/available.ts';
import { startWebhook, type WebhookServer } from '../servers/start.ts';
import { skipFor } from '../skip.ts';
import { describeWhere, withoutRoot } from './describe-where.ts';
import { folder } from './folder.ts';
import { containerOnly, envsealWords, isBundle, type Outcome, PATH, runWords } from './program.ts';
import { NO_SUCH_RULE, type RawStart, rawStart } from './raw-start.ts';
import { CANARY } from './transcript.ts';

const STARTED = { status: 0, signal: null, stdout: `A is ${CANARY}\n`, stderr: '' };
const TOOL = '#!/bin/sh\necho "A is $A"\n';
const withTool = () => folder({ '.sealed': `A=${CANARY}\n`, tool: TOOL });

let hook: WebhookServer;
beforeAll(async () => {
  hook = await startWebhook();
});
afterAll(() => hook.stop());

/** Starts the tool through other words, which have to become envseal. */
async function start(before: readonly string[], flags: readonly string[] = []): Promise<Outcome> {
  const words = [...envsealWords, '--allow-unsealed', '-s', './.sealed', ...flags, '--', './tool'];
  return await runWords([...before, ...words], { cwd: withTool() });
}

/** The same with a webhook that is notified in the background, or at once where that is not possible. */
async function startAndTell(before: readonly string[]): Promise<void> {
  await hook.reset();
  await hook.secrets([]);
  const flags = ['--event-policy', 'background', '--event-timeout', '20', '--event-sink', hook.url];
  expect(await start(before, flags)).toEqual(STARTED);
  const [received] = await hook.awaitReceived(1);
  expect(received?.body).toContain('envseal.access.granted');
  expect(received?.body).not.toContain(CANARY);
}

const NO_PROC = ['unshare', '--mount', 'sh', '-c', 'umount -l /proc && exec "$@"', 'sh'];
describeWhere(withoutRoot(NO_PROC), 'without /proc', () => {
  test('the command starts', async () => {
    expect(await start(NO_PROC)).toEqual(STARTED);
  });

  test('an event is delivered', containerOnly, async () => {
    await startAndTell(NO_PROC);
  });
});

describe('a working directory that is gone', containerOnly, () => {
  /** A shell that removes the folder it is in. */
  const gone = ['sh', '-c', 'mkdir gone && cd gone && rmdir ../gone && exec "$@"', 'sh'];

  test('the command starts, and has it', async () => {
    const cwd = withTool();
    const source = ['--allow-unsealed', '-s', `${cwd}/.sealed`];
    const probe = ['readlink', '/proc/self/cwd'];
    const outcome = await runWords([...gone, ...envsealWords, ...source, '--', ...probe], { cwd });
    expect(outcome).toEqual({ status: 0, signal: null, stdout: `${cwd}/gone (deleted)\n`, stderr: '' });
  });

  test('a source in it is not there', async () => {
    const words = [...gone, ...envsealWords, '--allow-unsealed', '-s', './.sealed', '--', 'true'];
    const { status, stderr } = await runWords(words, { cwd: withTool() });
    expect({ status, stderr }).toEqual({
      status: 66,
      stderr: expect.stringMatching(/^envseal: error: .+\n(envseal: hint: .+\n)?$/),
    });
  });
});

describe('a limit of one process', containerOnly, () => {
  const PIDS = '/sys/fs/cgroup/pids';
  const isVersion1 = existsSync(`${PIDS}/cgroup.procs`);

  /** The words that enter a group in which there is room for them alone, as with `--pids-limit 1`. */
  function inGroup(): readonly string[] {
    const group = join(isVersion1 ? PIDS : '/sys/fs/cgroup', `envseal-test-${process.pid}`);
    mkdirSync(group);
    onTestFinished(() => rmdirSync(group));
    return ['sh', '-c', 'echo $$ >"$0/cgroup.procs" && echo 1 >"$0/pids.max" && exec "$@"', group];
  }

  function missing(): string | undefined {
    if (process.getuid?.() !== 0) return 'needs root';
    const controllers = '/sys/fs/cgroup/cgroup.subtree_control';
    if (isVersion1 || (existsSync(controllers) && readFileSync(controllers, 'utf8').includes('pids')))
      return undefined;
    return 'needs the pids controller of cgroups';
  }

  // A sandbox may have cgroups that nothing may be added to: the limit of a user's processes is another test of the same.
  describe('of a group (pids.max)', skipFor(missing()), () => {
    test('the command starts', async () => {
      // The shell's own script has to do without a child.
      expect(await start(inGroup())).toEqual(STARTED);
    });

    test('an event is delivered, if not in the background', async () => {
      await startAndTell(inGroup());
    });
  });

  // A user whom nothing else on the machine runs as.
  const limited = ['setpriv', '--reuid=61999', '--clear-groups', 'prlimit', '--nproc=1'];
  describeWhere(withoutRoot(limited), 'of a user', () => {
    const shared = () => {
      const cwd = withTool();
      spawnSync('chmod', ['755', cwd]);
      spawnSync('cp', [envsealWords[0] as string, join(cwd, 'envseal')]);
      return cwd;
    };

    test('the command starts', async () => {
      const cwd = shared();
      const words = ['./envseal', '--allow-unsealed', '-s', './.sealed', '--', './tool'];
      expect(await runWords([...limited, ...words], { cwd })).toEqual(STARTED);
    });
  });
});

describe('16 MiB of address space', containerOnly, () => {
  const limited = ['prlimit', `--as=${16 * 1024 * 1024}`];

  test('the command starts', async () => {
    expect(await start(limited)).toEqual(STARTED);
  });

  test('an event is delivered', async () => {
    await startAndTell(limited);
  });

  test('less of it ends in two lines or in the kernel, and in nothing else', async () => {
    const statuses = new Set<number | null>();
    for (let kib = 8 * 1024; kib > 4 * 1024; kib -= 128) {
      const { status, stdout, stderr } = await start(['prlimit', `--as=${kib * 1024}`]);
      statuses.add(status);
      if (status === 0) expect({ stdout, stderr }).toEqual({ stdout: STARTED.stdout, stderr: '' });
      else if (status === 70)
        expect([kib, stderr]).toEqual([
          kib,
          expect.stringMatching(/^envseal: error: .+\nenvseal: hint: .+\n$/),
        ]);
      // The kernel cannot map the program, or the loader the command's libraries.
      else expect([kib, stderr]).toEqual([kib, expect.not.stringMatching(/^envseal|panick/)]);
      expect(stderr).not.toContain(CANARY);
    }
    expect([...statuses]).toEqual(expect.arrayContaining([0, 70]));
  });

  test('a file for which there is too little of it ends in two lines', async () => {
    const lines = Array.from({ length: 1800 }, (_, i) => `V${i}=${CANARY.padEnd(1000, 'x')}\n`);
    const cwd = folder({ '.sealed': lines.join('') });
    const words = [...envsealWords, '--allow-unsealed', '-s', './.sealed', '--', '/bin/true'];
    for (let mib = 8; mib < 14; mib += 0.5) {
      const outcome = await runWords(['prlimit', `--as=${mib * 1024 * 1024}`, ...words], {
        cwd,
        env: { RUST_BACKTRACE: 'full' },
      });
      const { status, stderr } = outcome;
      expect([0, 70]).toContain(status);
      expect(stderr).toMatch(status === 0 ? /^$/ : /^envseal: error: .+\nenvseal: hint: .+\n$/);
      expect(stderr).not.toContain(CANARY);
    }
  });
});

describe('rules of the kernel', containerOnly, () => {
  // The same on every architecture: https://man7.org/linux/man-pages/man2/syscalls.2.html, of Linux 5.3.
  const CLONE3 = 435;
  const AFTER_LINUX_5_0 = 424;

  describeReal('python3', 'under rules', () => {
    test.for<[string, Partial<RawStart>]>([
      ['no memory may be written to and executed', { forbidsWritableCode: true }],
      ['clone3 answers EPERM', { refusedCalls: [CLONE3] }],
      ['every newer call answers EPERM', { refusedFrom: AFTER_LINUX_5_0 }],
    ])('%s', async ([, rules], context) => {
      await hook.reset();
      await hook.secrets([]);
      const flags = ['--event-policy', 'background', '--event-timeout', '20', '--event-sink', hook.url];
      const words = ['--allow-unsealed', '-s', './.sealed', ...flags, '--', './tool'];
      const argv = [...envsealWords, ...words];
      const outcome = await rawStart({ argv, environ: [`PATH=${PATH}`], ...rules }, { cwd: withTool() });
      if (outcome.status === NO_SUCH_RULE) context.skip('needs Linux 6.3');
      expect(outcome).toEqual(STARTED);
      expect((await hook.awaitReceived(1))[0]?.body).toContain('envseal.access.granted');
    });
  });
});

describe('closed standard streams', () => {
  const CLOSED = ['<&-', '>&-', '2>&-', '<&- >&-', '<&- 2>&-', '>&- 2>&-', '<&- >&- 2>&-'];
  /** Says which descriptors are open, without opening one before it knows. */
  const LIST = [
    '#!/bin/sh',
    'for fd in 0 1 2 3 4 5 6 7 8 9; do',
    '  [ -e /proc/$$/fd/$fd ] || continue',
    '  [ /proc/$$/fd/$fd -ef /dev/null ] && open="$open $fd=null" || open="$open $fd"',
    'done',
    'echo "$open" >list',
    '',
  ].join('\n');

  async function listed(words: readonly string[], redirections: string): Promise<string> {
    const cwd = folder({ '.sealed': 'A=1\n', 'list.sh': LIST });
    const outcome = await runWords(['sh', '-c', `exec ${redirections}\n"$@"`, 'sh', ...words, './list.sh'], {
      cwd,
    });
    expect(outcome).toMatchObject({ status: 0, stdout: '', stderr: '' });
    return readFileSync(join(cwd, 'list'), 'utf8').trim();
  }

  test.each(CLOSED)('%s: the command has open what a direct start has', async (redirections) => {
    const wrapper = [...envsealWords, '--allow-unsealed', '-s', './.sealed', '--'];
    const direct = await listed([], redirections);
    const wrapped = await listed(wrapper, redirections);
    expect(direct.length).toBeLessThan('0 1 2'.length);
    // Node opens /dev/null in place of what is closed.
    const isOpen = (fd: number) => new RegExp(`\\b${fd}\\b`).test(direct);
    expect(wrapped).toBe(
      isBundle ? [0, 1, 2].map((fd) => (isOpen(fd) ? fd : `${fd}=null`)).join(' ') : direct,
    );
  });

  test.each(CLOSED)('%s: an error has its exit status, and is written nowhere else', async (redirections) => {
    const cwd = folder({ '.sealed': 'A=1\n' });
    const words = [...envsealWords, '--allow-unsealed', '-s', './.sealed', '--require', 'B', '--', 'x'];
    const { status, stdout, stderr } = await runWords(
      ['sh', '-c', `exec ${redirections}\n"$@"`, 'sh', ...words],
      { cwd },
    );
    expect({ status, stdout }).toEqual({ status: 65, stdout: '' });
    expect(stderr.startsWith('envseal: error: ')).toBe(!redirections.includes('2>&-'));
    expect(readdirSync(cwd)).toEqual(['.sealed']);
  });

  test('a full stderr does not hide the exit status', async () => {
    const { status } = await runWords(['sh', '-c', '"$@" 2>/dev/full', 'sh', ...envsealWords, '--', 'x']);
    expect(status).toBe(64);
  });
});
