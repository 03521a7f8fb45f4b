/** Editing a text in a person's own editor: nothing of it on a disk, and nothing left, whatever happens. */
import { spawn, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { folder } from '../e2e/folder.ts';
import { PATH } from '../e2e/program.ts';
import { runInTerminal, type Step, type TerminalOutcome } from '../e2e/pty.ts';
import { describeReal } from '../real/available.ts';
import { skipFor } from '../skip.ts';
import { buildOperator, type Operator } from './programs.ts';

let operator: Operator;
beforeAll(async () => {
  operator = await buildOperator();
});
afterAll(() => operator[Symbol.asyncDispose]());

const hasVim = spawnSync('vim', ['--version']).status === 0;

type Env = Readonly<Record<string, string>>;

/** Where it puts its folder in these tests, so that they see no others. */
function memory(): string {
  const path = mkdtempSync('/dev/shm/envseal-test-');
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** An editor that is a script; its last argument is the file. Its arguments are in `log`. */
function editor(script: string): { readonly EDITOR: string; readonly log: string } {
  const path = folder({
    editor: `#!/bin/sh\nfor file; do :; done\nprintf '%s\\n' "$@" > "$(dirname "$0")/log"\n${script}\n`,
  });
  return { EDITOR: join(path, 'editor'), log: join(path, 'log') };
}

describeReal('python3', 'editing', () => {
  interface Edited extends TerminalOutcome {
    /** What the program got; `undefined` when it got nothing. */
    readonly text: string | undefined;
    /** What is left in the folder in memory. */
    readonly left: readonly string[];
  }

  async function edit(env: Env, steps: readonly Step[] = [], text?: string): Promise<Edited> {
    const result = join(folder(), 'result');
    const XDG_RUNTIME_DIR = memory();
    const words = [...operator.words, 'edit', result, ...(text === undefined ? [] : [text])];
    const outcome = await runInTerminal(words, { env: { XDG_RUNTIME_DIR, ...env }, steps });
    const read = existsSync(result) ? readFileSync(result, 'utf8') : undefined;
    return { ...outcome, text: read, left: readdirSync(XDG_RUNTIME_DIR) };
  }

  test('what is left in the file comes back, and the file is gone', async () => {
    const { EDITOR } = editor('sed -i s/A/B/ "$file"; touch "$file~" "$(dirname "$file")/.swap"');
    const outcome = await edit({ EDITOR });
    expect(outcome).toMatchObject({ status: 0, text: 'B=canary\n', left: [], isRestored: true });
    expect(outcome.screen).not.toContain('canary');
  });

  test('any bytes come back', async () => {
    const { EDITOR } = editor(`printf '\\377\\000\\r' > "$file"`);
    const { status, text } = await edit({ EDITOR });
    expect({ status, text }).toEqual({ status: 0, text: '\ufffd\0\r' });
  });

  test('folder and file are for their owner, in a file system in memory', async () => {
    const { EDITOR } = editor(
      'stat -c %a "$(dirname "$file")" "$file"; stat -f -c %T "$file"; basename "$file"',
    );
    const { screen } = await edit({ EDITOR });
    expect(screen).toBe('700\r\n600\r\ntmpfs\r\napp.env\r\nstored\r\n');
  });

  test('the editor has the terminal, with its signals as they were', async () => {
    const { EDITOR } = editor(
      'tty; read line; echo "got $line"; test -t 1 && test -t 2 && grep SigIgn /proc/self/status',
    );
    const outcome = await edit({ EDITOR }, [{ waitFor: '/dev/', send: 'typed\r' }]);
    expect(outcome.status).toBe(0);
    expect(outcome.screen).toMatch(/got typed\r\nSigIgn:\t0{16}\r\n/);
  });

  test('VISUAL comes before EDITOR, and both can have arguments', async () => {
    const visual = editor('true');
    const { status } = await edit({ VISUAL: `  ${visual.EDITOR}  --wait -x `, EDITOR: 'false' });
    expect(status).toBe(0);
    const [first, second, file, ...rest] = readFileSync(visual.log, 'utf8').trimEnd().split('\n');
    expect([first, second, basename(file ?? ''), ...rest]).toEqual(['--wait', '-x', 'app.env']);
  });

  test('an empty VISUAL is none', async () => {
    const { EDITOR } = editor('true');
    expect(await edit({ VISUAL: ' ', EDITOR })).toMatchObject({ status: 0 });
  });

  test('it is looked up in PATH, and no shell sees it', async () => {
    const { EDITOR } = editor('true');
    const env = { PATH: `${dirname(EDITOR)}:${PATH}` };
    expect(await edit({ ...env, EDITOR: 'editor' })).toMatchObject({ status: 0 });
    expect(await edit({ ...env, EDITOR: 'editor;reboot' })).toMatchObject({ status: 78 });
  });

  test('Vim is started so that it writes nothing elsewhere', async () => {
    const { EDITOR, log } = editor('true');
    const vim = join(dirname(EDITOR), 'vim.tiny');
    copyFileSync(EDITOR, vim);
    symlinkSync(vim, join(dirname(EDITOR), 'vi'));
    expect(await edit({ PATH: `${dirname(EDITOR)}:${PATH}` })).toMatchObject({ status: 0 });
    expect(readFileSync(log, 'utf8').split('\n').slice(0, 3)).toEqual([
      '-n',
      '-c',
      'set viminfo= noundofile nobackup nowritebackup',
    ]);
  });

  test('Vim itself keeps to that', skipFor(!hasVim && 'needs vim'), async () => {
    const HOME = folder();
    const disk = `undofile undodir=${HOME} backup backupdir=${HOME} directory=${HOME}`;
    writeFileSync(join(HOME, '.vimrc'), `set viminfo='100,<50,s10,h ${disk}\n`);
    const steps = [{ waitFor: 'canary', send: 'dd:wq\r' }];
    const outcome = await edit({ HOME, EDITOR: 'vim' }, steps, 'A=canary\nB=2\n');
    expect(outcome).toMatchObject({ status: 0, text: 'B=2\n', left: [], isRestored: true });
    expect(readdirSync(HOME)).toEqual(['.vimrc']);
  });

  test.for([
    ['an editor that fails', 'exit 3', 'the editor ended with 3'],
    ['an editor that is killed', 'kill -9 $$', 'the editor ended with SIGKILL'],
    ['an editor that removes the file', 'rm "$file"', 'the editor removed the file'],
  ] as const)('%s', async ([, script, message]) => {
    const { EDITOR } = editor(script);
    const outcome = await edit({ EDITOR });
    expect(outcome).toMatchObject({ status: 78, text: undefined, left: [] });
    expect(outcome.screen).toBe(
      `envseal: error: ${message}\r\nenvseal: hint: nothing was changed; edit again\r\n`,
    );
  });

  test('a file that is too large', async () => {
    const { EDITOR } = editor('truncate -s 2097153 "$file"');
    expect(await edit({ EDITOR })).toMatchObject({ status: 65, text: undefined, left: [] });
  });

  test('an editor that is not there', async () => {
    const outcome = await edit({ EDITOR: 'nowhere --wait' });
    expect(outcome).toMatchObject({ status: 78, left: [] });
    expect(outcome.screen).toContain('envseal: error: editor not found: nowhere\r\n');
  });

  test('no editor', async () => {
    const outcome = await edit({ PATH: folder() });
    expect(outcome).toMatchObject({ status: 78, left: [] });
    expect(outcome.screen).toContain('envseal: error: no editor\r\nenvseal: hint: set EDITOR');
  });

  describe('what does not parse', () => {
    const again = { waitFor: 'again? ' };

    test('is offered again as it was left', async () => {
      const script = editor(
        'if grep -q twice "$file"; then echo good > "$file"; else echo twice bad > "$file"; fi',
      );
      const outcome = await edit({ EDITOR: script.EDITOR }, [{ ...again, send: '\r' }]);
      expect(outcome).toMatchObject({ status: 0, text: 'good\n', left: [] });
    });

    test('until Ctrl-C', async () => {
      const outcome = await edit({ EDITOR: editor('echo bad > "$file"').EDITOR }, [
        { ...again, send: '\x03' },
      ]);
      expect(outcome).toMatchObject({ status: 130, text: undefined, left: [], isRestored: true });
    });
  });

  describe('while the editor runs', () => {
    /** Ends when it gets a line, or a signal that it does not trap; a caught one ends `read`. */
    const waiting = (trap: string) =>
      editor(`${trap}\necho "editing $file"\nuntil read line; do :; done\necho "over $line"`);

    test.for([
      ['Ctrl-C', '\x03', 'INT'],
      ['Ctrl-\\', '\x1c', 'QUIT'],
    ] as const)('%s is the editor’s', async ([, key, name]) => {
      const { EDITOR } = waiting(`trap 'echo caught' ${name}`);
      const steps = [{ waitFor: 'editing', send: key }, { waitFor: 'caught' }];
      const outcome = await edit({ EDITOR }, [...steps, { send: 'x\r' }]);
      expect(outcome).toMatchObject({ status: 0, text: 'A=canary\n', left: [] });
    });

    test('Ctrl-C that ends the editor is the editor’s failure', async () => {
      const { EDITOR } = waiting('');
      const outcome = await edit({ EDITOR }, [{ waitFor: 'editing', send: '\x03' }]);
      expect(outcome).toMatchObject({ status: 78, text: undefined, left: [] });
      expect(outcome.screen).toContain('the editor ended with SIGINT');
    });

    test.for([
      ['SIGTERM', 143],
      ['SIGHUP', 129],
    ] as const)('%s ends the editor and leaves nothing', async ([signal, status]) => {
      const { EDITOR } = waiting("trap 'echo stopped; sleep 0.2; touch $file.swp; exit 1' TERM");
      const outcome = await edit({ EDITOR }, [{ waitFor: 'editing', signal }]);
      expect(outcome).toMatchObject({ status, text: undefined, left: [] });
      expect(outcome.screen).toMatch(/stopped\r\nenvseal: error: ended by SIG/);
    });

    test('an editor that stays is killed', async () => {
      const { EDITOR } = editor(`trap '' TERM; echo "editing $$"; while :; do sleep 0.1; done`);
      const outcome = await edit({ EDITOR }, [{ waitFor: 'editing ', signal: 'SIGTERM' }]);
      expect(outcome).toMatchObject({ status: 143, text: undefined, left: [] });
      const pid = Number(/editing (\d+)/.exec(outcome.screen)?.[1]);
      expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    });

    test('a second SIGTERM does not wait', async () => {
      const { EDITOR } = editor(
        `trap 'echo once' TERM; echo "editing"; while :; do sleep 0.1; echo alive; done`,
      );
      const steps = [
        { waitFor: 'editing', signal: 'SIGTERM' },
        { waitFor: 'once', signal: 'SIGTERM' },
      ] as const;
      const { screen, ...outcome } = await edit({ EDITOR }, steps);
      expect(outcome).toMatchObject({ status: 143, text: undefined, left: [] });
      // One that waits has 20 of them.
      expect(screen.split('alive').length).toBeLessThan(10);
    });
  });

  test('after the editor Ctrl-C is ours again', async () => {
    const script = editor('echo bad > "$file"');
    const steps = [{ waitFor: 'again? ', signal: 'SIGINT' }] as const;
    expect(await edit({ EDITOR: script.EDITOR }, steps)).toMatchObject({ status: 130, left: [] });
  });

  test('without a terminal an editor can be a script, and what it says could be a value', async () => {
    const { EDITOR } = editor('sed -i s/A/B/ "$file"; echo said');
    const result = join(folder(), 'result');
    const [file = '', ...args] = [...operator.words, 'edit', result];
    const env = { PATH, EDITOR, XDG_RUNTIME_DIR: memory() };
    const child = spawn(file, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (text) => {
        output[name] += text;
      });
    }
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
    expect({ ...output, text: readFileSync(result, 'utf8') }).toEqual({
      stdout: 'stored\n',
      stderr: '',
      text: 'B=canary\n',
    });
  });
});

const NAMESPACE = ['unshare', '--mount'];
const hasNamespaces = process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'true']).status === 0;

describe('where no file system is in memory', skipFor(!hasNamespaces && 'needs root and unshare'), () => {
  test('nothing is edited, and nothing written to a disk', () => {
    const disk = folder({ editor: '#!/bin/sh\necho edited\n' });
    // A folder on a disk over each of those in memory.
    const hide = `mount --bind ${disk} /dev/shm; [ ! -d /run/user/0 ] || mount --bind ${disk} /run/user/0`;
    const words = [...operator.words, 'edit', join(disk, 'result')];
    const script = `${hide}; exec "$@"`;
    const { status, stdout, stderr } = spawnSync(
      'unshare',
      [...NAMESPACE.slice(1), 'sh', '-c', script, 'sh', ...words],
      {
        env: { PATH: `${PATH}:/usr/sbin:/sbin`, EDITOR: join(disk, 'editor'), XDG_RUNTIME_DIR: disk },
        encoding: 'utf8',
      },
    );
    expect({ status, stdout }).toEqual({ status: 78, stdout: '' });
    expect(stderr).toMatch(
      /^envseal: error: no tmpfs to keep the file in while it is edited\nenvseal: hint: mount one on \/dev\/shm/,
    );
    expect(readdirSync(disk)).toEqual(['editor']);
  });
});
