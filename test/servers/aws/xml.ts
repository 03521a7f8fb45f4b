/** XML as S3 and STS write it. */

export type Content = string | readonly string[];

/** An element around text (escaped) or around elements (as they are). */
export function element(name: string, content: Content, attributes = ''): string {
  const inner = typeof content === 'string' ? escapeText(content) : content.join('');
  return `<${name}${attributes}>${inner}</${name}>`;
}

export function document(root: string): Buffer {
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${root}`);
}

export function elements(fields: Readonly<Record<string, string | number | boolean | undefined>>): string[] {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return given.map(([name, value]) => element(name, String(value)));
}

/** XML 1.0 has no way to say most control characters; S3 writes them as references all the same. */
function escapeText(text: string): string {
  return text.replace(
    /[&<>"\r\n]|\p{Cc}/gu,
    (character) => ENTITIES[character] ?? `&#${character.codePointAt(0)};`,
  );
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '\n',
};
