/**
 * The YAML format of sops: one document, a mapping of values and the mapping `sops`.
 * https://github.com/getsops/sops/blob/main/stores/yaml/store.go
 *
 * What YAML has beyond that is refused: aliases, anchors, tags, merge keys, directives, further documents. sops reads
 * plain scalars as go.in/yaml/v3 does, which is neither YAML 1.1 nor 1.2; of those that it may not take for text,
 * only the spellings that sops itself writes are read, and the others are to be quoted.
 */
import {
  Composer,
  CST,
  type Document,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  Parser,
  type Scalar as YamlScalar,
} from 'yaml';
import { type Cursor, malformed } from '../../../envfile/cursor.ts';
import { isName, NAME_IN_WORDS } from '../../../envfile/name.ts';
import type { EnvsealError } from '../../../errors.ts';
import {
  broken,
  duplicate,
  type Leaf,
  MAX_DEPTH,
  METADATA_KEY,
  type Node,
  nested,
  type Scalar,
  type ScalarType,
  type Section,
  type SopsFile,
} from '../model.ts';

const REFUSED: Readonly<Record<string, string>> = {
  alias: 'no aliases',
  anchor: 'no anchors',
  tag: 'no tags',
  'directive-line': 'no directives',
  'explicit-key-ind': 'no ? before a key',
};
const QUOTE_HINT = 'write it in double quotes';
/** Block collections are as deep as their lines are indented, or as markers follow each other in one line. */
const MAX_INDENT = 64;

const NULL = /^(?:null|~|)$/;

/** What sops writes, thus reads as something else than text. */
const SPELLINGS: readonly (readonly [RegExp, ScalarType | null])[] = [
  [NULL, null],
  [/^(?:true|false)$/, 'bool'],
  [/^(?:0|-?[1-9][0-9]*)$/, 'int'],
  [/^-?[0-9]+(?:\.[0-9]+)?(?:e[+-][0-9]{2,3})?$/, 'float'],
  [/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})$/, 'time'],
];
/** What yaml/v3 takes, or other readers of YAML take, for one of its words, a number or a time. */
const DOUBTFUL = new RegExp(
  [
    'null|true|false|y|n|yes|no|on|off|<<|[-+]?\\.(?:inf|nan)',
    '[-+]?(?:0x[0-9a-f_]+|0[ob][0-9_]+|(?:[0-9][0-9_]*(?:\\.[0-9_]*)?|\\.[0-9_]+)(?:e[-+]?[0-9_]+)?)',
    '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[t ].*)?',
  ]
    .map((spellings) => `^(?:${spellings})$`)
    .join('|'),
  'i',
);

export function readYaml(cursor: Cursor): SopsFile {
  const { source } = cursor;
  const { contents, comments } = composeYaml(cursor);
  if (!isMap(contents)) throw malformed(cursor, 0, 'a mapping');
  const leaves: Leaf[] = [];
  const names = new Set<string>();
  let metadata: Section | undefined;
  let before = [...comments, ...lines(contents.commentBefore)];
  for (const { key, value } of contents.items) {
    const at = offsetOf(key);
    if (!isScalar(key) || !isText(key)) throw malformed(cursor, at, 'a name that is text');
    const name = key.value as string;
    if (!isName(name)) throw malformed(cursor, at, NAME_IN_WORDS);
    if (names.has(name)) throw duplicate(source, name);
    names.add(name);
    if (name === METADATA_KEY) {
      if (!isMap(value)) throw broken(source, 'its sops section is not a mapping');
      metadata = readNode(cursor, value, 1) as Section;
      continue;
    }
    if (isMap(value)) throw nested(source, name, 'a mapping');
    if (isSeq(value)) throw nested(source, name, 'a list');
    const scalar = isScalar(value) ? readScalar(cursor, value) : null;
    if (scalar === null) throw nested(source, name, 'null');
    const own = [key, value as YamlScalar].flatMap((node) => [
      ...lines(node.commentBefore),
      ...lines(node.comment),
    ]);
    leaves.push({ name, ...scalar, comments: [...before, ...own] });
    before = [];
  }
  if (metadata === undefined) throw broken(source, 'the sops section is not at the top');
  return { leaves, metadata };
}

/** With places from where the cursor is. yaml's own errors quote the text, so they go no further. */
export function composeYaml(cursor: Cursor): { contents: unknown; comments: string[] } {
  const { text, at } = cursor;
  const documents: Document.Parsed[] = [];
  const composer = new Composer({
    version: '1.2',
    schema: 'failsafe',
    merge: false,
    // Its check compares each key with each.
    uniqueKeys: false,
    logLevel: 'silent',
  });
  try {
    for (const token of parse(cursor, text.slice(at))) documents.push(...composer.next(token));
    documents.push(...composer.end(true, text.length));
  } catch (error) {
    if (error instanceof Refusal) throw error.reason;
    throw malformed(cursor, 0, 'YAML');
  }
  const [document, second] = documents;
  if (document === undefined) throw malformed(cursor, 0, 'a mapping');
  if (second !== undefined) throw malformed(cursor, second.range[0] + at, 'one document');
  const [problem] = document.errors;
  if (problem !== undefined) throw malformed(cursor, problem.pos[0] + at, 'YAML');
  return { contents: document.contents, comments: lines(document.commentBefore) };
}

/** Marks an error of ours among those of  */
class Refusal extends Error {
  readonly reason: EnvsealError;
  constructor(reason: EnvsealError) {
    super();
    this.reason = reason;
  }
}

/** Looks at each lexeme before the parser gets it, because the parser and the composer recurse. */
function* parse(cursor: Cursor, text: string) {
  const parser = new Parser();
  let [offset, depth, markers, isContent] = [cursor.at, 0, 0, false];
  for (const lexeme of new Lexer().lex(text)) {
    const type = isContent ? 'content' : CST.tokenType(lexeme);
    isContent = type === 'scalar';
    if (type === 'newline') markers = 0;
    else if (type === 'seq-item-ind' || type === 'map-value-ind') markers += 1;
    else if (type === 'flow-map-start' || type === 'flow-seq-start') depth += 1;
    else if (type === 'flow-map-end' || type === 'flow-seq-end') depth -= 1;
    const isDeep =
      depth > MAX_DEPTH ||
      markers > MAX_DEPTH ||
      (type === 'space' && lexeme.length > MAX_INDENT && markers === 0);
    const refused = isDeep ? 'less nesting' : REFUSED[type ?? ''];
    if (refused !== undefined) throw new Refusal(malformed(cursor, offset, refused));
    if (type !== 'doc-mode' && type !== 'scalar' && type !== 'flow-error-end') offset += lexeme.length;
    yield* parser.next(lexeme);
  }
  yield* parser.end();
}

function readNode(cursor: Cursor, node: unknown, depth: number): Node {
  if (depth > MAX_DEPTH) throw broken(cursor.source, 'its metadata is nested too deep');
  if (node === null || isScalar(node)) return node === null ? null : readMetadataScalar(cursor, node);
  if (isSeq(node)) return node.items.map((item) => readNode(cursor, item, depth + 1));
  const section = new Map<string, Node>();
  if (!isMap(node)) throw malformed(cursor, offsetOf(node), 'a mapping, a list or a scalar');
  for (const { key, value } of node.items) {
    if (!isScalar(key) || !isText(key)) throw malformed(cursor, offsetOf(key), 'a key that is text');
    if (section.has(key.value as string)) throw broken(cursor.source, 'its sops section has a key twice');
    section.set(key.value as string, readNode(cursor, value, depth + 1));
  }
  return section;
}

function isText(scalar: YamlScalar): boolean {
  return scalar.type !== 'PLAIN' || !isDoubtful(scalar.value as string);
}

/** Whether a text is to be quoted in order to be one. */
export function isDoubtful(text: string): boolean {
  return DOUBTFUL.test(text) || text === '';
}

/** A leaf: its type is in the MAC. */
function readScalar(cursor: Cursor, scalar: YamlScalar): Scalar | null {
  const text = readText(cursor, scalar);
  if (scalar.type !== 'PLAIN') return { type: 'str', text };
  const spelling = SPELLINGS.find(([pattern]) => pattern.test(text));
  if (spelling !== undefined) return spelling[1] === null ? null : { type: spelling[1], text };
  if (DOUBTFUL.test(text))
    throw malformed(cursor, offsetOf(scalar), 'a value of unambiguous type', QUOTE_HINT);
  return { type: 'str', text };
}

/** sops turns whatever type it has into that of the field. */
function readMetadataScalar(cursor: Cursor, scalar: YamlScalar): Scalar | null {
  const text = readText(cursor, scalar);
  return scalar.type === 'PLAIN' && NULL.test(text) ? null : { type: 'str', text };
}

function readText(cursor: Cursor, scalar: YamlScalar): string {
  const text = scalar.value as string;
  if (!text.includes('\0') && text.isWellFormed()) return text;
  throw malformed(cursor, offsetOf(scalar), 'text without NUL and unpaired surrogates');
}

/** As sops keeps them: one a line, without the `#`, and empty lines left out. */
function lines(comment: string | null | undefined): string[] {
  return comment ? comment.split('\n').filter((line) => line !== '') : [];
}

function offsetOf(node: unknown): number {
  return (node as { range?: [number, number, number] } | null)?.range?.[0] ?? 0;
}
