/** The command's environment: what is inherited, what is sealed, and which of them wins. */
import { describe, expect, test } from 'vitest';
import { LOADER_NAMES } from '../../src/envfile/loader-names.ts';
import { CREDENTIAL_NAMES } from '../../src/run/credential-names.ts';
import { describeReal } from '../real/available.ts';
import { environOf, lines, refusalOf } from './child.ts';
import { folder } from './folder.ts';
import { bundleOnly, containerOnly, envsealWords, PATH, runWords } from './program.ts';
import { rawStart } from './raw-start.ts';

const PATH_ENTRY = `PATH=${PATH}`;

describe('the inherited environment', () => {
  test('stays as it is and in its order, without ENVSEAL_*; sealed variables follow', async () => {
    const env = {
      QUOTED: ' "two"  words $HOME `id` ',
      ENVSEAL_TIMEOUT: '9',
      LINES: 'a\nb\r\n\tc',
      EMPTY: '',
      EQUALS: '=a=b=',
      ENVSEALED: 'is not ours',
      envseal_source: 'is not ours',
    };
    const { ENVSEAL_TIMEOUT: _, ...rest } = env;
    expect(await environOf('B=2\nA=1\n', [], env)).toEqual([
      PATH_ENTRY,
      ...Object.entries(rest).map(([name, value]) => `${name}=${value}`),
      'B=2',
      'A=1',
    ]);
  });

  test('loses a variable to the sealed one of the same name', async () => {
    expect(await environOf('A=sealed\n', [], { A: 'inherited', B: 'b' })).toEqual([
      PATH_ENTRY,
      'B=b',
      'A=sealed',
    ]);
    expect(await environOf('A=\n', [], { A: 'inherited' })).toEqual([PATH_ENTRY, 'A=']);
  });

  test('a later source wins over an earlier one', async () => {
    const cwd = folder({ one: 'A=1\nB=1\n', two: 'B=2\nC=2\n' });
    const flags = ['--source', `${cwd}/one`, '--source', `${cwd}/two`];
    expect(await environOf('B=0\n', flags)).toEqual([PATH_ENTRY, 'B=2', 'A=1', 'C=2']);
  });

  test('an optional source that is absent changes nothing', async () => {
    expect(await environOf('A=1\n', ['--source', 'file:///nonexistent?optional=true'])).toEqual([
      PATH_ENTRY,
      'A=1',
    ]);
  });

  describeReal('python3', 'with entries that no shell makes', () => {
    const inherited = [
      PATH_ENTRY,
      'A=first',
      'NAMELESS',
      'A=second',
      '=x',
      'ENVSEAL_TIMEOUT=9',
      'SEALED',
      '',
    ];

    async function start(environ: readonly string[], flags: readonly string[] = []): Promise<string[]> {
      const cwd = folder({ env: 'SEALED=yes\n' });
      const flagged = ['--allow-unsealed', '--source', './env', ...flags];
      const argv = [...envsealWords, ...flagged, '--', '/bin/cat', '/proc/self/environ'];
      const { status, stdout, stderr } = await rawStart({ argv, environ }, { cwd });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      return stdout.replace(/\0$/, '').split('\0');
    }

    test('they stay in place', containerOnly, async () => {
      const kept = [PATH_ENTRY, 'A=first', 'NAMELESS', 'A=second', '=x', ''];
      expect(await start(inherited)).toEqual([...kept, 'SEALED=yes']);
    });

    test('what getenv finds stays', bundleOnly, async () => {
      expect(await start(inherited)).toEqual([PATH_ENTRY, 'A=first', '=x', 'SEALED=yes']);
    });

    test('of two settings of one name the first counts, as for getenv', async () => {
      const settings = ['ENVSEAL_ONLY=NOTHING', 'ENVSEAL_ONLY=SEALED'];
      expect(await start([PATH_ENTRY, ...settings])).toEqual([PATH_ENTRY]);
    });

    test('an entry without = is not a variable that --preserve-env could keep', async () => {
      const kept = await start([PATH_ENTRY, 'SEALED'], ['--preserve-env']);
      expect(kept).toContain('SEALED=yes');
    });
  });
});

describe('--preserve-env', () => {
  const text = 'A=sealed\nB=sealed\nC=sealed\n';
  const env = { A: 'inherited', B: 'inherited' };

  test('alone: every inherited variable wins', async () => {
    const expected = [PATH_ENTRY, 'A=inherited', 'B=inherited', 'C=sealed'];
    expect(await environOf(text, ['--preserve-env'], env)).toEqual(expected);
    expect(await environOf(text, [], { ...env, ENVSEAL_PRESERVE_ENV: 'true' })).toEqual(expected);
    expect(await environOf(text, ['--preserve-env=true'], env)).toEqual(expected);
  });

  test('with names or globs: these win', async () => {
    const expected = [PATH_ENTRY, 'B=inherited', 'A=sealed', 'C=sealed'];
    expect(await environOf(text, ['--preserve-env=B,C'], env)).toEqual(expected);
    expect(await environOf(text, ['--preserve-env=C', '--preserve-env=B'], env)).toEqual(expected);
    expect(await environOf(text, [], { ...env, ENVSEAL_PRESERVE_ENV: ' B\tC ' })).toEqual(expected);
    expect(await environOf(text, ['--preserve-env=?'], env)).toEqual([
      PATH_ENTRY,
      'A=inherited',
      'B=inherited',
      'C=sealed',
    ]);
  });

  test('off: no inherited variable wins', async () => {
    const off = [PATH_ENTRY, 'A=sealed', 'B=sealed', 'C=sealed'];
    expect(await environOf(text, ['--preserve-env=false'], { ...env, ENVSEAL_PRESERVE_ENV: '1' })).toEqual(
      off,
    );
    expect(await environOf(text, [], { ...env, ENVSEAL_PRESERVE_ENV: '' })).toEqual(off);
  });

  test('an empty inherited variable wins; a placeholder never does', async () => {
    expect(await environOf(text, ['--preserve-env'], { A: '', B: 'envseal', C: 'chamberme' })).toEqual([
      PATH_ENTRY,
      'A=',
      'B=sealed',
      'C=sealed',
    ]);
  });
});

describe('--pristine', () => {
  const env = { HOME: '/h', LC_ALL: 'C', LC_TIME: 'C', LC_: 'x', XLC_ALL: 'x' };

  test('starts from nothing', async () => {
    expect(await environOf('A=1\n', ['--pristine'], env)).toEqual(['A=1']);
    expect(await environOf('A=1\n', [], { ...env, ENVSEAL_PRISTINE: 'yes' })).toEqual(['A=1']);
  });

  test.each([
    ['an empty source', '', []],
    ['a source of comments', '# none\n', []],
    ['a source with everything excluded', 'A=1\n', ['--exclude', '*']],
    ['an optional source that is absent', '', ['--source', 'file:///nonexistent?optional=true']],
  ] as const)('with nothing sealed (%s) nothing of the parent leaks', async (_, text, flags) => {
    expect(await environOf(text, ['--pristine', ...flags], env)).toEqual([]);
  });

  test('--inherit lets names and globs through', async () => {
    const flags = ['--pristine', '--inherit', 'HOME,ABSENT', '--inherit', 'LC_?*'];
    expect(await environOf('A=1\n', flags, env)).toEqual(['HOME=/h', 'LC_ALL=C', 'LC_TIME=C', 'A=1']);
  });

  test('--inherit never lets ENVSEAL_* through', async () => {
    const kept = await environOf('A=1\n', ['--pristine', '--inherit', '*'], { ...env, ENVSEAL_TIMEOUT: '9' });
    expect(kept.filter((entry) => entry.startsWith('ENVSEAL_'))).toEqual([]);
    expect(kept).toContain('XLC_ALL=x');
  });

  test('a sealed variable wins over one that --inherit lets through', async () => {
    expect(await environOf('HOME=/s\n', ['--pristine', '--inherit', 'HOME'], env)).toEqual(['HOME=/s']);
  });

  test('--preserve-env finds nothing to preserve that was not let through', async () => {
    expect(await environOf('HOME=/s\n', ['--pristine', '--preserve-env'], env)).toEqual(['HOME=/s']);
  });

  test('--inherit without --pristine changes nothing', async () => {
    expect(await environOf('A=1\n', ['--inherit', 'NONE'], { B: '1' })).toEqual([PATH_ENTRY, 'B=1', 'A=1']);
  });
});

describe('--only and --exclude', () => {
  const text = 'DB_HOST=h\nDB_USER=u\nDB=d\nWEB_HOST=w\nX=1\n';

  test.each([
    [['--only', 'DB_*'], 'DB_HOST DB_USER'],
    [['--only', 'DB_*,X'], 'DB_HOST DB_USER X'],
    [['--only', 'DB_*', '--only', '?'], 'DB_HOST DB_USER X'],
    [['--only', '*_HOST', '--exclude', 'WEB*'], 'DB_HOST'],
    [['--exclude', 'DB*'], 'WEB_HOST X'],
    [['--exclude', 'DB,X'], 'DB_HOST DB_USER WEB_HOST'],
    [['--exclude', '*'], ''],
    [['--only', 'ABSENT'], ''],
    [['--only', 'db_host'], ''],
  ])('%j', async (flags, names) => {
    const [, ...entries] = await environOf(text, flags);
    expect(entries.map((entry) => entry.split('=')[0]).join(' ')).toBe(names);
  });

  test('what is left out leaves the inherited variable alone', async () => {
    expect(await environOf('A=sealed\n', ['--exclude', 'A'], { A: 'inherited' })).toContain('A=inherited');
  });
});

describe('--require', () => {
  const HINT = 'add the variable to a source, or drop it from --require';

  test.each([
    ['missing', 'B=1\n', ['--require', 'A'], 'A'],
    ['empty', 'A=\n', ['--require', 'A'], 'A'],
    ['some of a list', 'A=1\nB=\n', ['--require', 'A,B', '--require', 'C'], 'B, C'],
    ['left out', 'A=1\n', ['--require', 'A', '--exclude', 'A'], 'A'],
    [
      'sealed, and an empty inherited one wins',
      'EMPTY=1\n',
      ['--require', 'EMPTY', '--preserve-env'],
      'EMPTY',
    ],
  ])('%s', async (_, text, flags, names) => {
    const message = `required, but missing or empty in the sources: ${names}`;
    expect(await refusalOf(text, flags, { EMPTY: '' })).toBe(lines(65, message, HINT));
  });

  test('an inherited variable does not meet it', async () => {
    expect(await refusalOf('B=1\n', ['--require', 'A'], { A: '1' })).toMatch(/exit 65$/);
  });

  test('an inherited variable that wins by --preserve-env does', async () => {
    expect(await environOf('B=1\n', ['--require', 'A', '--preserve-env=A'], { A: '1' })).toContain('A=1');
  });

  test('met: the command starts', async () => {
    expect(await environOf('A=1\nB= \n  C=" "\n', ['--require', 'A,C'])).toEqual([
      PATH_ENTRY,
      'A=1',
      'B=',
      'C= ',
    ]);
  });
});

describe('--strict', () => {
  const env = { A: 'envseal', B: 'chamberme', C: 'default', ENVSEAL_ONLY: '*' };

  test('fills what is declared, and takes nothing else', async () => {
    expect(await environOf('D=4\nC=3\nB=2\nA=1\n', ['--strict'], env)).toEqual([
      PATH_ENTRY,
      'C=default',
      'B=2',
      'A=1',
    ]);
    expect(await environOf('A=1\nB=2\n', [], { ...env, ENVSEAL_STRICT: 'on' })).toEqual([
      PATH_ENTRY,
      'C=default',
      'A=1',
      'B=2',
    ]);
  });

  test.each([
    ['not in the source', 'A=1\n', [], 'B'],
    ['several', 'C=1\n', [], 'A, B'],
    ['left out', 'A=1\nB=2\n', ['--exclude', 'A'], 'A'],
    ['in --pristine, too', 'A=1\n', ['--pristine'], 'B'],
  ])('fails when a variable stays unfilled: %s', async (_, text, flags, names) => {
    const hint = 'add the variable to a source, or remove its placeholder from the image';
    const message = `no source fills ${names}, which --strict requires`;
    expect(await refusalOf(text, ['--strict', ...flags], env)).toBe(lines(65, message, hint));
  });

  test('our own settings declare nothing', async () => {
    expect(await environOf('A=1\n', ['--strict'], { A: 'envseal', ENVSEAL_EXCLUDE: '' })).toEqual([
      PATH_ENTRY,
      'A=1',
    ]);
    expect(
      await environOf('envseal=1\n', ['--strict'], { envseal: 'envseal', ENVSEAL_REQUIRE: 'envseal' }),
    ).toEqual([PATH_ENTRY, 'envseal=1']);
  });

  test('with nothing declared nothing is taken', async () => {
    expect(await environOf('A=1\n', ['--strict'])).toEqual([PATH_ENTRY]);
  });

  test('without it a placeholder is a value like any other', async () => {
    expect(await environOf('A=1\n', [], env)).toEqual([PATH_ENTRY, 'B=chamberme', 'C=default', 'A=1']);
  });
});

describe('names that load code', () => {
  /** Each name of the table, and for each glob a name with and one without something for the star. */
  const names = LOADER_NAMES.flatMap((name) =>
    name.includes('*') ? [name.replace('*', 'X'), name.replace('*', '')] : [name],
  ).filter((name) => !name.startsWith('ENVSEAL_'));

  test('are refused, each of the table', async () => {
    const message = `a source sets ${names.join(', ')}, which can make programs load code`;
    const [first] = names;
    const hint = `remove it from the source, leave it out with --exclude ${first}, or accept it with --allow-name ${first}`;
    expect(await refusalOf(names.map((name) => `${name}=\n`).join(''))).toBe(lines(65, message, hint));
  });

  test.each(['LD_PRELOAD', 'BASH_ENV', 'NODE_OPTIONS', 'PATH', 'ENVSEAL_SOURCE'])(
    '%s alone',
    async (name) => {
      expect(await refusalOf(`OK=1\n${name}=1\n`)).toContain(
        `a source sets ${name}, which can make programs load code\n`,
      );
    },
  );

  test('are accepted by --allow-name, each by its name', async () => {
    const text = names.map((name) => `${name}=\n`).join('');
    const entries = await environOf(text, ['--allow-name', names.join(',')]);
    expect(entries).toEqual(names.map((name) => `${name}=`));
  });

  test('are accepted by a glob, and by the variable', async () => {
    const text = 'GIT_SSH=a\nGIT_PAGER=b\n';
    expect(await environOf(text, ['--allow-name', 'GIT_*'])).toEqual([
      PATH_ENTRY,
      'GIT_SSH=a',
      'GIT_PAGER=b',
    ]);
    expect(await environOf(text, [], { ENVSEAL_ALLOW_NAME: 'GIT_SSH GIT_PAGER' })).toContain('GIT_SSH=a');
    expect(await refusalOf(text, ['--allow-name', 'GIT_SSH'])).toContain('a source sets GIT_PAGER,');
  });

  test('may be left out, and may be inherited', async () => {
    const entries = await environOf('NODE_PATH=/s\nA=1\n', ['--exclude', 'NODE_*'], { NODE_PATH: '/i' });
    expect(entries).toEqual([PATH_ENTRY, 'NODE_PATH=/i', 'A=1']);
  });

  test('are another thing than names that look like them', async () => {
    const harmless = ['PATHS', 'MY_PATH', 'LD', 'ENVIRONMENT', 'NODE_ENV', 'JAVA_HOME', 'ld_preload'];
    const text = harmless.map((name) => `${name}=1\n`).join('');
    expect(await environOf(text)).toEqual([PATH_ENTRY, ...harmless.map((name) => `${name}=1`)]);
  });
});

describe('--scrub-credentials', () => {
  const names = CREDENTIAL_NAMES.map((name) => name.replace('*', 'X'));
  const credentials = Object.fromEntries(names.map((name) => [name, 'inherited']));

  test('drops what was inherited to fetch with, and nothing else', async () => {
    const env = { ...credentials, AWS_REGION: 'r', GOOGLE_CLOUD_PROJECT: 'p' };
    const expected = [PATH_ENTRY, 'AWS_REGION=r', 'GOOGLE_CLOUD_PROJECT=p', 'A=1'];
    expect(await environOf('A=1\n', ['--scrub-credentials'], env)).toEqual(expected);
    expect(await environOf('A=1\n', [], { ...env, ENVSEAL_SCRUB_CREDENTIALS: '1' })).toEqual(expected);
  });

  test('leaves sealed ones, also with --preserve-env', async () => {
    const text = 'AWS_ACCESS_KEY_ID=sealed\n';
    const flags = ['--scrub-credentials', '--preserve-env'];
    expect(await environOf(text, flags, credentials)).toEqual([PATH_ENTRY, 'AWS_ACCESS_KEY_ID=sealed']);
  });

  test('also what --inherit would let through', async () => {
    const flags = ['--scrub-credentials', '--pristine', '--inherit', '*'];
    expect(await environOf('A=1\n', flags, credentials)).toEqual([PATH_ENTRY, 'A=1']);
  });

  test('without it they stay', async () => {
    const entries = await environOf('A=1\n', [], credentials);
    expect(entries).toEqual([PATH_ENTRY, ...names.map((name) => `${name}=inherited`), 'A=1']);
  });
});

describe("the kernel's limits", () => {
  /** A string of this many bytes, the NUL that ends it included. */
  const entry = (name: string, bytes: number) => `${name}=${'x'.repeat(bytes - name.length - 2)}`;

  test('a string of 131,072 bytes passes', async () => {
    expect((await environOf(`${entry('BIG', 131_072)}\n`)).at(-1)?.length).toBe(131_071);
  });

  test('one more byte is refused, and the error names the variable', async () => {
    expect(await refusalOf(`SMALL=1\n${entry('BIG', 131_073)}\n`)).toBe(
      lines(
        65,
        "BIG is 131073 bytes with its name, over the kernel's limit of 131072",
        'store large content in a separate file and pass its location',
      ),
    );
  });

  test('bytes count, not characters', async () => {
    expect(await refusalOf(`BIG=${'é'.repeat(65_534)}\n`)).toContain('BIG is 131073 bytes');
    expect((await environOf(`BIG=x${'é'.repeat(65_533)}\n`)).at(-1)?.length).toBe(131_071);
  });

  describe('all together, under a stack limit of 1 MiB', () => {
    // A quarter of the stack, less a page: envseal's reserve for what the kernel adds.
    const LIMIT = (1024 * 1024) / 4 - 4096;
    const COMMAND = ['/bin/cat', '/proc/self/environ'];
    /** Each string counts with its NUL and a pointer of 8 bytes. */
    const COMMAND_BYTES = COMMAND.reduce((sum, text) => sum + text.length + 1 + 8, 0);

    async function start(bytes: number) {
      const rest = bytes - COMMAND_BYTES - (80_000 + 8) - (100_000 + 8);
      const text = [entry('A', 80_000), entry('LARGEST', 100_000), entry('REST', rest - 8)].join('\n');
      const flags = ['--allow-unsealed', '--source', './env', '--pristine'];
      const words = [
        'sh',
        '-c',
        'ulimit -Ss 1024; exec "$@"',
        'sh',
        ...envsealWords,
        ...flags,
        '--',
        ...COMMAND,
      ];
      return await runWords(words, { cwd: folder({ env: text }) });
    }

    test('up to the limit the command starts', async () => {
      const { status, stdout, stderr } = await start(LIMIT);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout.length + 3 * 8).toBe(LIMIT - COMMAND_BYTES);
    });

    test('one more byte is refused, and the error names the largest variable', async () => {
      const { status, stdout, stderr } = await start(LIMIT + 1);
      const message = `arguments and environment are ${LIMIT + 1} bytes, over the kernel's limit of ${LIMIT}`;
      const hint = 'the largest variable is LARGEST with 99999 bytes; take fewer with --only or --exclude';
      expect(`${stderr}exit ${status}`).toBe(lines(65, message, hint));
      expect(stdout).toBe('');
    });
  });
});
