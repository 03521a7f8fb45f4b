import { MAX_ENV_STRING_BYTES } from '../../limits-and-defaults.ts';
import { VARIABLE_PREFIX } from '../../own-variables.ts';
import { findPlaceholder } from './placeholder.ts';

export type Severity = 'error' | 'warning';

/** The rules. What breaks an error rule, `run` refuses or reads differently than its author meant. */
export const RULES = {
  /** The file cannot be parsed. */
  syntax: 'error',
  /** A name is set twice. */
  duplicate: 'error',
  /** The name makes programs load code. */
  'loader-name': 'error',
  /** The name configures envseal. */
  'reserved-name': 'error',
  /** The kernel would not take it. */
  'too-large': 'error',
  /** A shell cannot hold the name. */
  name: 'warning',
  /** The value looks like an unfilled placeholder. */
  placeholder: 'warning',
  /** The value begins or ends with white space. */
  'white-space': 'warning',
  /** Quotes that are part of the value, or only one of two, or around too much. */
  quotes: 'warning',
  /** LF and CRLF in one file. */
  'line-ending': 'warning',
} as const satisfies Record<string, Severity>;

export type Rule = keyof typeof RULES;

export interface Mistake {
  readonly rule: Rule;
  /** One line, with names and sizes, never a piece of a value. */
  readonly message: string;
}

/** A variable to check; its value must not get into a message. */
export interface CheckedEntry {
  readonly name: string;
  readonly value: string;
  /** `verbatim` is the docker dialect, which has no quotes. */
  readonly writing: 'quoted' | 'unquoted' | 'verbatim' | 'json';
}

/** Whether `run` would refuse the name, because it makes programs load code and is not allowed. */
export type IsLoaderName = (name: string) => boolean;

const encoder = new TextEncoder();

/** Findings on one variable by itself. */
export function checkEntry(entry: CheckedEntry, isLoaderName: IsLoaderName): Mistake[] {
  return [
    checkName(entry, isLoaderName),
    checkSize(entry),
    checkPlaceholder(entry),
    checkWhiteSpace(entry),
    checkQuotes(entry),
  ].filter((mistake) => mistake !== undefined);
}

/** Size of the variable in an environment: `NAME=value` and its NUL. */
export function stringBytes({ name, value }: Pick<CheckedEntry, 'name' | 'value'>): number {
  return name.length + encoder.encode(value).length + 2;
}

function checkName({ name }: CheckedEntry, isLoaderName: IsLoaderName): Mistake | undefined {
  if (name.startsWith(VARIABLE_PREFIX)) {
    const message = `${name} is reserved: names with ${VARIABLE_PREFIX} configure envseal, and envseal run refuses them`;
    return { rule: 'reserved-name', message };
  }
  if (isLoaderName(name)) {
    return { rule: 'loader-name', message: `${name} can make programs load code, so envseal run refuses it` };
  }
  if (!/[.-]/.test(name)) return undefined;
  return { rule: 'name', message: `${name} has a . or - in its name, which shells do not support` };
}

function checkSize(entry: CheckedEntry): Mistake | undefined {
  const bytes = stringBytes(entry);
  if (bytes <= MAX_ENV_STRING_BYTES) return undefined;
  const message = `${entry.name} is ${bytes} bytes with its name, over the kernel's limit of ${MAX_ENV_STRING_BYTES}`;
  return { rule: 'too-large', message };
}

function checkPlaceholder({ name, value }: CheckedEntry): Mistake | undefined {
  const placeholder = findPlaceholder(name, value);
  if (placeholder === undefined) return undefined;
  const what =
    placeholder === 'blank' ? 'looks like a placeholder' : 'contains a reference, which is not expanded';
  return { rule: 'placeholder', message: `the value of ${name} ${what}` };
}

function checkWhiteSpace({ name, value }: CheckedEntry): Mistake | undefined {
  // The last line of a certificate or a key ends like its others.
  const text = /\n./s.test(value) ? value.replace(/\r?\n$/, '') : value;
  const ends = [
    ...(text !== text.trimStart() ? ['begins'] : []),
    ...(text !== text.trimEnd() ? ['ends'] : []),
  ];
  if (ends.length === 0) return undefined;
  return { rule: 'white-space', message: `the value of ${name} ${ends.join(' and ')} with white space` };
}

function checkQuotes(entry: CheckedEntry): Mistake | undefined {
  const what = describeQuotes(entry);
  return what === undefined ? undefined : { rule: 'quotes', message: `the value of ${entry.name} ${what}` };
}

/** A line of base64 ends with = and has nothing behind it. */
const SWALLOWED = /\n(?:export[ \t]+)?[A-Za-z_][A-Za-z0-9_]*=[^=\s]/;

/** In a quoted value, the quotes inside are intended, not a mistake. */
function describeQuotes({ value, writing }: CheckedEntry): string | undefined {
  if (writing === 'quoted')
    return SWALLOWED.test(value)
      ? 'contains lines that look like assignments: is a quote missing?'
      : undefined;
  const [first, last] = [value.charAt(0), value.charAt(value.length - 1)];
  if (value.length > 1 && first === last && isQuote(first)) return 'keeps the quotes around it';
  if (writing === 'json') return undefined;
  if (isLone(first, value)) return 'begins with an unclosed quote';
  return isLone(last, value) ? 'ends with an unopened quote' : undefined;
}

/** `say "hi"` ends with a quote that is not alone. */
function isLone(character: string, value: string): boolean {
  return isQuote(character) && (value.split(character).length - 1) % 2 === 1;
}

function isQuote(character: string): boolean {
  return character === '"' || character === "'";
}
