/**
 * The JSON format of sops: one object of values and the object `sops`.
 * https://github.com/getsops/sops/blob/main/stores/json/store.go
 *
 * `JSON.parse` would not do: it takes the last of two equal names without a word, and makes 1.0 of 1, which have
 * different types, thus different values in the environment.
 */
import { type Cursor, malformed } from '../../../envfile/cursor.ts';
import { expect, skipSpace, takeString, takes } from '../../../envfile/json-text.ts';
import { isName, NAME_IN_WORDS } from '../../../envfile/name.ts';
import {
  broken,
  duplicate,
  type Leaf,
  MAX_DEPTH,
  METADATA_KEY,
  NO_COMMENTS,
  type Node,
  nested,
  type Scalar,
  type Section,
  type SopsFile,
} from '../model.ts';

/** A member as sops writes it, and what comes behind: nearly all are like that, and one expression is quickest. */
const PLAIN_MEMBER =
  /[ \t\r\n]*"([A-Za-z_][A-Za-z0-9_.-]*)"[ \t\r\n]*:[ \t\r\n]*"([ !#-[\]-\uffff]*)"[ \t\r\n]*([,}])/y;
const INTEGER = /^-?[0-9]+$/;
const LITERAL = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null/y;

export function readJson(cursor: Cursor): SopsFile {
  const { source, text } = cursor;
  const leaves: Leaf[] = [];
  const names = new Set<string>();
  let metadata: Section | undefined;
  expect(cursor, '{', 'a JSON object');
  for (let separator = takes(cursor, '}') ? '}' : ','; separator !== '}'; ) {
    PLAIN_MEMBER.lastIndex = cursor.at;
    const plain = PLAIN_MEMBER.exec(text);
    const name = plain === null ? takeName(cursor) : (plain[1] as string);
    if (names.has(name)) throw duplicate(source, name);
    names.add(name);
    if (name === METADATA_KEY) {
      if (plain !== null || text[cursor.at] !== '{')
        throw broken(source, 'its sops section is not an object');
      metadata = takeSection(cursor, 1);
    } else if (plain === null) leaves.push({ name, ...takeLeaf(cursor, name), comments: NO_COMMENTS });
    else leaves.push({ name, type: 'str', text: plain[2] as string, comments: NO_COMMENTS });
    if (plain === null) separator = takeSeparator(cursor);
    else {
      separator = plain[3] as string;
      cursor.at = PLAIN_MEMBER.lastIndex;
    }
  }
  skipSpace(cursor);
  if (cursor.at < text.length) throw malformed(cursor, cursor.at, 'nothing after the object');
  if (metadata === undefined) throw broken(source, 'the sops section is not at the top');
  return { leaves, metadata };
}

function takeName(cursor: Cursor): string {
  skipSpace(cursor);
  const { at } = cursor;
  const name = takeKey(cursor);
  if (!isName(name)) throw malformed(cursor, at, NAME_IN_WORDS);
  return name;
}

/** Takes a key and the colon, up to the value. */
function takeKey(cursor: Cursor): string {
  skipSpace(cursor);
  if (cursor.text[cursor.at] !== '"') throw malformed(cursor, cursor.at, 'a name in double quotes');
  const key = takeString(cursor);
  expect(cursor, ':', ': after the name');
  skipSpace(cursor);
  return key;
}

function takeLeaf(cursor: Cursor, name: string): Scalar {
  const { source, text, at } = cursor;
  if (text[at] === '{') throw nested(source, name, 'an object');
  if (text[at] === '[') throw nested(source, name, 'an array');
  const scalar = takeScalar(cursor);
  if (scalar === null) throw nested(source, name, 'null');
  return scalar;
}

function takeNode(cursor: Cursor, depth: number): Node {
  skipSpace(cursor);
  const character = cursor.text[cursor.at];
  if (character === '{') return takeSection(cursor, depth);
  return character === '[' ? takeList(cursor, depth) : takeScalar(cursor);
}

function takeSection(cursor: Cursor, depth: number): Section {
  const section = new Map<string, Node>();
  enter(cursor, depth);
  if (takes(cursor, '}')) return section;
  do {
    const key = takeKey(cursor);
    if (section.has(key)) throw broken(cursor.source, 'its sops section has a key twice');
    section.set(key, takeNode(cursor, depth + 1));
  } while (takeSeparator(cursor) === ',');
  return section;
}

function takeList(cursor: Cursor, depth: number): readonly Node[] {
  const list: Node[] = [];
  enter(cursor, depth);
  if (takes(cursor, ']')) return list;
  do list.push(takeNode(cursor, depth + 1));
  while (takes(cursor, ','));
  expect(cursor, ']', ', or ] after the value');
  return list;
}

function enter(cursor: Cursor, depth: number): void {
  if (depth > MAX_DEPTH) throw broken(cursor.source, 'its metadata is nested too deep');
  cursor.at += 1;
}

function takeScalar(cursor: Cursor): Scalar | null {
  const { text, at } = cursor;
  if (text[at] === '"') return { type: 'str', text: takeString(cursor) };
  LITERAL.lastIndex = at;
  const literal = LITERAL.exec(text)?.[0];
  if (literal === undefined) throw malformed(cursor, at, 'a string, a number, true or false');
  cursor.at = LITERAL.lastIndex;
  if (literal === 'null') return null;
  if (literal === 'true' || literal === 'false') return { type: 'bool', text: literal };
  return { type: INTEGER.test(literal) ? 'int' : 'float', text: literal };
}

function takeSeparator(cursor: Cursor): ',' | '}' {
  if (takes(cursor, ',')) return ',';
  expect(cursor, '}', ', or } after the value');
  return '}';
}
