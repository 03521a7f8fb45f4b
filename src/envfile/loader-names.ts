import type { SecretMap } from '../secret-map.ts';
import { includesAny } from '../system/text-search.ts';
import { matcher } from './name-glob.ts';

/**
 * Variables through which a program loads code or runs commands before its own first line. Who can write the env file
 * must not be able to run code in the container, so these are refused unless `--allow-name` lets one through.
 */
export const LOADER_NAMES: readonly string[] = [
  // Dynamic linkers and libc: ld.so(8), dyld(1), iconv(3), catopen(3).
  'LD_*',
  'DYLD_*',
  'GCONV_PATH',
  'GLIBC_TUNABLES',
  'LOCPATH',
  'NLSPATH',
  // Where programs are looked up, and shells: bash(1), zsh(1), dash(1).
  'PATH',
  'ENV',
  'BASH_ENV',
  'BASH_FUNC_*',
  'BASHOPTS',
  'SHELLOPTS',
  'IFS',
  'PS4',
  'PROMPT_COMMAND',
  'ZDOTDIR',
  // JavaScript runtimes.
  'NODE_OPTIONS',
  'NODE_PATH',
  'NODE_REPL_EXTERNAL_MODULE',
  'BUN_OPTIONS',
  'BUN_BE_BUN',
  'BUN_INSPECT*',
  'DENO_*',
  // Python, Perl, Ruby, PHP, Lua, R, Tcl.
  'PYTHONSTARTUP',
  'PYTHONPATH',
  'PYTHONHOME',
  'PYTHONUSERBASE',
  'PYTHONBREAKPOINT',
  'PYTHONWARNINGS',
  'PERL5*',
  'PERLLIB',
  'PERLIO*',
  'RUBYOPT',
  'RUBYLIB',
  'GEM_HOME',
  'GEM_PATH',
  'BUNDLE_GEMFILE',
  'BUNDLE_PATH',
  'PHPRC',
  'PHP_INI_SCAN_DIR',
  'LUA_INIT*',
  'LUA_PATH*',
  'LUA_CPATH*',
  'R_PROFILE*',
  'R_ENVIRON*',
  'R_LIBS*',
  'TCLLIBPATH',
  // JVM, .NET, Erlang, Go, Julia.
  'JAVA_TOOL_OPTIONS',
  'JDK_JAVA_OPTIONS',
  '_JAVA_OPTIONS',
  'JAVA_OPTS',
  'CATALINA_OPTS',
  'CLASSPATH',
  'DOTNET_STARTUP_HOOKS',
  'DOTNET_ADDITIONAL_DEPS',
  'CORECLR_*',
  'COR_*',
  'ERL_*FLAGS',
  'ERL_LIBS',
  'ELIXIR_ERL_OPTIONS',
  'GODEBUG',
  'JULIA_LOAD_PATH',
  'JULIA_DEPOT_PATH',
  // Libraries that load modules, and programs that run what a variable names.
  'OPENSSL_CONF',
  'OPENSSL_ENGINES',
  'OPENSSL_MODULES',
  'SSLKEYLOGFILE',
  'SASL_PATH',
  'GTK_MODULES',
  'GTK_PATH',
  'GIO_EXTRA_MODULES',
  'QT_PLUGIN_PATH',
  'GIT_SSH*',
  'GIT_EXEC_PATH',
  'GIT_CONFIG*',
  'GIT_*ASKPASS',
  'GIT_*EDITOR',
  'GIT_PAGER',
  'GIT_EXTERNAL_DIFF',
  'EDITOR',
  'VISUAL',
  'PAGER',
  'BROWSER',
  // envseal's own: a nested envseal would obey them.
  'ENVSEAL_*',
];

const isInTable = lazily(() => matcher(LOADER_NAMES));
/** From this many names on, searching them for the table's entries is faster than testing each name. */
const MANY = 50;
/** Prefixes of the table's patterns; a test checks that they cover it. */
const LIKE_A_PATTERN = /^(?:LD_|DYLD_|BASH_FUNC_|BUN_|DENO_|PERL|LUA_|R_|COR_|CORECLR_|ERL_|GIT_|ENVSEAL_)/;

/**
 * `false`: no name is in the table. To ask that of each takes a millisecond for thousands, so of many it is found out
 * whether an entry is one of them, or where that is a pattern, whether one begins like it. For few, no matcher is made.
 */
export function mayHaveLoaderName(sealed: Pick<SecretMap, 'names' | 'has' | 'size'>): boolean {
  if (sealed.size >= MANY) return mayHaveOneOf(sealed, LOADER_NAMES);
  for (const name of sealed.names())
    if (LOADER_NAMES.includes(name) || LIKE_A_PATTERN.test(name)) return true;
  return false;
}

/** One search over all names for each of the few patterns that are not plain names. */
function mayHaveOneOf(sealed: Pick<SecretMap, 'names' | 'has'>, patterns: readonly string[]): boolean {
  const prefixes: string[] = [];
  for (const pattern of patterns) {
    const star = pattern.search(/[*?]/);
    if (star >= 0) prefixes.push(`\0${pattern.slice(0, star)}`);
    else if (sealed.has(pattern)) return true;
  }
  return includesAny(`\0${sealed.names().join('\0')}`, prefixes);
}

export function isLoaderName(name: string): boolean {
  return isInTable()(name);
}

function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
