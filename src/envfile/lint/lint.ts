/** Mistakes in an env file, found before it is used. Pure. */
import { EnvsealError } from '../../errors.ts';
import { MAX_SOURCE_BYTES } from '../../limits-and-defaults.ts';
import { placeOf } from '../cursor.ts';
import { locate } from '../edit/assignments.ts';
import type { EnvFileForm } from '../edit/edit.ts';
import { findLineEndings, type LineEnding, usualLineEnding } from '../edit/line-endings.ts';
import { locateMembers } from '../edit/members.ts';
import { type Entry, intoEntries } from '../entry.ts';
import { parseInto } from '../parse.ts';
import {
  type CheckedEntry,
  checkEntry,
  type IsLoaderName,
  type Mistake,
  RULES,
  type Severity,
  stringBytes,
} from './entry.ts';

/** Never holds a piece of a value. */
export interface Finding extends Mistake {
  readonly severity: Severity;
  /** From 1; `null` for the whole file. */
  readonly line: number | null;
  /** `null` when it is about no variable. */
  readonly name: string | null;
}

export interface CheckOptions extends EnvFileForm {
  readonly isLoaderName: IsLoaderName;
}

/**
 * What argv and the environment may take together with the usual stack limit of 8 MiB: a quarter of it, less a page that
 * the kernel takes itself. https://man7.org/linux/man-pages/man2/execve.2.html#NOTES
 */
const USUAL_TOTAL_BYTES = 2 * 1024 * 1024 - 4096;
const POINTER_BYTES = 8;

interface LineEntry extends CheckedEntry {
  readonly line: number;
}

interface ReadFile {
  /** Up to the first syntax error. */
  readonly entries: readonly LineEntry[];
  readonly lineEndings: readonly LineEnding[];
  readonly syntax: Finding | undefined;
}

/**
 * Findings in line order, those about the whole file last; none for a file without mistakes. A file that cannot be
 * parsed is a finding too, and what comes before that place is checked. Throws nothing of its own.
 */
export function checkEnvFile(bytes: Uint8Array, options: CheckOptions): Finding[] {
  const { entries, lineEndings, syntax } = readFile(bytes, options);
  const findings = [
    ...(syntax === undefined ? findMixedLineEndings(lineEndings) : [syntax]),
    ...findDuplicates(entries),
    ...entries.flatMap((entry) => findInEntry(entry, options.isLoaderName)),
    ...findTooLarge(bytes, entries),
  ];
  return findings.sort((one, other) => (one.line ?? Infinity) - (other.line ?? Infinity) || 0);
}

function readFile(bytes: Uint8Array, form: EnvFileForm): ReadFile {
  return form.kind === 'json' ? readMembers(bytes, form) : readLines(bytes, form);
}

function readMembers(bytes: Uint8Array, form: EnvFileForm): ReadFile {
  const entries: LineEntry[] = [];
  const syntax = findSyntax(() => {
    for (const { name, value, line } of locateMembers(bytes, form)) {
      entries.push({ name, value: value.reveal(), line, writing: 'json' });
    }
  });
  return { entries, lineEndings: findLineEndings(decode(bytes), []), syntax };
}

function readLines(bytes: Uint8Array, form: EnvFileForm): ReadFile {
  const found: Entry[] = [];
  const syntax = findSyntax(() => parseInto(bytes, form, intoEntries(found)));
  const text = decode(bytes);
  const assignments = locate(text, found, form.dialect);
  const unquoted = form.dialect === 'docker' ? 'verbatim' : 'unquoted';
  const entries = assignments.map(({ name, value, line, isQuoted }): LineEntry => {
    return { name, value: value.reveal(), line, writing: isQuoted ? 'quoted' : unquoted };
  });
  return { entries, lineEndings: findLineEndings(text, assignments), syntax };
}

/** For text that was parsed, or that only counts up to where it was. */
function decode(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

function findSyntax(read: () => void): Finding | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    const place = placeOf(error);
    if (place === undefined) throw error;
    const hint = error instanceof EnvsealError && error.hint !== undefined ? `; ${error.hint}` : '';
    const message = `column ${place.column}: expected ${place.expected}${hint}`;
    return finding({ rule: 'syntax', message }, place.line, null);
  }
}

function findDuplicates(entries: readonly LineEntry[]): Finding[] {
  const firstLines = new Map<string, number>();
  return entries.flatMap(({ name, line }) => {
    const first = firstLines.get(name);
    if (first === undefined) firstLines.set(name, line);
    if (first === undefined) return [];
    const message = `${name} is set in line ${first} and again in line ${line}`;
    return [finding({ rule: 'duplicate', message }, line, name)];
  });
}

function findInEntry(entry: LineEntry, isLoaderName: IsLoaderName): Finding[] {
  return checkEntry(entry, isLoaderName).map((mistake) => finding(mistake, entry.line, entry.name));
}

function findMixedLineEndings(endings: readonly LineEnding[]): Finding[] {
  const isUsuallyCrlf = usualLineEnding(endings) === '\r\n';
  const other = endings.find(({ isCrlf }) => isCrlf !== isUsuallyCrlf);
  if (other === undefined) return [];
  const [here, elsewhere] = isUsuallyCrlf ? ['LF', 'CRLF'] : ['CRLF', 'LF'];
  return [
    finding(
      { rule: 'line-ending', message: `the line ends with ${here}, others with ${elsewhere}` },
      other.line,
      null,
    ),
  ];
}

function findTooLarge(bytes: Uint8Array, entries: readonly LineEntry[]): Finding[] {
  const winning = new Map(entries.map((entry) => [entry.name, entry]));
  let total = 0;
  for (const entry of winning.values()) total += stringBytes(entry) + POINTER_BYTES;
  const messages = [
    ...(bytes.length > MAX_SOURCE_BYTES
      ? [`the file is ${bytes.length} bytes, over the limit of ${MAX_SOURCE_BYTES}`]
      : []),
    ...(total > USUAL_TOTAL_BYTES
      ? [
          `the variables are ${total} bytes, over the kernel's limit of ${USUAL_TOTAL_BYTES} for arguments and environment`,
        ]
      : []),
  ];
  return messages.map((message) => finding({ rule: 'too-large', message }, null, null));
}

function finding(mistake: Mistake, line: number | null, name: string | null): Finding {
  return { ...mistake, severity: RULES[mistake.rule], line, name };
}
