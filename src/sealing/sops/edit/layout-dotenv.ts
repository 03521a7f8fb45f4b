/** Lines, of which `readDotenv` took each. */
import { splitPath } from '../flatten.ts';
import { METADATA_KEY } from '../model.ts';
import { keyOf, type Layout } from './layout.ts';
import { type Edit, lineEnd, lineStart, type Span } from './text-edit.ts';
import { writeDotenvLine, writeDotenvMetadata } from './writers.ts';

const PREFIX = `${METADATA_KEY}_`;

export function layOutDotenv(text: string): Layout {
  const values: Span[] = [];
  const comments: { start: number; end: number; text: string; variable: number }[] = [];
  const metadata: { readonly path: readonly string[]; readonly value: Span }[] = [];
  for (const { start, end } of linesOf(text)) {
    const equals = text.indexOf('=', start);
    const value = { start: equals + 1, end };
    if (text[start] === '#') {
      comments.push({ start: start + 1, end, text: text.slice(start + 1, end), variable: values.length });
    } else if (text.startsWith(PREFIX, start)) {
      metadata.push({ path: splitPath(text.slice(start + PREFIX.length, equals)), value });
    } else if (end > start) values.push(value);
  }
  const removeLine = ({ start }: Span): Edit => {
    return { start: lineStart(text, start), end: lineEnd(text, start), text: '' };
  };
  const insert = (at: Span | undefined, lines: string): Edit => {
    const start = lineStart(text, at?.start ?? text.length);
    return { start, end: start, text: lines };
  };
  const scalars = new Map(metadata.map(({ path, value }) => [keyOf(path), value]));
  return {
    text,
    values,
    comments,
    scalars,
    write: (span, value) => ({ ...span, text: value.replaceAll('\n', '\\n') }),
    remove: (variables) => [...variables].map((i) => removeLine(values[i] as Span)),
    removeComment: removeLine,
    add: (names) => insert(metadata[0]?.value, names.map((name) => writeDotenvLine(name, '')).join('')),
    replaceFields: (old, fields) => [
      ...metadata.filter(({ path }) => old.has(path[0] as string)).map(({ value }) => removeLine(value)),
      insert(scalars.get('lastmodified'), writeDotenvMetadata(new Map(fields))),
    ],
  };
}

/** Without their line feeds, and without a BOM. */
function* linesOf(text: string): Generator<Span> {
  for (let start = text.startsWith('\uFEFF') ? 1 : 0; start < text.length; ) {
    const next = lineEnd(text, start);
    yield { start, end: text[next - 1] === '\n' ? next - 1 : next };
    start = next;
  }
}
