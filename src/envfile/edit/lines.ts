import { openText } from '../cursor.ts';
import type { Differences } from '../diff.ts';
import type { ParseOptions } from '../entry.ts';
import { parse } from '../parse.ts';
import { type Assignment, locate } from './assignments.ts';
import { findLineEndings, usualLineEnding } from './line-endings.ts';

interface Replacement {
  readonly start: number;
  readonly end: number;
  readonly by: string;
}

/**
 * Changes assignments of an env file that `parse` takes. `values` has those of the added and changed names as they are
 * to be written.
 */
export function editLines(
  bytes: Uint8Array,
  differences: Differences,
  values: ReadonlyMap<string, string>,
  options: ParseOptions,
): string {
  const { text } = openText(bytes, options.source);
  const assignments = locate(text, parse(bytes, options), options.dialect);
  const edited = replaceAll(text, replacements(assignments, differences, values));
  const lineEnding = usualLineEnding(findLineEndings(text, assignments));
  const added = differences.added.map((name) => `${name}=${values.get(name) ?? ''}${lineEnding}`);
  return appendLines(edited, added, lineEnding);
}

/** In file order. Of several with the same name the last is changed, because that is the one that wins. */
function replacements(
  assignments: readonly Assignment[],
  { removed, changed }: Differences,
  values: ReadonlyMap<string, string>,
): Replacement[] {
  const winning = new Map(assignments.map((assignment) => [assignment.name, assignment]));
  const isChanged = new Set<Assignment | undefined>(changed.map((name) => winning.get(name)));
  const isRemoved = new Set(removed);
  return assignments.flatMap((assignment) => {
    const { name, start, end, valueStart, valueEnd } = assignment;
    if (isRemoved.has(name)) return [{ start, end, by: '' }];
    if (!isChanged.has(assignment)) return [];
    return [{ start: valueStart, end: valueEnd, by: values.get(name) ?? '' }];
  });
}

function replaceAll(text: string, replacements: readonly Replacement[]): string {
  let [edited, at] = ['', 0];
  for (const { start, end, by } of replacements) {
    edited += text.slice(at, start) + by;
    at = end;
  }
  return edited + text.slice(at);
}

function appendLines(text: string, lines: readonly string[], lineEnding: string): string {
  if (lines.length === 0) return text;
  return text + lineGap(text, lineEnding) + lines.join('');
}

/** What has to stand between the file's last line and a new one. */
function lineGap(text: string, lineEnding: string): string {
  if (text === '' || text === '\uFEFF' || text.endsWith('\n')) return '';
  // A CR at the file's end ends its line already; in front of another it would become part of a value.
  return text.endsWith('\r') ? '\n' : lineEnding;
}
