/**
 * Detection of SOPS files and their format, from the bytes alone: no name decides, and a file that is nearly
 * one is refused, because as an env file it would hand ciphertext to the command.
 */
import { indexOf } from '../../system/text-search.ts';
import { broken, METADATA_KEY, type SopsKind } from './model.ts';

const CIPHERTEXT = 'ENC[AES256_GCM,';

/** A key `sops` with an object: in a flat JSON object no other place can look like this, strings included. */
const JSON_SECTION = /"sops"[ \t\r\n]*:[ \t\r\n]*\{/;
const YAML_SECTION = /^[ \t]*(?:sops|'sops'|"sops")[ \t]*:(?:[ \t\r\n]|$)/gm;
/**
 * sops itself reads only the unindented ones; the others are for the reader to refuse. To an expression the last two end a
 * line as well: without them, many on one line would each be searched to its end.
 */
const DOTENV_SECTION = /^[ \t]*(?:export[ \t]+)?sops_[^=\r\n\u2028\u2029]*=/gm;
const INI_SECTION = /^\[sops\]/m;

/** The first line that says something, and what it is in an env file: then no line is YAML, whatever it looks like. */
const FIRST_LINE = /^[ \t]*[^ \t\r\n#]/m;
const ASSIGNMENT = /[ \t]*(?:export[ \t]+)?[A-Za-z_][A-Za-z0-9_.-]*[ \t]*=/y;

/** What stands before a ciphertext that is a whole value, or a comment; and how much of it is looked at. */
const BEFORE_VALUE = /^(?:(?:export[ \t]+)?[^=\s]+[ \t]*=[ \t]*["']?|#+[ \t]*|[^=#]*:[ \t]+["']?|- +["']?)$/;
const MAX_BEFORE_VALUE = 1000;

/**
 * `undefined`: not a SOPS file, nor part of one. Throws `malformed` for values that sops encrypted in a file
 * without the metadata to open them. `openSops` refuses whatever else is wrong with a file detected here.
 */
export function detectSops(bytes: Uint8Array, options: { readonly source: string }): SopsKind | undefined {
  return detectSopsText(new TextDecoder().decode(bytes), options);
}

/** The same for what is decoded already, without its BOM. */
export function detectSopsText(text: string, { source }: { readonly source: string }): SopsKind | undefined {
  const hasCiphertext = text.includes(CIPHERTEXT);
  if (!hasCiphertext && !text.includes(METADATA_KEY)) return undefined;
  const isJson = isObject(text);
  const kind = isJson ? jsonKind(text) : lineKind(text);
  if (kind !== undefined) return kind;
  if (!isJson && INI_SECTION.test(text)) {
    throw broken(
      source,
      'its format is ini',
      'convert it: sops decrypt, then sops encrypt as dotenv, json or yaml',
    );
  }
  if (hasCiphertext && holdsCiphertext(text, isJson)) {
    throw broken(source, 'it has values that sops encrypted, but no sops section', CUT_HINT);
  }
  return undefined;
}

const CUT_HINT = 'it was truncated, or copied in part: store the whole file again';

/** Whether it begins as a JSON object does. */
export function isObject(text: string): boolean {
  let at = 0;
  while (text[at] === ' ' || text[at] === '\t' || text[at] === '\r' || text[at] === '\n') at += 1;
  return text[at] === '{';
}

function jsonKind(text: string): 'json' | undefined {
  return JSON_SECTION.test(text) ? 'json' : undefined;
}

/** The section comes last, so nearly all of the text is none of the expressions' business. */
function lineKind(text: string): 'yaml' | 'dotenv' | undefined {
  const first = indexOf(text, METADATA_KEY);
  if (first === -1) return undefined;
  const start = text.lastIndexOf('\n', first) + 1;
  if (isFoundFrom(start, text, YAML_SECTION) && !startsAsDotenv(text)) return 'yaml';
  return isFoundFrom(start, text, DOTENV_SECTION) ? 'dotenv' : undefined;
}

function isFoundFrom(start: number, text: string, pattern: RegExp): boolean {
  pattern.lastIndex = start;
  return pattern.test(text);
}

function startsAsDotenv(text: string): boolean {
  ASSIGNMENT.lastIndex = Math.max(text.search(FIRST_LINE), 0);
  return ASSIGNMENT.test(text);
}

function holdsCiphertext(text: string, isJson: boolean): boolean {
  for (let at = text.indexOf(CIPHERTEXT); at !== -1; at = text.indexOf(CIPHERTEXT, at + 1)) {
    const isValue = isJson ? text[at - 1] === '"' && text[at - 2] !== '\\' : startsValue(text, at);
    if (isValue) return true;
  }
  return false;
}

function startsValue(text: string, at: number): boolean {
  const near = text.slice(Math.max(0, at - MAX_BEFORE_VALUE), at);
  return BEFORE_VALUE.test(near.slice(near.lastIndexOf('\n') + 1).trimStart());
}
