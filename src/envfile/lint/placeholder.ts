/**
 * Values that were meant to be replaced before use. A warning costs little and a missed one an outage, but
 * one that cries at real passwords is switched off: so each pattern is about the whole value, or about marks that no
 * generator of passwords writes.
 */

/**
 * `blank`: meant to be filled in. `reference`: meant to be expanded by a program, which envseal does not do.
 */
export type Placeholder = 'blank' | 'reference';

/** What the value is without case and `-`, `_`, `.`, `!` and spaces. */
const BLANK_WORDS = new Set([
  ...['changeme', 'changethis', 'changeit', 'pleasechange', 'pleasechangeme', 'changemeplease'],
  ...['replaceme', 'replacethis', 'fillme', 'fillmein', 'fillin', 'setme', 'editme', 'fixme', 'tbd', 'tba'],
  ...['yourpassword', 'yoursecret', 'yourtoken', 'yourkey', 'yourapikey', 'yoursecretkey', 'yourvalue'],
  ...['placeholder', 'chamberme'],
]);

/** The same where the name asks for something else than such a word. */
const AMBIGUOUS_WORDS = new Set([
  ...[
    'password',
    'passwd',
    'mypassword',
    'secret',
    'mysecret',
    'supersecret',
    'topsecret',
    'token',
    'apikey',
  ],
  ...['todo', 'example', 'dummy', 'redacted', 'removed'],
]);

/**
 * Endings of names for which such a word can be a choice among others: `AUTH_METHOD=password`, `TABLE_NAME=todo`. The name
 * alone may be one of them too.
 */
const CHOICE_NAME =
  /(?:^|[_.-])(?:TYPES?|METHODS?|MODE|KIND|GRANT|GRANTS|STRATEGY|SCHEME|FIELDS?|COLUMNS?|PARAM|PARAMS|HEADER|NAME|NAMES|USER|USERNAME|STAGE|ENV|ENVIRONMENT|PREFIX|SUFFIX|TABLE|TOPIC|QUEUE|BUCKET|PATH|LABEL)$/i;

const BLANKS: readonly RegExp[] = [
  // `xxx`, `XXXX-XXXX`, `***`, `...`, `???`, `…`
  /^x{3,}(?:[-_. :]x+)*$/i,
  /^(?:\*{3,}|\.{3,}|\?{3,}|…)$/,
  // `sk_live_xxxxxxxx`: a prefix that says what belongs there.
  /^[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*[-_]x{4,}$/i,
  // `<your-password>`, `<PASSWORD>`. With `@`, `/` or `:` it could be an address.
  /^<[a-z][a-z0-9 _.-]*>$/i,
  // `postgres://user:<password>@db`, `https://your-org.example`
  /^[a-z][a-z0-9+.-]*:\/\/[^\s<]*<[a-z][a-z0-9 _-]*>/i,
  /^[a-z][a-z0-9+.-]*:\/\/(?:[^\s/?#@]*[:@])?your[-_]/i,
  // `your-api-key`, `YOUR_TOKEN_HERE`, `[your password]`, `your password here`
  /^your[-_][a-z0-9_.-]+$/i,
  /^[[({]your[-_ ][a-z0-9 _.-]+[\])}]$/i,
  /^your [a-z0-9 _.-]+ here$/i,
  // `insert-key-here`, `put your token here`, `enter_password_here`
  /^(?:insert|enter|put|paste|add|set|type|fill)[-_ ][a-z0-9 _.-]*[-_ ]here$/i,
  // `__DB_PASSWORD__`, `@@TOKEN@@`, `#{Token}#`: what deployment tools replace.
  /^(?:__[A-Z][A-Z0-9_]*[A-Z0-9]__|@{1,2}[A-Z][A-Z0-9_]*@{1,2}|#\{[A-Za-z][\w.]*\}#?)$/,
];

const REFERENCES: readonly RegExp[] = [
  // `${VAR}`, `${VAR:-default}`
  /\$\{[A-Za-z_]\w*(?::?[-=?+][^{}]*)?\}/,
  // `{{ var }}`, `{{- .Values.password | quote }}`, `${{ secrets.KEY }}`
  /\{\{-?\s*[$.\w][^{}]*\}\}/,
  // `$(cat file)`, `$VAR`, `%VAR%`, backticks: only as the whole value.
  /^\$\([^()]+\)$/,
  /^\$[A-Za-z_]\w*$/,
  /^%[A-Z_][A-Z0-9_]*%$/,
  /^`[^`]+`$/,
];

/**
 * What kind of placeholder the value looks like, `undefined` for none. An empty value is none, and neither is one of
 * several lines: that is a document of its own, and a script may expand what it likes.
 */
export function findPlaceholder(name: string, value: string): Placeholder | undefined {
  const text = value.trim();
  if (text === '' || /[\r\n]/.test(text)) return undefined;
  if (REFERENCES.some((pattern) => pattern.test(text))) return 'reference';
  if (BLANKS.some((pattern) => pattern.test(text))) return 'blank';
  const word = text.toLowerCase().replace(/[-_.! ]/g, '');
  const isBlank = BLANK_WORDS.has(word) || (AMBIGUOUS_WORDS.has(word) && !CHOICE_NAME.test(name));
  return isBlank ? 'blank' : undefined;
}
