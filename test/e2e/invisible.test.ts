/**
 * The command gets what it would have got without us. Each test starts the same probe twice from the same state, once
 * directly and once through envseal, and compares what the kernel says of the two.
 */
import { chmodSync, copyFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { describe, expect, test } from 'vitest';
import { describeWhere, withoutRoot } from './describe-where.ts';
import { folder } from './folder.ts';
import { containerOnly, envsealWords, isBundle, type Outcome, readEnviron, runWords } from './program.ts';

/** A shell and coreutils' `env` make the state and become the probe; neither changes what it does not name. */
function through(state: string, probe: readonly string[], shell = '/bin/sh'): readonly string[] {
  return [shell, '-c', `${state}\nexec env $DISPOSITIONS "$@"`, 'sh', ...probe];
}

async function compare(
  state: string,
  probe: readonly string[],
  shell = '/bin/sh',
): Promise<[direct: Outcome, wrapped: Outcome]> {
  const cwd = folder({ env: 'SEALED=yes\n' });
  const wrapper = [...envsealWords, '--allow-unsealed', '--source', `file://${cwd}/env`, '--'];
  const direct = await runWords(through(state, probe, shell), { cwd });
  const wrapped = await runWords(through(state, [...wrapper, ...probe], shell), { cwd });
  expect(wrapped.stderr).toBe(direct.stderr);
  expect(wrapped.status).toBe(direct.status);
  return [direct, wrapped];
}

/** Fields that describe the state of a process, not its identity or its use of memory and time. */
const STATUS_FIELDS =
  /^(Umask|Uid|Gid|Groups|NStgid_depth|TracerPid|Threads|SigPnd|ShdPnd|SigBlk|SigIgn|SigCgt|Cap\w+|NoNewPrivs|Seccomp\w*|Speculation\w*|THP_enabled|Cpus_allowed\w*|Mems_allowed\w*):/;

function status(outcome: Outcome): string[] {
  return outcome.stdout.split('\n').filter((line) => STATUS_FIELDS.test(line));
}

const STATES: Readonly<Record<string, string>> = {
  'as it comes': '',
  'umask 027': 'umask 027',
};

/** Node gives every signal its default disposition and an empty mask at its own start. */
const EXECUTABLE_STATES: Readonly<Record<string, string>> = {
  'a blocked signal': 'DISPOSITIONS="--block-signal=USR2 --block-signal=TERM"',
  'ignored SIGHUP, as under nohup': 'DISPOSITIONS="--ignore-signal=HUP"',
  'ignored SIGINT, as in the background of a script':
    'DISPOSITIONS="--ignore-signal=INT --ignore-signal=QUIT"',
  'ignored SIGPIPE, as under some supervisors': 'DISPOSITIONS="--ignore-signal=PIPE"',
  'ignored SIGXFSZ': 'DISPOSITIONS="--ignore-signal=XFSZ"',
  'ignored and blocked real-time signals': 'DISPOSITIONS="--ignore-signal=50 --block-signal=51"',
  'a signal that is blocked and has come':
    'set -- env --block-signal=USR2 --block-signal=TERM sh -c \'kill -USR2 $$; kill -TERM $$; exec "$@"\' sh "$@"',
  'all of it': 'umask 077\nDISPOSITIONS="--ignore-signal=PIPE --ignore-signal=TERM --block-signal=USR1"',
};

describe('signals, masks and identity are those of a direct start', () => {
  const states = { ...STATES, ...(isBundle ? {} : EXECUTABLE_STATES) };
  test.for(Object.entries(states))('%s', async ([, state]) => {
    const [direct, wrapped] = await compare(state, ['cat', '/proc/self/status']);
    expect(status(direct).length).toBeGreaterThan(12);
    expect(status(wrapped)).toEqual(status(direct));
  });

  test('the signal that has come is there', containerOnly, async () => {
    const [, wrapped] = await compare(EXECUTABLE_STATES['a signal that is blocked and has come'] ?? '', [
      'cat',
      '/proc/self/status',
    ]);
    // SIGUSR2 is 12, and SIGTERM 15: the bits below them.
    expect(wrapped.stdout).toMatch(/^(Sig|Shd)Pnd:\t0{12}4800$/m);
  });
});

test('no timer runs in the command', async () => {
  const [direct, wrapped] = await compare('', ['cat', '/proc/self/timers']);
  expect(wrapped.stdout).toBe(direct.stdout);
});

const AS_USER = ['setpriv', '--reuid=61998', '--clear-groups'];
describe('the command can be looked into as ever', containerOnly, () => {
  describeWhere(withoutRoot(AS_USER), 'by its own user', () => {
    test('it is dumpable', async () => {
      const cwd = folder({ '.sealed': 'A=1\n' });
      chmodSync(cwd, 0o755);
      copyFileSync(envsealWords[0] as string, `${cwd}/envseal`);
      const probe = ['stat', '-c', '%u', '/proc/self/environ'];
      const words = [...AS_USER, './envseal', '--allow-unsealed', '-s', './.sealed', '--', ...probe];
      // The kernel gives these files of a process that is not dumpable to root.
      expect((await runWords([...AS_USER, ...probe])).stdout).toBe('61998\n');
      expect(await runWords(words, { cwd })).toMatchObject({ status: 0, stdout: '61998\n', stderr: '' });
    });
  });
});

describe('resource limits are those of a direct start', () => {
  const limits = [
    'ulimit -Sc 0',
    'ulimit -Ss 4096',
    'ulimit -Su 5000',
    ...(isBundle ? [] : ['ulimit -Sn 777']),
  ];
  test.for(limits)('%s', async (limit) => {
    const [direct, wrapped] = await compare(limit, ['cat', '/proc/self/limits']);
    const without = (text: string) => (isBundle ? text.replace(/^Max open files.*$/m, '') : text);
    expect(without(wrapped.stdout)).toBe(without(direct.stdout));
  });
});

test('nice, scheduling, session, process group and terminal are those of a direct start', async () => {
  const [direct, wrapped] = await compare('exec 3>&-; set -- nice -n 3 "$@"', ['cat', '/proc/self/stat']);
  // https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: tty_nr, tpgid, priority, nice, threads, …, policy.
  const fields = (text: string) => {
    const all = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return [4, 5, 15, 16, 17, 37, 38].map((index) => all[index]);
  };
  expect(fields(wrapped.stdout)).toEqual(fields(direct.stdout));
  expect(fields(direct.stdout)[3]).toBe(`${getPriority() + 3}`);
});

test('working directory, personality, out-of-memory score and timer slack are those of a direct start', async () => {
  const probe = ['cat', '/proc/self/personality', '/proc/self/oom_score_adj', '/proc/self/coredump_filter'];
  const [direct, wrapped] = await compare('cd /usr/share', [...probe, '/proc/self/timerslack_ns']);
  expect(wrapped.stdout).toBe(direct.stdout);
  const [here, there] = await compare('cd /usr/share', ['readlink', '/proc/self/cwd']);
  expect(there.stdout).toBe('/usr/share\n');
  expect(here.stdout).toBe(there.stdout);
});

test('stdin, stdout and stderr keep their flags and reach the command', async () => {
  const probe = ['cat', '/proc/self/fdinfo/0', '/proc/self/fdinfo/1', '/proc/self/fdinfo/2', '-'];
  const [direct, wrapped] = await compare('', probe);
  const flags = (text: string) => text.match(/^flags:.*$/gm);
  expect(flags(wrapped.stdout)).toEqual(flags(direct.stdout));
});

describe('inherited file descriptors stay open (socket activation, s6, jobservers)', containerOnly, () => {
  const states: Readonly<Record<string, readonly [state: string, last: number]>> = {
    'one file': ['exec 3</etc/passwd', 3],
    'a gap': ['exec 5</etc/passwd 9>/dev/null 64</etc/hostname', 64],
    'more than one reading of their folder gives': [
      'for fd in {100..499}; do eval "exec $fd</dev/null"; done',
      499,
    ],
    'a pipe': [': | exec 7<&0; sleep 0 | true; exec 6<&0', 6],
    none: ['', 2],
  };
  test.for(Object.entries(states))('%s', async ([, [state, last]]) => {
    const probe = [
      'sh',
      '-c',
      'cd /proc/$$/fd; for fd in *; do echo "$fd $(readlink "$fd" | sed "s/[0-9]*]//")"; done',
    ];
    // Other shells know one digit only.
    const [direct, wrapped] = await compare(state, probe, '/bin/bash');
    expect(direct.stdout).toMatch(new RegExp(`^${last} `, 'm'));
    expect(wrapped.stdout.split('\n')).toEqual(direct.stdout.split('\n'));
  });
});

describe('bytes that are not UTF-8', containerOnly, () => {
  test('arguments reach the command unchanged', async () => {
    const state =
      'set -- "$@" "$(printf \'\\377\\376 \\303(\\200\')" "" "$(printf \'caf\\303\\251\')" "--source=x" --';
    const [direct, wrapped] = await compare(state, ['printf', '<%s>']);
    expect(wrapped.stdout).toBe('<\xff\xfe \xc3(\x80><><caf\xc3\xa9><--source=x><-->');
    expect(wrapped.stdout).toBe(direct.stdout);
  });

  test('inherited variables reach the command unchanged', async () => {
    const state =
      'export BYTES="$(printf \'\\377=\\303(\\n\\200\')" UTF8="$(printf \'caf\\303\\251\')" EMPTY=';
    const [direct, wrapped] = await compare(state, ['cat', '/proc/self/environ']);
    expect(wrapped.stdout).toBe(`${direct.stdout}SEALED=yes\0`);
    expect(readEnviron(wrapped.stdout, '\0').BYTES).toBe('\xff=\xc3(\n\x80');
  });

  test('names that no shell would accept stay as they are', async () => {
    const [direct, wrapped] = await compare('set -- env "A.B-C=1" "9=x" "=nameless" "$@"', [
      'cat',
      '/proc/self/environ',
    ]);
    expect(wrapped.stdout).toBe(`${direct.stdout}SEALED=yes\0`);
    expect(direct.stdout).toContain('A.B-C=1\0');
  });
});

test('the process is the same one: same pid, no parent and no child of ours', async () => {
  const cwd = folder({ env: 'SEALED=yes\n' });
  const wrapper = [...envsealWords, '--allow-unsealed', '--source', `file://${cwd}/env`, '--'];
  const state = 'echo $$';
  const { stdout } = await runWords(
    through(state, [...wrapper, 'sh', '-c', 'echo $$ $PPID; ps -o pid= --ppid $$ | wc -l']),
  );
  const [first, second] = stdout
    .trim()
    .split('\n')
    .map((line) => line.split(' '));
  expect(second?.[0]).toBe(first?.[0]);
  expect(second?.[1]).toBe(String(process.pid));
});
