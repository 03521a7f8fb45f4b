/**
 * The dotenv format of sops: lines of `NAME=value`, comments from `#` in the first column, `\n` for a line feed and no
 * other escape. Quotes and spaces are part of a value. The metadata is flattened into lines of `sops_…`.
 * https://github.com/getsops/sops/blob/main/stores/dotenv/store.go
 */
import { type Cursor, malformed } from '../../../envfile/cursor.ts';
import { takeEachLine } from '../../../envfile/each-line.ts';
import { NAME_IN_WORDS, NAME_PATTERN } from '../../../envfile/name.ts';
import { includesAny } from '../../../system/text-search.ts';
import { unflatten } from '../flatten.ts';
import { duplicate, type Leaf, METADATA_KEY, NO_COMMENTS, type SopsFile } from '../model.ts';

const PREFIX = `${METADATA_KEY}_`;
/** The one escape. */
const LINE_FEED = '\\n';
const NAME_HINT = 'sops reads NAME=value only: without export, and without spaces around the name';

/** An assignment, to the end of its line, for those that are not plain. */
const ASSIGNMENT = new RegExp(`(${NAME_PATTERN})=([^\\n]*)(?:\\n|$)`, 'y');

export function readDotenv(cursor: Cursor): SopsFile {
  const { source, text } = cursor;
  const readEscapes = includesAny(text, [LINE_FEED]) ? withLineFeeds : asItIs;
  const leaves: Leaf[] = [];
  const names = new Set<string>();
  const flat = new Map<string, string>();
  let comments: string[] = [];
  const assign = (name: string, value: string) => {
    if (names.has(name)) throw duplicate(source, name);
    names.add(name);
    if (!name.startsWith(PREFIX)) {
      const own = comments.length > 0 ? comments : NO_COMMENTS;
      leaves.push({ name, type: 'str', text: readEscapes(value), comments: own });
      if (comments.length > 0) comments = [];
    } else if (value.endsWith('\r')) {
      throw malformed(cursor, cursor.at - 1, 'LF, not CRLF', 'sops reads LF alone');
    } else flat.set(name.slice(PREFIX.length), readEscapes(value));
  };
  const takePlain = (nameEnd: number, end: number) =>
    assign(text.slice(cursor.at, nameEnd), text.slice(nameEnd + 1, end));
  const takeOther = () => {
    ASSIGNMENT.lastIndex = cursor.at;
    const assignment = ASSIGNMENT.exec(text);
    if (assignment === null) {
      const comment = takeComment(cursor);
      if (comment !== undefined) comments.push(comment);
    } else {
      cursor.at = ASSIGNMENT.lastIndex;
      assign(assignment[1] as string, assignment[2] as string);
    }
  };
  takeEachLine(cursor, takePlain, takeOther);
  return { leaves, metadata: unflatten(flat, source) };
}

/** Takes a line that is not an assignment: `undefined` for an empty one. */
function takeComment(cursor: Cursor): string | undefined {
  const { text, at } = cursor;
  const lf = text.indexOf('\n', at);
  const end = lf === -1 ? text.length : lf;
  cursor.at = end + 1;
  if (end === at) return undefined;
  if (text[at] === '#') return text.slice(at + 1, end);
  const expected = text.slice(at, end).includes('=') ? NAME_IN_WORDS : 'NAME=value';
  throw malformed(cursor, at, expected, NAME_HINT);
}

function withLineFeeds(value: string): string {
  return value.replaceAll(LINE_FEED, '\n');
}

function asItIs(value: string): string {
  return value;
}
