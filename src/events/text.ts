/** Text from outside, made fit for an event. */

/**
 * Maximum length of each kind of text, in code points, and of each list, in items. event.schema.json has the
 * same numbers.
 */
export const LIMITS = {
  /** Sources, and the event's own `source`: three times the 1024 bytes of a key, for those that are percent-encoded. */
  uri: 4096,
  /** Versions (https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html), principals, commands. */
  text: 1024,
  /** Hosts, pods, names of variables, ids of requests. */
  name: 255,
  /** Keys: a post-quantum recipient of age has 1959. https://c2sp.org/age#the-hybrid-recipient-type */
  key: 2048,
  keys: 64,
  requestIds: 16,
  /** Names or hashes of variables: the event stays below what a sink takes, 256 KiB in most. */
  names: 1000,
} as const;

/** Nearly all that comes here; and what says so is made faster than the one below, which knows all of Unicode. */
const PLAIN = /^[\x20-\x7e]*$/;

/** Controls, what turns the direction of text, invisible characters, halves of surrogates, ends of lines. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * Without what could forge a line of a log, and cut. What is not text becomes text: a `Secret` that came here against
 * its type is `[redacted]`.
 */
export function visible(text: string, limit: number): string {
  const given = `${text}`;
  const shown = (PLAIN.test(given) ? given : given.replace(INVISIBLE, '')).trim();
  return shown.length <= limit ? shown : Array.from(shown).slice(0, limit).join('');
}

/** `null` where nothing is visible. */
export function visibleOrNull(text: string | null | undefined, limit: number): string | null {
  return visible(text ?? '', limit) || null;
}

export function visibleItems(texts: readonly string[], limit: number, count: number): string[] {
  const items: string[] = [];
  for (const text of texts.slice(0, count)) {
    const shown = visible(text, limit);
    if (shown !== '') items.push(shown);
  }
  return items;
}
