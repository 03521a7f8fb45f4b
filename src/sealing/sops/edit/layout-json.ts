/** Members, of which `readJson` took each. JSON has no comments. */
import type { Cursor } from '../../../envfile/cursor.ts';
import { expect, skipSpace, takeString, takes } from '../../../envfile/json-text.ts';
import { METADATA_KEY } from '../model.ts';
import { keyOf, type Layout } from './layout.ts';
import { cursorAt, type Edit, lineFeedOf, removeMembers, type Span, spaceBefore } from './text-edit.ts';
import { quote, writeJson } from './writers.ts';

interface Member extends Span {
  readonly name: string;
  readonly value: Span;
}

export function layOutJson(text: string): Layout {
  const scalars = new Map<string, Span>();
  const cursor = cursorAt(text);
  let fields: Member[] = [];
  const members = takeMembers(cursor, (name) => {
    if (name !== METADATA_KEY) takeValue(cursor, [], new Map());
    else fields = takeMembers(cursor, (field) => takeValue(cursor, [field], scalars));
  });
  const section = members.find(({ name }) => name === METADATA_KEY) as Member;
  const variables = members.filter((member) => member !== section);
  return {
    text,
    values: variables.map(({ value }) => value),
    comments: [],
    scalars,
    write: (span, value) => ({ ...span, text: quote(value) }),
    remove: (gone) =>
      removeMembers(members, new Set([...gone].map((i) => members.indexOf(variables[i] as Member)))),
    removeComment: (comment) => ({ ...comment, text: '' }),
    add: (names) => {
      const space = spaceBefore(text, section.start);
      const colon = text.slice(section.start + quote(METADATA_KEY).length, section.value.start);
      return insert(section, names.map((name) => `${quote(name)}${colon}"",${space}`).join(''));
    },
    replaceFields: (old, added) => {
      const place = fields.find(({ name }) => name === 'lastmodified') as Member;
      const space = spaceBefore(text, place.start);
      const [lead, unit] = indentationOf(space, spaceBefore(text, section.start));
      const written = added.map(([name, node]) => `${quote(name)}: ${writeJson(node, lead, unit)},${space}`);
      const gone = fields.flatMap(({ name }, i) => (old.has(name) ? [i] : []));
      return [...removeMembers(fields, new Set(gone)), insert(place, written.join(''))];
    },
  };
}

function insert({ start }: Span, text: string): Edit {
  return { start, end: start, text };
}

/** All from the `{` on. */
function takeMembers(cursor: Cursor, take: (name: string) => void): Member[] {
  const members: Member[] = [];
  expect(cursor, '{', 'an object');
  if (takes(cursor, '}')) return members;
  do {
    skipSpace(cursor);
    const start = cursor.at;
    const name = takeString(cursor);
    expect(cursor, ':', ':');
    skipSpace(cursor);
    const valueStart = cursor.at;
    take(name);
    const end = cursor.at;
    members.push({ name, start, end, value: { start: valueStart, end } });
  } while (takes(cursor, ','));
  expect(cursor, '}', '}');
  return members;
}

function takeValue(cursor: Cursor, path: readonly string[], scalars: Map<string, Span>): void {
  skipSpace(cursor);
  const { text, at: start } = cursor;
  if (text[start] === '{') takeMembers(cursor, (name) => takeValue(cursor, [...path, name], scalars));
  else if (text[start] === '[') takeItems(cursor, path, scalars);
  else {
    if (text[start] === '"') takeString(cursor);
    else cursor.at += (/^[^\s,\]}]*/.exec(text.slice(start, start + MAX_LITERAL))?.[0] ?? '').length;
    scalars.set(keyOf(path), { start, end: cursor.at });
  }
}

/** Longer than any number is. */
const MAX_LITERAL = 4096;

function takeItems(cursor: Cursor, path: readonly string[], scalars: Map<string, Span>): void {
  expect(cursor, '[', 'a list');
  if (takes(cursor, ']')) return;
  let i = 0;
  do {
    takeValue(cursor, [...path, `[${i}`], scalars);
    i += 1;
  } while (takes(cursor, ','));
  expect(cursor, ']', ']');
}

/** What begins a line at the depth of a field, and what one level more adds; nothing for a file of one line. */
function indentationOf(inner: string, outer: string): [lead: string, unit: string] {
  const lead = /\r?\n[ \t]*$/.exec(inner)?.[0];
  if (lead === undefined) return ['', ''];
  const before = /\n([ \t]*)$/.exec(outer)?.[1] ?? '';
  const own = lead.slice(lineFeedOf(lead).length);
  return [lead, own.startsWith(before) && own.length > before.length ? own.slice(before.length) : '\t'];
}
