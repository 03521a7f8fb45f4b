/** An event as a message of RFC 5424. https://www.rfc-editor.org/rfc/rfc5424#section-6 Pure. */
import { type AuditEvent, lastWord } from '../event.ts';
import { SEVERITIES } from '../severity.ts';

/**
 * Custom names need a private enterprise number. This one is reserved for examples: envseal has none, and to
 * take someone else's would be worse. https://www.rfc-editor.org/rfc/rfc5612
 */
const SD_ID = 'envseal@32473';

const encoder = new TextEncoder();

/**
 * At most `limit` bytes. The text is the event's JSON; where that does not fit, the message has its structured data
 * alone, and where those do not fit, the most needed of them. Nothing is ever cut.
 */
export function formatMessage(event: AuditEvent, facility: number, limit: number): Uint8Array {
  const { outcome, reason, sealing, version, principal, place } = event.data;
  const own =
    'command' in event.data
      ? { command: event.data.command }
      : { previousVersion: event.data.previousVersion };
  const priority = facility * 8 + SEVERITIES[outcome].syslog;
  const header = `<${priority}>1 ${event.time} ${hostName(place.host)} envseal - ${lastWord(event.type)}`;
  const least = { id: event.id, outcome, reason };
  const params = {
    ...least,
    subject: event.subject,
    sealing,
    version,
    principal: principal?.name ?? null,
    ...own,
    namespace: place.namespace,
    pod: place.pod,
  };
  const all = `${header} ${structuredData(params)}`;
  const whole = encoder.encode(`${all} ${asciiJson(event)}`);
  if (whole.length <= limit) return whole;
  const alone = encoder.encode(all);
  return alone.length <= limit ? alone : encoder.encode(`${header} ${structuredData(least)}`);
}

/** Printable ASCII without spaces, or nothing. */
function hostName(host: string | null): string {
  return host?.replace(/[^!-~]/g, '?').slice(0, 255) || '-';
}

function structuredData(params: Readonly<Record<string, string | null>>): string {
  let pairs = '';
  for (const [name, value] of Object.entries(params))
    if (value !== null) pairs += ` ${name}="${escapeValue(value)}"`;
  return `[${SD_ID}${pairs}]`;
}

/** A line feed would end the message on a stream socket. */
function escapeValue(value: string): string {
  // Nearly all: an expression with all controls of Unicode in it takes a start longer to make.
  if (/^[ !#-[^-~]*$/.test(value)) return value;
  return value.replace(/\p{Cc}/gu, '?').replace(/["\\\]]/g, '\\$&');
}

/** Text that is not ASCII has to start with a byte order mark, which parsers of JSON stumble over. */
function asciiJson(event: AuditEvent): string {
  const json = JSON.stringify(event);
  if (/^[\x20-\x7e]*$/.test(json)) return json;
  return json.replace(
    /[\x7f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
