/** Writers of the three formats: variables, comments and metadata. */
import { flatten } from '../flatten.ts';
import { METADATA_KEY, type Node, type Section, type SopsKind } from '../model.ts';

/** A variable as it stands in the file; a `Line` without a name is a comment. */
export interface Line {
  readonly name?: string;
  readonly text: string;
}

type Write = (lines: readonly Line[], metadata: Section) => string;

/** JSON has no comments. */
export const WRITERS: Readonly<Record<SopsKind, Write>> = {
  dotenv: (lines, metadata) => {
    const written = lines.map(({ name, text }) =>
      name === undefined ? `#${text}\n` : writeDotenvLine(name, text),
    );
    return written.join('') + writeDotenvMetadata(metadata);
  },
  json: (lines, metadata) => {
    const members = lines.flatMap(({ name, text }) =>
      name === undefined ? [] : [`\t${quote(name)}: ${quote(text)},\n`],
    );
    return `{\n${members.join('')}\t${quote(METADATA_KEY)}: ${writeJson(metadata, '\n\t', '\t')}\n}\n`;
  },
  yaml: (lines, metadata) => {
    const pairs = lines.map(({ name, text }) =>
      name === undefined ? `#${text}\n` : `${quote(name)}: ${quoteYaml(text)}\n`,
    );
    return `${pairs.join('')}${METADATA_KEY}:${writeYaml(metadata, '    ')}\n`;
  },
};

export function writeDotenvLine(name: string, value: string): string {
  return `${name}=${value.replaceAll('\n', '\\n')}\n`;
}

export function writeDotenvMetadata(metadata: Section): string {
  const flat = [...flatten(metadata)];
  return flat.map(([path, value]) => writeDotenvLine(`${METADATA_KEY}_${path}`, value)).join('');
}

/** `lead` begins a line at this depth, and `unit` is a level more; both are empty for all in one line. */
export function writeJson(node: Node, lead: string, unit: string): string {
  if (node === null) return 'null';
  if ('type' in node) return node.type === 'str' ? quote(node.text) : node.text;
  const inner = lead + unit;
  const isList = Array.isArray(node);
  const items = isList
    ? node.map((item) => writeJson(item, inner, unit))
    : [...(node as Section)].map(([key, item]) => `${quote(key)}: ${writeJson(item, inner, unit)}`);
  const [open, close] = isList ? '[]' : '{}';
  return open + items.map((item) => inner + item).join(lead === '' ? ', ' : ',') + lead + close;
}

/** Behind `indent`; `undefined`: between braces. */
export function writeYamlPair(name: string, node: Node, indent: string | undefined): string {
  if (indent === undefined) return `${quoteYaml(name)}: ${escapeYaml(writeJson(node, '', ''))}`;
  return `${name}:${writeYaml(node, `${indent}    `)}`;
}

/** With the space or the line feed that belongs before it. */
function writeYaml(node: Node, indent: string): string {
  if (node === null) return ' null';
  if ('type' in node) return ` ${node.type === 'str' ? quoteYaml(node.text) : node.text}`;
  const inner = `${indent}    `;
  const items = Array.isArray(node)
    ? node.map((item) => `-${writeYaml(item, inner)}`)
    : [...(node as Section)].map(([key, item]) => `${quoteYaml(key)}:${writeYaml(item, inner)}`);
  return items.map((item) => `\n${indent}${item}`).join('');
}

export function quote(value: string): string {
  return JSON.stringify(value);
}

export function quoteYaml(value: string): string {
  return escapeYaml(quote(value));
}

/** JSON's strings are YAML's, but for characters that YAML does not take as they are. */
function escapeYaml(json: string): string {
  return json.replace(
    /[\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
