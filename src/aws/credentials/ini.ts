/**
 * The syntax of ~/.aws/config and ~/.aws/credentials, exactly as the official SDK for JavaScript reads it, odd corners
 * included; a test compares the two. Ours, because loading the SDK's takes longer than a whole startup. Pure.
 * https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */

/** Settings by name. Those in an indented block below `s3 =` are called `s3.NAME`. */
export type IniSection = Readonly<Record<string, string | undefined>>;

/** `[profile app]` is called `profile.app`, and a section without settings is left out. */
export type IniSections = ReadonlyMap<string, IniSection>;

const TYPES = ['profile', 'sso-session', 'services'];
/** A type and a name without white space, with or without quotes. */
const TYPE_AND_NAME = /^([\w-]+)\s(["'])?([\w\-@+.%:/]+)\2$/;
const FORBIDDEN = ['__proto__', 'profile __proto__'];

/** A line that says nothing is skipped. A forbidden name empties the file, as it does for the SDK. */
export function parseIni(text: string): IniSections {
  const sections = new Map<string, Record<string, string>>();
  let section: string | undefined;
  let block: string | undefined;
  for (const line of text.split(/\r?\n/)) {
    const content = withoutComment(line);
    if (content.startsWith('[') && content.endsWith(']')) {
      const header = content.slice(1, -1);
      if (FORBIDDEN.includes(header)) return new Map();
      section = sectionName(header);
      block = undefined;
      continue;
    }
    const setting = parseSetting(content);
    if (!section || setting === undefined) continue;
    const [name, value] = setting;
    if (value === '') {
      block = name;
      continue;
    }
    if (!isIndented(line)) block = undefined;
    const settings = sections.get(section) ?? Object.create(null);
    settings[block === undefined ? name : `${block}.${name}`] = value;
    sections.set(section, settings);
  }
  return sections;
}

/** A `#` or `;` starts a comment at the beginning of a line or after white space. */
function withoutComment(line: string): string {
  const start = line.search(/(?:^|\s)[;#]/);
  return (start === -1 ? line : line.slice(0, start)).trim();
}

/** `undefined` for a section that is none of ours, whose settings are skipped. */
function sectionName(header: string): string | undefined {
  const match = TYPE_AND_NAME.exec(header);
  if (match === null) return header;
  const [, type = '', , name = ''] = match;
  return TYPES.includes(type) ? `${type}.${name}` : undefined;
}

function parseSetting(content: string): [name: string, value: string] | undefined {
  const equals = content.indexOf('=');
  if (equals < 1) return undefined;
  return [content.slice(0, equals).trim(), content.slice(equals + 1).trim()];
}

function isIndented(line: string): boolean {
  return line.trimStart() !== line;
}

/**
 * The sections of ~/.aws/config by what they are called elsewhere: profiles by their names, the others as
 * `services.NAME`. A section without a type is left out, except for `[default]`.
 */
export function configSections(sections: IniSections): IniSections {
  const byName = new Map<string, IniSection>();
  const byDefault = sections.get('default');
  if (byDefault !== undefined) byName.set('default', byDefault);
  for (const [key, settings] of sections) {
    const dot = key.indexOf('.');
    const type = key.slice(0, Math.max(0, dot));
    if (TYPES.includes(type)) byName.set(type === 'profile' ? key.slice(dot + 1) : key, settings);
  }
  return byName;
}
