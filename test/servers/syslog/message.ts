/** One message of RFC 5424, to the letter: https://www.rfc-editor.org/rfc/rfc5424#section-6 */

export interface StructuredElement {
  readonly id: string;
  /** In their order: a name may come more than once. */
  readonly params: readonly (readonly [name: string, value: string])[];
}

export interface SyslogMessage {
  readonly facility: number;
  readonly severity: number;
  /** `null` for `-`, here and below. */
  readonly timestamp: string | null;
  readonly hostname: string | null;
  readonly appName: string | null;
  readonly procId: string | null;
  readonly msgId: string | null;
  readonly structuredData: readonly StructuredElement[];
  /** Whether the text says that it is UTF-8. */
  readonly bom: boolean;
  /** Without the byte order mark; `null` when there is none. */
  readonly text: string | null;
}

export class MalformedError extends Error {}

const HEADER_FIELDS = 7;
const SPACE = 0x20;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

const PRIVAL = /^<(0|[1-9]\d{0,2})>1$/;
const MAX_PRIVAL = 191;
const TIMESTAMP = /^(\d{4}-\d\d-\d\d)T(\d\d):(\d\d):(\d\d)(\.\d{1,6})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;
const PRINTABLE = /^[!-~]+$/;
const LONGEST = { hostname: 255, appName: 48, procId: 128, msgId: 32 } as const;
const SD_NAME = '[!#-<>-\\\\^-~]{1,32}';
const PARAM = `(${SD_NAME})="((?:[^"\\\\\\]]|\\\\.)*)"`;
/** Registered with IANA; every other one has `@` and a private enterprise number. */
const REGISTERED = ['timeQuality', 'origin', 'meta'];
const PRIVATE = /^[^@]+@\d+(\.\d+)*$/;

/** Throws a MalformedError. */
export function parseSyslog(bytes: Buffer): SyslogMessage {
  const { fields, rest } = splitHeader(bytes);
  const [start = '', time = '', hostname = '', appName = '', procId = '', msgId = ''] = fields;
  const [, prival = ''] = PRIVAL.exec(start) ?? malformed(`not a priority and version 1: ${start}`);
  if (Number(prival) > MAX_PRIVAL) malformed(`priority ${prival}`);
  const header = {
    facility: Number(prival) >> 3,
    severity: Number(prival) & 7,
    timestamp: time === '-' ? null : timestamp(time),
    hostname: name('hostname', hostname),
    appName: name('appName', appName),
    procId: name('procId', procId),
    msgId: name('msgId', msgId),
  };
  const { structuredData, end } = parseStructuredData(rest.toString('latin1'));
  return { ...header, structuredData: recode(structuredData), ...parseText(rest.subarray(end)) };
}

function malformed(reason: string): never {
  throw new MalformedError(reason);
}

/** The six fields before the structured data: printable ASCII, and one space after each. */
function splitHeader(bytes: Buffer): { fields: string[]; rest: Buffer } {
  const fields: string[] = [];
  let from = 0;
  while (fields.length < HEADER_FIELDS - 1) {
    const end = bytes.indexOf(SPACE, from);
    if (end < 0) malformed('the header ends too early');
    const field = bytes.toString('latin1', from, end);
    if (!PRINTABLE.test(field)) malformed(`a header field is empty or not printable ASCII: ${field}`);
    fields.push(field);
    from = end + 1;
  }
  return { fields, rest: bytes.subarray(from) };
}

function timestamp(text: string): string {
  const [, date = '', hours, minutes, seconds] = TIMESTAMP.exec(text) ?? malformed(`timestamp ${text}`);
  const isDay = new Date(`${date}T00:00:00Z`).toJSON()?.startsWith(date);
  if (!isDay || Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59)
    malformed(`timestamp ${text}`);
  return text;
}

function name(field: keyof typeof LONGEST, text: string): string | null {
  if (text.length > LONGEST[field]) malformed(`${field} is longer than ${LONGEST[field]}`);
  return text === '-' ? null : text;
}

/** Over one character for each byte, so that positions are those of the bytes. */
function parseStructuredData(rest: string): { structuredData: StructuredElement[]; end: number } {
  if (/^-($| )/.test(rest)) return { structuredData: [], end: 1 };
  const element = new RegExp(`\\[(${SD_NAME})((?: ${PARAM})*)\\]`, 'sy');
  const structuredData: StructuredElement[] = [];
  let end = 0;
  for (let match = element.exec(rest); match !== null; match = element.exec(rest)) {
    const [, id = '', params = ''] = match;
    if (!REGISTERED.includes(id) && !PRIVATE.test(id))
      malformed(`SD-ID ${id} is neither registered nor private`);
    if (structuredData.some((before) => before.id === id)) malformed(`SD-ID ${id} comes twice`);
    structuredData.push({ id, params: parseParams(params) });
    end = element.lastIndex;
  }
  if (structuredData.length === 0) malformed('no structured data');
  if (end < rest.length && rest[end] !== ' ') malformed('something else after the structured data');
  return { structuredData, end };
}

function parseParams(text: string): [string, string][] {
  return [...text.matchAll(new RegExp(PARAM, 'gs'))].map(([, param = '', value = '']) => [
    param,
    // Before anything else, a backslash is one.
    value.replace(/\\(["\\\]])/g, '$1'),
  ]);
}

/** Values are UTF-8. */
function recode(elements: readonly StructuredElement[]): StructuredElement[] {
  return elements.map(({ id, params }) => ({
    id,
    params: params.map(([param, value]) => [param, utf8(Buffer.from(value, 'latin1'))] as const),
  }));
}

function parseText(rest: Buffer): Pick<SyslogMessage, 'bom' | 'text'> {
  if (rest.length === 0) return { bom: false, text: null };
  const bytes = rest.subarray(1);
  if (!bytes.subarray(0, BOM.length).equals(BOM)) return { bom: false, text: bytes.toString() };
  return { bom: true, text: utf8(bytes.subarray(BOM.length)) };
}

function utf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return malformed('not UTF-8');
  }
}
