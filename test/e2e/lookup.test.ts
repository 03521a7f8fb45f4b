/** Which file becomes the command, what it is given, and what is said when there is none. */
import {
  chmodSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lines } from './child.ts';
import { folder } from './folder.ts';
import { envsealWords, isBundle, type Outcome, type RunOptions, runWords } from './program.ts';

const isRoot = process.getuid?.() === 0;
/** Root without capabilities is a user like others: the kernel looks at the mode of the files. */
const unprivileged = isRoot ? ['/usr/bin/setpriv', '--bounding-set=-all', '--inh-caps=-all'] : [];

const NOT_EXECUTABLE =
  'check the mode of the file (chmod +x), of its folders and of its interpreter, the user, and noexec mounts';
const NOT_FOUND =
  'check its spelling and the PATH of the container; no shell is involved, so shell builtins do not exist';
const NO_FORMAT = 'a script needs a #! line; a program must be built for this architecture';
const NO_INTERPRETER = "check the file's #! line, and that the image has the program's dynamic linker";

/** A script that says which one it is. */
const script = (name: string) => `#!/bin/sh\necho ${name} "$@"\n`;

async function run(cwd: string, words: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  writeFileSync(join(cwd, '.sealed'), 'SEALED=yes\n');
  const flags = ['--allow-unsealed', '--source', './.sealed', '--'];
  return await runWords([...unprivileged, ...envsealWords, ...flags, ...words], { cwd, ...options });
}

async function refusal(cwd: string, words: readonly string[], options: RunOptions = {}): Promise<string> {
  const { status, stdout, stderr } = await run(cwd, words, options);
  expect(stdout).toBe('');
  return `${stderr}exit ${status}`;
}

async function said(cwd: string, words: readonly string[], options: RunOptions = {}): Promise<string> {
  const { status, stdout, stderr } = await run(cwd, words, options);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

/** Folders `a`, `b`, `c` with a script of the given name in some. */
function folders(scripts: Readonly<Record<string, string>>): string {
  const cwd = folder();
  for (const name of ['a', 'b', 'c']) mkdirSync(join(cwd, name));
  for (const [path, content] of Object.entries(scripts)) {
    writeFileSync(join(cwd, path), content, { mode: content.startsWith('#!') ? 0o755 : 0o644 });
  }
  return cwd;
}

describe('the command is found', () => {
  const cwdOf = () => folders({ 'b/tool': script('b'), 'c/tool': script('c'), tool: script('here') });

  test('in the first folder of PATH that has it', async () => {
    const cwd = cwdOf();
    expect(await said(cwd, ['tool', 'x'], { env: { PATH: `${cwd}/a:${cwd}/b:${cwd}/c:/bin` } })).toBe(
      'b x\n',
    );
    expect(await said(cwd, ['tool'], { env: { PATH: `${cwd}/c:${cwd}/b:/bin` } })).toBe('c\n');
  });

  test.each(['./tool', 'b/../tool'])('by a path with a slash, whatever PATH is: %s', async (path) => {
    const cwd = cwdOf();
    expect(await said(cwd, [path], { env: { PATH: `${cwd}/b` } })).toBe('here\n');
  });

  test('by an absolute path', async () => {
    const cwd = cwdOf();
    expect(await said(cwd, [`${cwd}/c/tool`], { env: { PATH: '/nonexistent' } })).toBe('c\n');
  });

  test.each(['', ':PATH', 'PATH:', '/nonexistent::PATH', '.'])(
    'in the working directory, by an empty part of PATH: %j',
    async (shape) => {
      const cwd = cwdOf();
      const env = { PATH: shape.replace('PATH', `${cwd}/a`) };
      expect(await said(cwd, ['tool'], { env })).toBe('here\n');
    },
  );

  test('by relative folders of PATH', async () => {
    expect(await said(cwdOf(), ['tool'], { env: { PATH: 'a:c' } })).toBe('c\n');
  });

  test('by the PATH that the command has, not by that of envseal', async () => {
    const cwd = cwdOf();
    writeFileSync(join(cwd, '.path'), `PATH=${cwd}/c\n`);
    const env = { PATH: `${cwd}/b:/usr/bin:/bin`, ENVSEAL_SOURCE: './.path', ENVSEAL_ALLOW_NAME: 'PATH' };
    const wrapper = [...envsealWords, '--allow-unsealed', '--', 'tool'];
    expect(await runWords(wrapper, { cwd, env })).toMatchObject({ status: 0, stdout: 'c\n' });
  });

  test('by the usual PATH where the command has none', async () => {
    const cwd = folder({ env: 'A=1\n' });
    const wrapper = [...envsealWords, '--allow-unsealed', '--source', './env', '--pristine', '--', 'env'];
    expect(await runWords(wrapper, { cwd })).toMatchObject({ status: 0, stdout: 'A=1\n', stderr: '' });
  });

  test('behind what cannot be executed', async () => {
    const cwd = folders({ 'a/tool': 'no script', 'c/tool': script('c') });
    mkdirSync(join(cwd, 'b', 'tool'));
    const env = { PATH: `${cwd}/a:${cwd}/b:${cwd}/.sealed:/nonexistent:${cwd}/c` };
    expect(await said(cwd, ['tool'], { env })).toBe('c\n');
  });

  test('behind a folder that may not be searched', async () => {
    const cwd = cwdOf();
    chmodSync(join(cwd, 'b'), 0o000);
    expect(await said(cwd, ['tool'], { env: { PATH: `${cwd}/b:${cwd}/c` } })).toBe('c\n');
    chmodSync(join(cwd, 'b'), 0o755);
  });

  test('through symbolic links', async () => {
    const cwd = cwdOf();
    symlinkSync('../c/tool', join(cwd, 'a', 'link'));
    expect(await said(cwd, ['link'], { env: { PATH: `${cwd}/a` } })).toBe('c\n');
  });

  test('when it may be executed and not read', async () => {
    const cwd = folder();
    copyFileSync('/bin/echo', join(cwd, 'tool'));
    chmodSync(join(cwd, 'tool'), 0o111);
    expect(await said(cwd, ['./tool', 'ran'])).toBe('ran\n');
  });
});

describe('the command is not found: 127', () => {
  test.each(['nope', 'cd', 'echo x', '-c', ' '])('%j', async (command) => {
    expect(await refusal(folder(), [command])).toBe(lines(127, `command not found: ${command}`, NOT_FOUND));
  });

  test.each(['./nope', '/nonexistent/nope', './.sealed/nope'])('by its path: %s', async (command) => {
    expect(await refusal(folder(), [command])).toBe(lines(127, `command not found: ${command}`, NOT_FOUND));
  });

  test('in the working directory without PATH naming it', async () => {
    const cwd = folders({ tool: script('here') });
    expect(await refusal(cwd, ['tool'])).toBe(lines(127, 'command not found: tool', NOT_FOUND));
  });

  test('the empty name', async () => {
    expect(await refusal(folder(), [''])).toBe(lines(127, 'the command is empty'));
  });

  test('a dangling link', async () => {
    const cwd = folder();
    symlinkSync('nowhere', join(cwd, 'link'));
    expect(await refusal(cwd, ['./link'])).toBe(lines(127, 'command not found: ./link', NOT_FOUND));
  });

  test('a name of control characters stays on one line', async () => {
    expect(await refusal(folder(), ['a\nenvseal: error: b\x1b[2J'])).toBe(
      lines(127, 'command not found: a?envseal: error: b?[2J', NOT_FOUND),
    );
  });

  test('a script whose interpreter is missing', async () => {
    const cwd = folders({ tool: '#!/nonexistent/interpreter -x\n' });
    expect(await refusal(cwd, ['./tool'])).toBe(
      lines(127, 'cannot execute ./tool: its interpreter is missing', NO_INTERPRETER),
    );
  });

  test('a program whose dynamic linker is missing', async () => {
    const cwd = folder();
    const bytes = readFileSync('/bin/true');
    const linker = bytes.indexOf('/ld-', 0, 'latin1');
    expect(linker).toBeGreaterThan(0);
    bytes.write('/no-', linker, 'latin1');
    writeFileSync(join(cwd, 'tool'), bytes, { mode: 0o755 });
    expect(await refusal(cwd, ['./tool'])).toBe(
      lines(127, 'cannot execute ./tool: its interpreter is missing', NO_INTERPRETER),
    );
  });
});

describe('the command cannot be executed: 126', () => {
  const cannot = (command: string, reason: string, hint: string) =>
    lines(126, `cannot execute ${command}: ${reason}`, hint);

  test('no mode bit allows it', async () => {
    const cwd = folders({ tool: 'no script' });
    expect(await refusal(cwd, ['./tool'])).toBe(cannot('./tool', 'no permission', NOT_EXECUTABLE));
  });

  test('it is found by PATH, and nowhere executable', async () => {
    const cwd = folders({ 'a/tool': 'no script' });
    const env = { PATH: `${cwd}/a:${cwd}/b` };
    expect(await refusal(cwd, ['tool'], { env })).toBe(cannot('tool', 'no permission', NOT_EXECUTABLE));
  });

  test('only others may', async () => {
    const cwd = folders({ tool: script('here') });
    chmodSync(join(cwd, 'tool'), 0o655);
    expect(await refusal(cwd, ['./tool'])).toBe(cannot('./tool', 'no permission', NOT_EXECUTABLE));
  });

  test('its folder may not be searched', async () => {
    const cwd = folders({ 'a/tool': script('a') });
    chmodSync(join(cwd, 'a'), 0o600);
    expect(await refusal(cwd, ['a/tool'])).toBe(cannot('a/tool', 'no permission', NOT_EXECUTABLE));
    chmodSync(join(cwd, 'a'), 0o755);
  });

  test('a directory', async () => {
    const cwd = folders({});
    expect(await refusal(cwd, ['./a'])).toBe(cannot('./a', 'a directory', 'name the file to execute'));
    expect(await refusal(cwd, ['a'], { env: { PATH: cwd } })).toBe(
      cannot('a', 'a directory', 'name the file to execute'),
    );
  });

  test('an interpreter that may not be executed', async () => {
    const cwd = folders({ tool: '#!./.sealed\n' });
    expect(await refusal(cwd, ['./tool'])).toBe(cannot('./tool', 'no permission', NOT_EXECUTABLE));
  });

  test.each([
    ['a script without #!', 'echo "never by a shell"\n'],
    ['an empty file', ''],
    ['text that begins with #', '# !/bin/sh\necho x\n'],
    ['#! and nothing', '#! \n'],
  ])('%s: not by a shell', async (_, content) => {
    const cwd = folder({ tool: content });
    chmodSync(join(cwd, 'tool'), 0o755);
    expect(await refusal(cwd, ['./tool'])).toBe(
      cannot('./tool', 'not a format this machine can run', NO_FORMAT),
    );
  });

  test('a program for another architecture', async () => {
    // ELF64, little-endian, an executable for a machine number that no architecture has.
    const head = `${'\x7fELF\x02\x01\x01'.padEnd(16, '\0')}\x02\0\x5a\x5a\x01\0\0\0`;
    const cwd = folder({ tool: Buffer.from(head.padEnd(256, '\0'), 'latin1') });
    chmodSync(join(cwd, 'tool'), 0o755);
    expect(await refusal(cwd, ['./tool'])).toBe(
      cannot('./tool', 'not a format this machine can run', NO_FORMAT),
    );
  });

  test('a file that is open for writing', async () => {
    const cwd = folder();
    copyFileSync('/bin/echo', join(cwd, 'tool'));
    const writer = openSync(join(cwd, 'tool'), 'r+');
    const hint = 'start it after the process that writes the file has closed it';
    expect(await refusal(cwd, ['./tool'])).toBe(cannot('./tool', 'it is open for writing', hint));
    closeSync(writer);
    expect(await said(cwd, ['./tool', 'free'])).toBe('free\n');
  });

  test('a link that leads to itself', async () => {
    const cwd = folder();
    symlinkSync('link', join(cwd, 'link'));
    const hint = 'look for a symbolic link that points to itself';
    expect(await refusal(cwd, ['./link'])).toBe(cannot('./link', 'too many symbolic links', hint));
  });

  test('a whole shell line as one word', async () => {
    const line = `./api ${'--option '.repeat(50)}`;
    const hint = 'name the file to execute, with each argument as a separate word';
    expect(await refusal(folder(), [line])).toBe(cannot(line.slice(0, 200), 'the name is too long', hint));
  });

  test('a pipe in the file system', async () => {
    const cwd = folder();
    await runWords(['mkfifo', '-m', '755', join(cwd, 'tool')]);
    expect(await refusal(cwd, ['./tool'])).toBe(cannot('./tool', 'no permission', NOT_EXECUTABLE));
  });
});

describe('the command is given', () => {
  test('its own name as the user typed it', async () => {
    const cwd = folder();
    symlinkSync('/bin/cat', join(cwd, 'kitten'));
    const PATH = `${cwd}:/usr/bin:/bin`;
    for (const word of [
      'kitten',
      './kitten',
      `${cwd}/kitten`,
      `${cwd}/../${cwd.split('/').at(-1)}//kitten`,
    ]) {
      expect(await said(cwd, [word, '/proc/self/cmdline'], { env: { PATH } })).toBe(
        `${word}\0/proc/self/cmdline\0`,
      );
    }
  });

  test('its arguments, also those that look like ours', async () => {
    const words = [
      '--source',
      's3://x/y',
      '--help',
      '-h',
      '--',
      '-s',
      '',
      ' ',
      '$HOME',
      '*',
      'a\nb',
      "'",
      '--version',
    ];
    expect(await said(folder(), ['printf', '<%s>', ...words])).toBe(
      words.map((word) => `<${word}>`).join(''),
    );
  });

  test('its stdin, to the last byte', async () => {
    const stdin = 'line\n'.repeat(100_000);
    expect(await said(folder(), ['cat'], { stdin })).toBe(stdin);
  });

  test('our stdout, byte for byte', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 * 64 }, (_, index) => index % 256));
    expect(await said(folder({ bytes }), ['cat', 'bytes'])).toBe(bytes.toString('latin1'));
  });

  test('our stderr', async () => {
    expect(await run(folder(), ['sh', '-c', 'echo out; echo err >&2'])).toMatchObject({
      stdout: 'out\n',
      stderr: 'err\n',
    });
  });
});

describe('the end of the command is the end of the container', () => {
  // On Node a start takes five times as long, and the process that ends is not Node any more.
  const codes = Array.from({ length: 256 }, (_, code) => code).filter((code) => !isBundle || code % 16 < 2);

  test('exit codes', async () => {
    const loop = `for code in ${codes.join(' ')}; do "$@" sh -c "exit $code"; echo "$code $?"; done`;
    const wrapper = [...envsealWords, '--allow-unsealed', '--source', './env', '--'];
    const outcome = await runWords(['sh', '-c', loop, 'sh', ...wrapper], { cwd: folder({ env: 'A=1\n' }) });
    expect(outcome.stdout).toBe(codes.map((code) => `${code} ${code}\n`).join(''));
    expect(outcome.stderr).toBe('');
  });

  const signals = ['HUP', 'INT', 'QUIT', 'ABRT', 'KILL', 'SEGV', 'PIPE', 'ALRM', 'TERM', 'USR1', 'XFSZ'];
  test.each(isBundle ? signals.slice(-5) : signals)('SIG%s', async (signal) => {
    const outcome = await run(folder(), ['sh', '-c', `ulimit -c 0; kill -${signal} $$`]);
    expect(outcome).toEqual({ status: null, signal: `SIG${signal}`, stdout: '', stderr: '' });
  });
});
