/** Mistakes in a file that is about to be sealed, one line each, without a value. */

import { print } from '../cli/output.ts';
import { checkEnvFile, type Finding } from '../envfile/lint/lint.ts';
import { isLoaderName } from '../envfile/loader-names.ts';
import { matcher } from '../envfile/name-glob.ts';
import { EnvsealError, type ErrorCode } from '../errors.ts';
import { openPlain } from '../sealing/open-plain.ts';
import type { PlainFile } from './seal-file.ts';
import type { Workspace } from './workspace.ts';

const CODES: Partial<Record<Finding['rule'], ErrorCode>> = {
  'loader-name': 'unsafe_name',
  'too-large': 'too_large',
};

/** Throws for errors, and with `--fail-on-warnings` for warnings. With `--json` all are in the answer instead of on stderr. */
export function checkInput(
  { bytes, kind, source }: PlainFile,
  { host, flags }: Workspace,
): readonly Finding[] {
  const isAllowed = matcher(flags['allow-name']);
  const { uri, dialect } = source;
  const findings = checkEnvFile(bytes, {
    source: uri,
    kind,
    dialect,
    isLoaderName: (name) => isLoaderName(name) && !isAllowed(name),
  });
  const lines = flags.json ? [] : findings.map((finding) => `${describe(uri, finding)}\n`);
  for (const line of lines) host.system.write(2, line);
  if (findings.length === 0 && openPlain(bytes, kind, source).size === 0) throw empty(uri);
  const bad = findings.filter(({ severity }) => severity === 'error' || flags['fail-on-warnings']);
  const [first] = bad;
  if (first === undefined) return findings;
  if (flags.json) print({ host, flags }, { uri, outcome: 'refused', findings }, () => '');
  const count = bad.length === 1 ? 'a mistake' : `${bad.length} mistakes`;
  throw new EnvsealError(CODES[first.rule] ?? 'malformed', `${uri} has ${count}: ${describe('', first)}`, {
    hint: 'nothing was stored; fix the file and push it again',
  });
}

/** Usually the output of a failed command in a pipe: it would remove the variables for everyone. */
function empty(uri: string): EnvsealError {
  return new EnvsealError('malformed', `${uri} has no variables`, {
    hint: 'nothing was stored; check what generates the file, or remove variables with envseal unset',
  });
}

/** As compilers say it, so that editors and CI find the line. */
function describe(uri: string, { line, severity, name, message, rule }: Finding): string {
  const place = [uri, line].filter((part) => part !== null && part !== '').join(':');
  const subject = name === null || message.includes(name) ? '' : `${name}: `;
  const text = `${subject}${message} [${rule}]`;
  return uri === '' ? `${line === null ? '' : `line ${line}: `}${text}` : `${place}: ${severity}: ${text}`;
}
