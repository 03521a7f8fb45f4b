/**
 * The expressions of rules, which sops gives to Go's RE2: https://github.com/google/re2/wiki/Syntax
 *
 * Not by `RegExp`: the rule comes from whoever can write the file, and one of exponential time would hang the
 * startup, beyond any timeout. This takes the set of all places at which a part can begin to the set of those
 * at which it can end, so that no place is tried twice; with repetitions two deep at most, that is quadratic
 * in a short text.
 */

/** Longest text that is matched, in UTF-16 units; a longer one counts as no match of anything, as `.` would. */
const MAX_TEXT = 1000;
const MAX_PATTERN = 1000;
const MAX_GROUPS = 20;
const MAX_REPEAT_DEPTH = 2;
const MAX_REPEAT = 200;
/** Characters that are looked at for all texts of a file; about a second. Beyond that nothing matches. */
const MAX_WORK = 10_000_000;

type Places = ReadonlySet<number>;
/** From where a part may begin to where it may end. */
type Part = (text: string, from: Places) => Places;
type Test = (character: string) => boolean;

const CLASSES: Readonly<Record<string, Test>> = {
  d: (c) => c >= '0' && c <= '9',
  w: isWord,
  s: (c) => c !== '' && ' \t\n\f\r'.includes(c),
};
const POSIX: Readonly<Record<string, Test>> = {
  alpha: (c) => /^[A-Za-z]$/.test(c),
  digit: (c) => /^[0-9]$/.test(c),
  alnum: (c) => /^[A-Za-z0-9]$/.test(c),
  upper: (c) => /^[A-Z]$/.test(c),
  lower: (c) => /^[a-z]$/.test(c),
  word: isWord,
  space: (c) => /^[ \t\n\v\f\r]$/.test(c),
};

/** Whether a text has a match anywhere; `undefined` for what is not in the part of RE2 known here, and for errors. */
export function compileRegex(pattern: string): ((text: string) => boolean) | undefined {
  if (pattern.length > MAX_PATTERN) return undefined;
  try {
    const part = new Parser(pattern).parse();
    return (text) => text.length <= MAX_TEXT && part(text, everywhere(text)).size > 0;
  } catch (error) {
    if (error instanceof UnknownSyntax) return undefined;
    throw error;
  }
}

class UnknownSyntax extends Error {}

class Parser {
  readonly #characters: readonly string[];
  #at = 0;
  #groups = 0;
  #foldCase = false;
  readonly #work = { left: MAX_WORK };

  constructor(pattern: string) {
    this.#characters = [...pattern];
  }

  parse(): Part {
    const part = this.#alternatives().part;
    if (this.#at < this.#characters.length) throw new UnknownSyntax();
    return part;
  }

  #alternatives(): { part: Part; depth: number } {
    const parts: Part[] = [];
    let depth = 0;
    do {
      const sequence = this.#sequence();
      parts.push(sequence.part);
      depth = Math.max(depth, sequence.depth);
    } while (this.#takes('|'));
    return { part: parts.length === 1 ? (parts[0] as Part) : anyOf(parts, this.#work), depth };
  }

  #sequence(): { part: Part; depth: number } {
    const parts: Part[] = [];
    let depth = 0;
    for (let next = this.#peek(); next !== '' && next !== '|' && next !== ')'; next = this.#peek()) {
      const repeated = this.#repeated();
      parts.push(repeated.part);
      depth = Math.max(depth, repeated.depth);
    }
    return { part: (text, from) => parts.reduce((places, part) => part(text, places), from), depth };
  }

  #repeated(): { part: Part; depth: number } {
    const { part, depth } = this.#atom();
    const bounds = this.#bounds();
    if (bounds === undefined) return { part, depth };
    if (depth + 1 > MAX_REPEAT_DEPTH) throw new UnknownSyntax();
    this.#takes('?');
    if (this.#peek() !== '' && '*+?{'.includes(this.#peek())) throw new UnknownSyntax();
    return { part: repeat(part, bounds, this.#work), depth: depth + 1 };
  }

  #bounds(): { min: number; max: number } | undefined {
    if (this.#takes('*')) return { min: 0, max: Number.POSITIVE_INFINITY };
    if (this.#takes('+')) return { min: 1, max: Number.POSITIVE_INFINITY };
    if (this.#takes('?')) return { min: 0, max: 1 };
    if (this.#peek() !== '{') return undefined;
    const close = this.#characters.indexOf('}', this.#at);
    const inside = close === -1 ? '' : this.#characters.slice(this.#at + 1, close).join('');
    const match = /^([0-9]{1,3})(,?)([0-9]{0,3})$/.exec(inside);
    if (match === null || (match[2] === '' && match[3] !== '')) throw new UnknownSyntax();
    this.#at = close + 1;
    const min = Number(match[1]);
    let max = min;
    if (match[2] !== '') max = match[3] === '' ? Number.POSITIVE_INFINITY : Number(match[3]);
    if (min > MAX_REPEAT || (max !== Number.POSITIVE_INFINITY && (max > MAX_REPEAT || max < min))) {
      throw new UnknownSyntax();
    }
    return { min, max };
  }

  #atom(): { part: Part; depth: number } {
    const character = this.#next();
    if (character === '(') return this.#group();
    if (character === '^') return at((_, place) => place === 0, this.#work);
    if (character === '$') return at((text, place) => place === text.length, this.#work);
    if (character === '.') return this.#one((c) => c !== '\n');
    if (character === '[') return this.#one(this.#set());
    if (character === '\\') return this.#escape();
    if (character === '' || '*+?{'.includes(character)) throw new UnknownSyntax();
    return this.#one((c) => c === character);
  }

  #group(): { part: Part; depth: number } {
    this.#groups += 1;
    if (this.#groups > MAX_GROUPS) throw new UnknownSyntax();
    const outer = this.#foldCase;
    if (this.#takes('?')) {
      if (this.#takes('i')) this.#foldCase = true;
      if (this.#takes(')')) return { part: (_, from) => from, depth: 0 };
      if (!this.#takes(':')) throw new UnknownSyntax();
    }
    const group = this.#alternatives();
    if (!this.#takes(')')) throw new UnknownSyntax();
    this.#foldCase = outer;
    return group;
  }

  #escape(): { part: Part; depth: number } {
    const character = this.#next();
    if (character === 'b') return at((text, place) => isBoundary(text, place), this.#work);
    if (character === 'B') return at((text, place) => !isBoundary(text, place), this.#work);
    if (character === 'A') return at((_, place) => place === 0, this.#work);
    if (character === 'z') return at((text, place) => place === text.length, this.#work);
    return this.#one(escaped(character));
  }

  #set(): Test {
    const negated = this.#takes('^');
    const tests: Test[] = [];
    do tests.push(this.#setItem());
    while (this.#peek() !== ']' && this.#peek() !== '');
    if (!this.#takes(']')) throw new UnknownSyntax();
    return (c) => tests.some((test) => test(c)) !== negated;
  }

  #setItem(): Test {
    const first = this.#next();
    if (first === '[' && this.#peek() === ':') return this.#posixClass();
    if (first === '\\') {
      const character = this.#next();
      const test = escaped(character);
      if (this.#isRange()) throw new UnknownSyntax();
      return test;
    }
    if (!this.#isRange()) return (c) => c === first;
    this.#next();
    const last = this.#next();
    if (last === '\\' || last === '[' || last < first) throw new UnknownSyntax();
    return (c) => c >= first && c <= last;
  }

  #isRange(): boolean {
    const after = this.#characters[this.#at + 1];
    return this.#peek() === '-' && after !== undefined && after !== ']';
  }

  #posixClass(): Test {
    const close = this.#characters.indexOf(']', this.#at);
    const name = this.#characters.slice(this.#at + 1, close - 1).join('');
    const test = Object.hasOwn(POSIX, name) ? POSIX[name] : undefined;
    if (close === -1 || test === undefined || this.#characters[close - 1] !== ':') throw new UnknownSyntax();
    this.#at = close + 1;
    return test;
  }

  #one(test: Test): { part: Part; depth: number } {
    const folded: Test = (c) => test(c) || test(c.toLowerCase()) || test(c.toUpperCase());
    return { part: one(this.#foldCase ? folded : test, this.#work), depth: 0 };
  }

  #peek(): string {
    return this.#characters[this.#at] ?? '';
  }

  #next(): string {
    const character = this.#peek();
    this.#at += 1;
    return character;
  }

  #takes(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at += 1;
    return true;
  }
}

function escaped(character: string): Test {
  const known = CLASSES[character.toLowerCase()];
  if (known !== undefined) return character in CLASSES ? known : (c) => c !== '' && !known(c);
  if (character === 't') return (c) => c === '\t';
  if (character === '' || isWord(character)) throw new UnknownSyntax();
  return (c) => c === character;
}

interface Work {
  left: number;
}

/** Whether there is work left for so many places; a step by itself counts too, because steps nest. */
function spend(work: Work, places: number): boolean {
  work.left -= places + 1;
  return work.left >= 0;
}

function one(test: Test, work: Work): Part {
  return (text, from) => {
    const ends = new Set<number>();
    if (!spend(work, from.size)) return ends;
    for (const place of from) {
      const character = characterAt(text, place);
      if (character !== '' && test(character)) ends.add(place + character.length);
    }
    return ends;
  };
}

function at(test: (text: string, place: number) => boolean, work: Work): { part: Part; depth: number } {
  const part: Part = (text, from) =>
    new Set(spend(work, from.size) ? [...from].filter((place) => test(text, place)) : []);
  return { part, depth: 0 };
}

function anyOf(parts: readonly Part[], work: Work): Part {
  return (text, from) =>
    new Set(spend(work, from.size) ? parts.flatMap((part) => [...part(text, from)]) : []);
}

function repeat(part: Part, { min, max }: { min: number; max: number }, work: Work): Part {
  return (text, from) => {
    let places = from;
    for (let i = 0; i < min && spend(work, places.size); i++) places = part(text, places);
    if (work.left < 0) return new Set();
    const ends = new Set(places);
    for (let i = min; i < max && places.size > 0 && spend(work, places.size); i++) {
      // Only the new places go on, so that this ends.
      places = new Set([...part(text, places)].filter((place) => !ends.has(place)));
      for (const place of places) ends.add(place);
    }
    return ends;
  };
}

function everywhere(text: string): Places {
  const places = new Set([0]);
  for (let place = 0; place < text.length; ) {
    place += characterAt(text, place).length;
    places.add(place);
  }
  return places;
}

function characterAt(text: string, place: number): string {
  const code = text.codePointAt(place);
  return code === undefined ? '' : String.fromCodePoint(code);
}

function isBoundary(text: string, place: number): boolean {
  return isWordAt(text, place - 1) !== isWordAt(text, place);
}

function isWord(character: string): boolean {
  return /^[A-Za-z0-9_]$/.test(character);
}

function isWordAt(text: string, place: number): boolean {
  const code = text.charCodeAt(place);
  return (
    (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || code === 95 || (code >= 97 && code <= 122)
  );
}
