/**
 * What the files that every start reads do without, as bundled for the host. The figures are instructions, of about 6 million
 * for a start: docs/architecture.md says how they are counted. An exception that is not needed any more fails too.
 */
import { parseAst } from 'rolldown/parseAst';
import { beforeAll, expect, test } from 'vitest';
import { LATER } from '../../src/platform/later.ts';
import { startFiles } from './start.ts';

/** Where a rule does not hold: why. */
type Exceptions = Readonly<Record<string, string>>;

interface Node {
  readonly type: string;
  readonly name?: string;
  readonly [field: string]: unknown;
}

let files: { readonly path: string; readonly program: Node }[];
beforeAll(async () => {
  const codes = [...(await startFiles())];
  files = codes.map(([path, code]) => ({ path, program: parseAst(code) as unknown as Node }));
});

/** `PATH: WHAT` for each node that breaks a rule. */
function found(rule: (program: Node) => Iterable<string>): string[] {
  const all = files.flatMap(({ path, program }) => [...rule(program)].map((what) => `${path}: ${what}`));
  return [...new Set(all)].sort();
}

/**
 * The host compiles an expression that is a literal when it is built, and one that is put together when it starts: 25,000 to
 * 29,000 instructions each (measured for `NAME_HERE` and `DOTENV_START`). So it is made where it is first used.
 */
test('no regular expression is put together when a module starts', () => {
  const exceptions: Exceptions = {};
  expect(found(expressionsMadeAtOnce)).toEqual(Object.keys(exceptions));
});

/**
 * Each of these is made by a module of its own that is read when it is first asked for: 3,500 instructions for each of its
 * functions and 1,400 more for each at its top, and those of Buffer are 38.
 */
test('no global is asked for that the platform makes later', () => {
  const exceptions: Exceptions = {
    'src/platform/abort.ts: DOMException': 'made when something is aborted',
    'src/platform/url.ts: URLSearchParams': 'made when the parameters of a URL are asked for',
  };
  expect(found(laterGlobals)).toEqual(Object.keys(exceptions));
});

function* expressionsMadeAtOnce(program: Node): Generator<string> {
  for (const node of walk(program, runsLater)) {
    const { callee } = node as { callee?: Node };
    if (/^(?:New|Call)Expression$/.test(node.type) && callee?.name === 'RegExp') yield 'RegExp';
  }
}

function* laterGlobals(program: Node): Generator<string> {
  const names: readonly string[] = Object.values(LATER).flat();
  for (const node of walk(program, () => false)) {
    const { object, property } = node as { object?: Node; property?: Node };
    const { name } = object?.name === 'globalThis' ? (property as Node) : node;
    if (name !== undefined && names.includes(name)) yield name;
  }
}

/** What is in a function, or in a field of a class, runs when it is called, or when there is an object. */
function runsLater({ type, static: isStatic }: Node): boolean {
  return /Function/.test(type) || (type === 'PropertyDefinition' && isStatic !== true);
}

/** A node and those in it, but not names of properties, which are not variables. */
function* walk(node: Node, isLeftOut: (node: Node) => boolean): Generator<Node> {
  if (isLeftOut(node)) return;
  yield node;
  const isPlain = node.computed !== true && node.shorthand !== true;
  for (const [field, value] of Object.entries(node)) {
    if (isPlain && (field === 'key' || (field === 'property' && node.type === 'MemberExpression'))) continue;
    for (const child of [value].flat()) if (isNode(child)) yield* walk(child, isLeftOut);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}
