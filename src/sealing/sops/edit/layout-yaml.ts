/** Pairs and comments, of which `readYaml` took each. */
import { CST, isMap, isScalar, isSeq, Lexer, type Pair, type Scalar, type YAMLMap } from 'yaml';
import { METADATA_KEY } from '../model.ts';
import { composeYaml, isDoubtful } from '../read/yaml.ts';
import { type CommentPlace, keyOf, type Layout } from './layout.ts';
import {
  cursorAt,
  type Edit,
  lineEnd,
  lineFeedOf,
  lineStart,
  removeMembers,
  type Span,
  spaceBefore,
} from './text-edit.ts';
import { quoteYaml, writeYamlPair } from './writers.ts';

interface PairPlace extends Span {
  readonly name: string;
  readonly value: Span;
  readonly node: unknown;
}

/** What sops writes without quotes. Elsewhere a time would be none of the texts. */
const PLAIN = /^ENC\[[!-~]+\]$/;
const PLAIN_METADATA = /^(?:[0-9]{4}-[0-9T:-]+Z|arn:[!-~]*[\w-]|[A-Za-z0-9+/]{64,}={0,2})$/;

export function layOutYaml(text: string): Layout {
  const cursor = cursorAt(text);
  const offset = cursor.at;
  const root = composeYaml(cursor).contents as YAMLMap;
  const pairs = pairsOf(root, offset);
  const section = pairs.find(({ name }) => name === METADATA_KEY) as PairPlace;
  const variables = pairs.filter((pair) => pair !== section);
  const fields = pairsOf(section.node as YAMLMap, offset);
  const scalars = new Map<string, Span>();
  for (const { name, node } of fields) findScalars(node, [name], offset, scalars);
  const isFlow = root.flow === true;
  const mac = scalars.get('mac') as Span;
  const write = (span: Span, value: string): Edit => {
    const old = text.slice(span.start, span.end);
    // An empty value has quotes whatever the others have.
    const model = old === '""' && !isFlow ? text.slice(mac.start, mac.end) : old;
    const isWithin = section.value.start <= span.start && span.end <= section.value.end;
    const isPlain = PLAIN.test(value) || (isWithin && PLAIN_METADATA.test(value));
    return { ...span, text: restyle(value, isPlain ? 'plain' : 'quoted', model) };
  };
  const removePairs = (all: readonly PairPlace[], gone: ReadonlySet<number>, flow: boolean): Edit[] => {
    if (flow) return removeMembers(all, gone);
    return [...gone].map((i) => removeLines(text, all[i] as PairPlace));
  };
  return {
    text,
    values: variables.map(({ value }) => value),
    comments: commentsOf(text, offset, variables, section),
    scalars,
    write,
    remove: (gone) =>
      removePairs(pairs, new Set([...gone].map((i) => pairs.indexOf(variables[i] as PairPlace))), isFlow),
    removeComment: (comment) => removeComment(text, comment),
    add: (names) =>
      insertPairs(
        text,
        section,
        names.map((name) => `${writeName(name)}: ""`),
        isFlow,
      ),
    replaceFields: (old, added) => {
      const flow = (section.node as YAMLMap).flow === true;
      const place = fields.find(({ name }) => name === 'lastmodified') as PairPlace;
      const indent = text.slice(lineStart(text, place.start), place.start);
      const gone = fields.flatMap(({ name }, i) => (old.has(name) ? [i] : []));
      const written = added.map(([name, node]) =>
        writeYamlPair(name, node, flow ? undefined : indent).replaceAll('\n', lineFeedOf(text)),
      );
      return [...removePairs(fields, new Set(gone), flow), insertPairs(text, place, written, flow)];
    },
  };
}

function pairsOf({ items }: YAMLMap, offset: number): PairPlace[] {
  return items.map(({ key, value }: Pair) => {
    const [start = 0] = (key as Scalar).range ?? [];
    const [from, to] = (value as Scalar | null)?.range ?? [start, start];
    const span = { start: from + offset, end: to + offset };
    return {
      name: String((key as Scalar).value),
      start: start + offset,
      end: span.end,
      value: span,
      node: value,
    };
  });
}

function findScalars(
  node: unknown,
  path: readonly string[],
  offset: number,
  scalars: Map<string, Span>,
): void {
  if (isMap(node)) {
    for (const { key, value } of node.items)
      findScalars(value, [...path, String((key as Scalar).value)], offset, scalars);
  } else if (isSeq(node))
    node.items.forEach((item, i) => void findScalars(item, [...path, `[${i}`], offset, scalars));
  else if (isScalar(node) && node.range) {
    const [start, end] = node.range;
    scalars.set(keyOf(path), { start: start + offset, end: end + offset });
  }
}

/** Those within the metadata are sops's own, and it drops them. */
function commentsOf(text: string, offset: number, variables: readonly Span[], section: Span): CommentPlace[] {
  const ends = variables.map(({ end }) => (text[end - 1] === '\n' ? end : lineEnd(text, end)));
  return findComments(text.slice(offset), offset)
    .filter(({ start }) => start < section.start || start >= section.end)
    .map(({ start, end }) => {
      const found = ends.findIndex((variableEnd) => start < variableEnd);
      return { start, end, text: text.slice(start, end), variable: found === -1 ? ends.length : found };
    });
}

/** As the lexer says, because a `#` may be part of a value. The spans are without it. */
function findComments(text: string, offset: number): Span[] {
  const comments: Span[] = [];
  let [at, isContent] = [offset, false];
  for (const lexeme of new Lexer().lex(text)) {
    const type = isContent ? 'content' : CST.tokenType(lexeme);
    isContent = type === 'scalar';
    if (type === 'comment') comments.push({ start: at + 1, end: at + lexeme.length });
    if (type !== 'doc-mode' && type !== 'scalar' && type !== 'flow-error-end') at += lexeme.length;
  }
  return comments;
}

/** In the style of what is there, where that can hold it. */
function restyle(value: string, wanted: 'plain' | 'quoted', old: string): string {
  if (wanted === 'plain' && !/^["'|>]/.test(old)) return value;
  const [, header, indent] = /^(\|[^\S\n]*\n)( +)/.exec(old) ?? [];
  if (header !== undefined && indent !== undefined && isBlock(value)) {
    const lines = value.slice(0, -1).split('\n');
    return header + lines.map((line) => indent + line + lineFeedOf(header)).join('');
  }
  // A block scalar ends with its line.
  return quoteYaml(value) + (/^[|>]/.test(old) ? (/\r?\n$/.exec(old)?.[0] ?? '') : '');
}

/** What `|` holds: lines of printable characters, and one line feed at the end. */
function isBlock(value: string): boolean {
  return /^(?:[!-~][ -~]*\n)+$/.test(value);
}

/** From the start of the line of a pair to the end of that of its value. */
function removeLines(text: string, { start, end, node }: PairPlace): Edit {
  const isCollection = isMap(node) || isSeq(node);
  const stop = text[end - 1] === '\n' && !(isCollection && node.flow) ? end : lineEnd(text, end);
  return { start: lineStart(text, start), end: stop, text: '' };
}

function removeComment(text: string, { start, end }: CommentPlace): Edit {
  const from = lineStart(text, start);
  const isAlone = /^[ \t]*#$/.test(text.slice(from, start));
  return isAlone ? { start: from, end: lineEnd(text, end), text: '' } : { start: start - 1, end, text: '' };
}

/** Before another pair, on lines of their own unless the mapping is one in braces. */
function insertPairs(text: string, { start }: Span, pairs: readonly string[], isFlow: boolean): Edit {
  const indent = text.slice(lineStart(text, start), start);
  const end = isFlow ? `,${spaceBefore(text, start) || ' '}` : lineFeedOf(text) + indent;
  return { start, end: start, text: pairs.map((pair) => pair + end).join('') };
}

function writeName(name: string): string {
  return isDoubtful(name) ? quoteYaml(name) : name;
}
