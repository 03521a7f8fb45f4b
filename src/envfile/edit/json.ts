import { openText } from '../cursor.ts';
import type { Differences } from '../diff.ts';
import { findLineEndings, usualLineEnding } from './line-endings.ts';
import { locateMembers, type Member } from './members.ts';

/** A member as written: `lead` is the space behind the `{` or `,` before it, `trail` that up to the `,` or `}` behind it. */
interface Part {
  readonly name: string;
  readonly lead: string;
  /** The name with its quotes, the colon and the space around that. */
  readonly head: string;
  readonly value: string;
  readonly trail: string;
}

/** The space around the object's members: at its two ends, and that of a new member between others. */
interface Spacing {
  readonly first: string;
  readonly last: string;
  readonly lead: string;
  readonly trail: string;
  readonly colon: string;
}

/**
 * Changes members of a JSON env file that `parseJson` takes. Only values are replaced; a member goes with its comma, and
 * new ones come last, spaced as those before them.
 */
export function editJson(
  bytes: Uint8Array,
  { added, changed, removed }: Differences,
  values: ReadonlyMap<string, string>,
  { source }: { readonly source: string },
): string {
  const { text } = openText(bytes, source);
  const [open, close] = [text.indexOf('{') + 1, text.lastIndexOf('}')];
  const before = splitParts(text, [...locateMembers(bytes, { source })], open, close);
  const spacing = spacingOf(before, usualLineEnding(findLineEndings(text, [])));
  const isRemoved = new Set(removed);
  const isChanged = new Set(changed);
  const kept = before
    .filter(({ name }) => !isRemoved.has(name))
    .map((part) => (isChanged.has(part.name) ? { ...part, value: values.get(part.name) ?? '' } : part));
  const more = added.map((name) => newPart(name, values.get(name) ?? '', spacing));
  return text.slice(0, open) + joinParts([...kept, ...more], before.at(-1), spacing) + text.slice(close);
}

function newPart(name: string, value: string, { lead, colon, trail }: Spacing): Part {
  return { name, lead, head: `"${name}"${colon}`, value, trail };
}

function splitParts(text: string, members: readonly Member[], open: number, close: number): Part[] {
  let from = open;
  return members.map(({ name, start, valueStart, end }, i) => {
    const to = i + 1 < members.length ? text.indexOf(',', end) : close;
    const lead = text.slice(from, start);
    from = to + 1;
    return {
      name,
      lead,
      head: text.slice(start, valueStart),
      value: text.slice(valueStart, end),
      trail: text.slice(end, to),
    };
  });
}

/** The space at the object's ends stays there, whichever members are there now. */
function joinParts(parts: readonly Part[], last: Part | undefined, spacing: Spacing): string {
  const written = parts.map((part, i) => {
    const lead = i === 0 ? spacing.first : part.lead;
    const trail = part.name === last?.name ? spacing.trail : part.trail;
    return lead + part.head + part.value + (i === parts.length - 1 ? spacing.last : trail);
  });
  return written.join(',');
}

function spacingOf(parts: readonly Part[], lineEnding: string): Spacing {
  const [first, last] = [parts[0], parts.at(-1)];
  if (first === undefined || last === undefined) {
    return { first: `${lineEnding}  `, last: lineEnding, lead: `${lineEnding}  `, trail: '', colon: ': ' };
  }
  const colon = last.head.slice(last.head.lastIndexOf('"') + 1);
  const isAlone = first === last;
  return {
    first: first.lead,
    last: last.trail,
    lead: isAlone && first.lead === '' && colon.endsWith(' ') ? ' ' : withoutBlankLines(last.lead),
    trail: isAlone ? '' : first.trail,
    colon,
  };
}

function withoutBlankLines(space: string): string {
  return /\r?\n[ \t]*$/.exec(space)?.[0] ?? space;
}
