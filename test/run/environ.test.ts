import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isLoaderName, LOADER_NAMES, mayHaveLoaderName } from '../../src/envfile/loader-names.ts';
import { EnvsealError } from '../../src/errors.ts';
import { buildEnviron, type EnvironOptions, nameOf } from '../../src/run/environ.ts';
import { SecretMap } from '../../src/secret-map.ts';
import { bytesOf } from '../../src/system/bytes.ts';

const DEFAULTS: EnvironOptions = {
  pristine: false,
  inherit: [],
  preserveEnv: false,
  only: [],
  exclude: [],
  require: [],
  strict: false,
  allowName: [],
  scrubCredentials: false,
};

function build(
  inherited: readonly string[],
  sealed: Readonly<Record<string, string>>,
  options: Partial<EnvironOptions> = {},
): readonly string[] {
  const secrets = new SecretMap();
  for (const [name, value] of Object.entries(sealed)) secrets.set(name, value);
  const { count, lists, block } = buildEnviron(inherited, secrets, { ...DEFAULTS, ...options });
  const strings = [...lists].flat();
  expect(count).toBe(strings.length);
  expect(new Uint8Array(block)).toEqual(
    new Uint8Array(bytesOf(strings.map((entry) => `${entry}\0`).join(''))),
  );
  return strings;
}

describe('inherited entries', () => {
  test('stay in place, twice the same name, without = and empty ones included', () => {
    const inherited = ['A=1', 'B', 'A=2', '', '=x', '=', 'C==', 'A'];
    expect(build(inherited, { Z: '1' })).toEqual([...inherited, 'Z=1']);
    expect(build(inherited, {})).toEqual(inherited);
  });

  test('all go that have the name of a sealed variable', () => {
    expect(build(['A=1', 'B=1', 'A=2', 'A'], { A: 's' })).toEqual(['B=1', 'A=s']);
  });

  test('with bytes that are not UTF-8 stay as they are', () => {
    expect(build(['\xff\xfe=\x80\xc3'], { A: 'é😀' })).toEqual([
      '\xff\xfe=\x80\xc3',
      'A=\xc3\xa9\xf0\x9f\x98\x80',
    ]);
  });

  test.each(['ENVSEAL_', 'ENVSEAL_SOURCE=x', 'ENVSEAL_=', 'ENVSEAL_X'])('%s goes', (entry) => {
    expect(build([entry], {}, { pristine: true, inherit: ['*'] })).toEqual([]);
  });

  test.each(['ENVSEAL', 'ENVSEAL=1', 'XENVSEAL_A=1', 'envseal_source=1'])('%s stays', (entry) => {
    expect(build([entry], {})).toEqual([entry]);
  });
});

describe('--preserve-env', () => {
  test('keeps both of two entries with one name, and not the sealed variable', () => {
    expect(build(['A=1', 'A=2'], { A: 's' }, { preserveEnv: true })).toEqual(['A=1', 'A=2']);
  });

  test('keeps nothing for an entry without =', () => {
    expect(build(['A'], { A: 's' }, { preserveEnv: ['A'] })).toEqual(['A=s']);
  });

  test('an empty list preserves nothing', () => {
    expect(build(['A=1'], { A: 's' }, { preserveEnv: [] })).toEqual(['A=s']);
  });
});

test('the order of the checks: --strict, --require, names that load code', () => {
  const problem = (options: Partial<EnvironOptions>) => {
    try {
      return build(['A=envseal'], { LD_X: '', B: '' }, options);
    } catch (error) {
      return error instanceof EnvsealError && `${error.code}: ${error.message}`;
    }
  };
  expect(problem({ strict: true, require: ['C'] })).toMatch(/^unmet: .* A, .*--strict/);
  expect(problem({ require: ['C', 'B'] })).toMatch(/^unmet: .*: C, B$/);
  expect(problem({})).toMatch(/^unsafe_name: .*LD_X/);
});

test('a name that loads code is not refused where it does not reach the command', () => {
  expect(build(['LD_X=i'], { LD_X: 's' }, { preserveEnv: ['LD_*'] })).toEqual(['LD_X=i']);
  expect(build(['A=envseal'], { LD_X: 's', A: '1' }, { strict: true })).toEqual(['A=1']);
  expect(() => build([], { LD_X: 's' }, { preserveEnv: ['LD_*'] })).toThrow('LD_X');
  expect(() => build(['LD_X=envseal'], { LD_X: 's' }, { strict: true })).toThrow('LD_X');
});

test('an error names variables and holds no value', () => {
  const values = { A: 'canary-1', B: '', LD_X: 'canary-2' };
  for (const options of [{}, { exclude: ['LD_*'], require: ['B'] }, { exclude: ['LD_*'], strict: true }]) {
    expect(() => build(['C=envseal'], values, options)).toThrow(EnvsealError);
    try {
      build(['C=envseal'], values, options);
    } catch (error) {
      expect(`${(error as Error).stack} ${JSON.stringify(error)}`).not.toContain('canary');
      expect((error as Error).cause).toBeUndefined();
    }
  }
});

describe('whatever is inherited and sealed', () => {
  const name = fc.stringMatching(/^[A-D]{1,2}$/);
  const entry = fc.oneof(
    fc.tuple(name, fc.string()).map(([n, value]) => `${n}=${value}`),
    fc.string(),
  );
  const sealed = fc.dictionary(
    name,
    fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
  );

  test('each sealed variable is there once, and the rest is the inherited order', () => {
    fc.assert(
      fc.property(fc.array(entry), sealed, (inherited, variables) => {
        const environ = build(inherited, variables);
        const rest = inherited.filter(
          (text) => !Object.hasOwn(variables, nameOf(text)) && !text.startsWith('ENVSEAL_'),
        );
        const own = Object.entries(variables).map(([n, value]) =>
          Buffer.from(`${n}=${value}`).toString('latin1'),
        );
        expect(environ).toEqual([...rest, ...own]);
      }),
    );
  });

  test('--pristine leaves nothing but the sealed variables', () => {
    fc.assert(
      fc.property(fc.array(entry), sealed, fc.boolean(), (inherited, variables, preserveEnv) => {
        const environ = build(inherited, variables, { pristine: true, preserveEnv });
        expect(environ.map(nameOf)).toEqual(Object.keys(variables));
      }),
    );
  });
});

describe('the table of names that load code', () => {
  test('has each name once, and no name that a glob of it covers', () => {
    expect(new Set(LOADER_NAMES).size).toBe(LOADER_NAMES.length);
    const globs = LOADER_NAMES.filter((pattern) => pattern.includes('*'));
    for (const pattern of LOADER_NAMES) {
      expect(pattern).toMatch(/^[A-Z0-9_]+(?:\*[A-Z0-9_]*)?$/);
      const covering = globs.filter(
        (glob) => glob !== pattern && new RegExp(`^${glob.replaceAll('*', '.*')}$`).test(pattern),
      );
      expect([pattern, covering]).toEqual([pattern, []]);
    }
  });

  // Few names and thousands are looked up in different ways.
  test.each(LOADER_NAMES)(
    '%s is refused among few variables and among many, and what is near it is not',
    (pattern) => {
      const others = Array.from({ length: 1000 }, (_, number) => [`V${number}`, `${pattern}=`]);
      const loader = pattern.replaceAll('*', '_');
      for (const count of [0, 48, 49, 50, 1000]) {
        const few = Object.fromEntries(others.slice(0, count));
        expect(() => build([], { ...few, [loader]: 'x' })).toThrow(loader);
        expect(
          build([], { ...few, [`x${loader}`]: 'x', [loader.toLowerCase()]: `\n${loader}=` }),
        ).toHaveLength(count + 2);
        if (pattern.endsWith('*')) continue;
        // It begins as an entry does, and is none.
        expect(build([], { ...few, [`${loader}_`]: 'x' })).toHaveLength(count + 1);
      }
    },
  );

  test.each(LOADER_NAMES)('%s', (pattern) => {
    const [least, more] = [pattern.replaceAll('*', ''), pattern.replaceAll('*', '_1')];
    expect(['A', least, 'B', more].filter(isLoaderName)).toEqual([least, more]);
    const others = [least.toLowerCase(), `x${least}`, ...(pattern.endsWith('*') ? [] : [`${least}x`])];
    expect(others.filter(isLoaderName)).toEqual([]);
  });

  // Each alone lets the writer of an env file run code in common programs: what the table must never lose.
  test('has the well-known names', () => {
    const known = `
      LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT DYLD_INSERT_LIBRARIES GCONV_PATH GLIBC_TUNABLES PATH ENV
      BASH_ENV BASH_FUNC_ls SHELLOPTS PS4 PROMPT_COMMAND ZDOTDIR IFS NODE_OPTIONS NODE_PATH BUN_OPTIONS
      PYTHONSTARTUP PYTHONPATH PYTHONHOME PERL5LIB PERL5OPT PERL5DB RUBYOPT RUBYLIB PHPRC
      PHP_INI_SCAN_DIR LUA_INIT LUA_INIT_5_4 JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS _JAVA_OPTIONS CLASSPATH
      DOTNET_STARTUP_HOOKS CORECLR_PROFILER_PATH ERL_AFLAGS OPENSSL_CONF GIT_SSH_COMMAND
      GIT_EXTERNAL_DIFF PAGER GIT_CONFIG_COUNT EDITOR ENVSEAL_ALLOW_UNSEALED
    `
      .trim()
      .split(/\s+/);
    expect(known.filter(isLoaderName)).toEqual(known);
  });

  test.each(LOADER_NAMES)('%s may be one among few and among many', (pattern) => {
    const loader = pattern.replaceAll('*', '');
    for (const count of [0, 100]) {
      const others = Array.from({ length: count }, (_, number) => `V${number}`);
      const mapWith = (name: string) => {
        const names = [...others, name];
        return SecretMap.of({ names, assignments: names.map((each) => `${each}=`) });
      };
      expect(mayHaveLoaderName(mapWith('A'))).toBe(false);
      expect(mayHaveLoaderName(mapWith(loader))).toBe(true);
    }
  });

  test('finds none among none', () => {
    expect(([] as string[]).filter(isLoaderName)).toEqual([]);
    expect(['A', 'B'].filter(isLoaderName)).toEqual([]);
  });
});
