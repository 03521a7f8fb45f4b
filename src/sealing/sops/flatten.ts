/**
 * Metadata in lines: `kms__list_0__map_arn` is `arn` in the first entry of the list `kms`.
 * https://github.com/getsops/sops/blob/main/stores/flatten.go
 */
import { broken, isScalar, MAX_DEPTH, type Node, type Section } from './model.ts';

const MAP = '__map_';
const LIST = '__list_';

type Growing = Map<string, Growing | string>;

/** Throws `malformed` where two lines contradict each other or an entry of a list is missing. */
export function unflatten(flat: ReadonlyMap<string, string>, source: string): Section {
  const root: Growing = new Map();
  for (const [path, text] of flat) {
    const steps = splitPath(path);
    if (steps.length > MAX_DEPTH) throw broken(source, 'its metadata is nested too deep');
    const last = steps.pop() as string;
    let place = root;
    for (const step of steps) {
      const next = place.get(step) ?? new Map();
      if (typeof next === 'string') throw contradiction(source);
      place.set(step, next);
      place = next;
    }
    if (place.has(last)) throw contradiction(source);
    place.set(last, text);
  }
  return growMap(root, source);
}

/** The keys of a path. That of a list has a `[` before it, so that it meets no key of a map. */
export function splitPath(path: string): string[] {
  const steps: string[] = [];
  let start = 0;
  let mark = '';
  for (let at = path.indexOf('__'); at !== -1; at = path.indexOf('__', at + 1)) {
    const separator = path.startsWith(MAP, at) ? MAP : LIST;
    if (!path.startsWith(separator, at)) continue;
    steps.push(mark + path.slice(start, at));
    start = at + separator.length;
    mark = separator === LIST ? '[' : '';
  }
  steps.push(mark + path.slice(start));
  return steps;
}

/** The mirror; nulls are left out. */
export function flatten(metadata: Section): Map<string, string> {
  const flat = new Map<string, string>();
  for (const [key, node] of metadata) flattenNode(node, key, flat);
  return flat;
}

function flattenNode(node: Node, path: string, flat: Map<string, string>): void {
  if (node === null) return;
  if (isScalar(node)) flat.set(path, node.text);
  else if (Array.isArray(node)) node.forEach((item, i) => void flattenNode(item, `${path}__list_${i}`, flat));
  else for (const [key, item] of node as Section) flattenNode(item, `${path}__map_${key}`, flat);
}

function grow(node: Growing | string, source: string): Node {
  if (typeof node === 'string') return { type: 'str', text: node };
  if (!node.has('[0')) return growMap(node, source);
  const list: Node[] = [];
  for (let item = node.get('[0'); item !== undefined; item = node.get(`[${list.length}`))
    list.push(grow(item, source));
  if (list.length < node.size) throw broken(source, 'an entry of its metadata is missing');
  return list;
}

function growMap(node: Growing, source: string): Section {
  const section = new Map<string, Node>();
  for (const [key, item] of node) {
    if (key.startsWith('[')) throw broken(source, 'an entry of its metadata is missing');
    section.set(key, grow(item, source));
  }
  return section;
}

function contradiction(source: string) {
  return broken(source, 'lines of its metadata contradict each other');
}
