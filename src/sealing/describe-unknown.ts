// biome-ignore-all lint/suspicious/noControlCharactersInRegex: binary formats begin with them.
/** Likely kinds of files that envseal does not open, for the message that refuses them. Pure. */
import { cloudOf, decodeBase64File, splitBerglas } from './kms-blob.ts';

export interface Likeness {
  /** Reads on after "looks like". */
  readonly what: string;
  readonly hint: string;
}

type Row = readonly [pattern: RegExp, what: string, hint: string];

const HEAD_BYTES = 1024;
/** Encoders wrap at 64 or 76 characters, if at all; words on lines of their own are a mistake of another kind. */
const MIN_BASE64 = 60;

const DECOMPRESS = 'decompress it before the upload';
const DECRYPT = 'decrypt it, and seal the env file with sops encrypt';
const WRONG_FILE = 'check the name: the env file is elsewhere, or another file was uploaded in its place';
const UTF8 = 'save it as UTF-8: iconv -f UTF-16 -t UTF-8';
const WHOLE = 'upload the whole ciphertext again; format=kms lets the KMS decide';
const MAYBE_KMS = 'add format=kms if it is a KMS ciphertext';

/** For the first bytes, each a character: no line of an env file starts like these. Made only when needed. */
const heads = (): readonly Row[] => [
  [/^\x01[\x01\x02][\0-\x09]\0x/, 'a truncated AWS KMS ciphertext', WHOLE],
  [/^\n(?:[$%]\0| .{32}\x12.{1,3}\x01[\x01\x02])/s, 'a truncated or changed KMS ciphertext', WHOLE],
  // https://docs.aws.amazon.com/encryption-sdk/latest/developer-guide/message-format.html
  [/^(?:\x01\x80[\0-\x03][\x14\x46\x78]|\x02[\x04\x05]x)/, 'an AWS Encryption SDK message', DECRYPT],
  [/^\x1f\x8b/, 'gzip', DECOMPRESS],
  [/^PK[\x03\x05]/, 'a zip file', DECOMPRESS],
  [/^\x28\xb5\x2f\xfd/, 'zstd', DECOMPRESS],
  [/^\xfd7zXZ\0/, 'xz', DECOMPRESS],
  [/^BZh[1-9]1AY&SY/, 'bzip2', DECOMPRESS],
  [/^age-encryption\.org\/v1[\r\n]|^-----BEGIN AGE ENCRYPTED FILE-----/, 'an age file', DECRYPT],
  [/^-----BEGIN PGP /, 'a PGP message', DECRYPT],
  // https://www.rfc-editor.org/rfc/rfc9580#section-5.1
  [/^(?:\x84.|\x85[\x01-\x04].|\xc1.{1,2})[\x03\x06]|^(?:\x8c|\xc3).\x04/s, 'a PGP message', DECRYPT],
  [/^-----BEGIN /, 'a PEM file, such as a key or a certificate', WRONG_FILE],
  [/^0[\x80-\x84].{2}/s, 'DER, such as a certificate or a PKCS #7 message', WRONG_FILE],
  [/^\$ANSIBLE_VAULT;/, 'an ansible-vault file', DECRYPT],
  [/^\0GITCRYPT\0/, 'a git-crypt file', 'unlock the repository before the upload: git-crypt unlock'],
  [/^version https:\/\/git-lfs\./, 'a Git LFS pointer', 'fetch the file before the upload: git lfs pull'],
  [/^Salted__/, 'an openssl enc file', DECRYPT],
  [/^vault:v\d+:/, 'a Vault transit ciphertext', DECRYPT],
  [/^\x7fELF/, 'an executable', WRONG_FILE],
  [/^SQLite format 3\0/, 'an SQLite database', WRONG_FILE],
  [/^%PDF-/, 'a PDF', WRONG_FILE],
  [/^(?:\xff\xfe|\xfe\xff|\0\0\xfe\xff|(?:[^\0]\0){2}|(?:\0[^\0]){2}|[^\0]\0\0\0)/, 'UTF-16 or UTF-32', UTF8],
];

const NAMED = '[A-Za-z_][A-Za-z0-9_.-]*';

/** For the text from its first line that says something, comments left out. */
const texts = (): readonly Row[] => [
  [/^<[!?A-Za-z]/, 'HTML or XML, such as an error page', WRONG_FILE],
  [/^\[[ \t\r\n]*(?:[{["\]\d-]|true|false|null)/, 'a JSON array', 'write a JSON object: {"NAME":"value"}'],
  [/^\[[^\]\r\n]+\]/, 'INI or TOML', 'write NAME=value, without [sections]'],
  [
    /^(?:---[ \t\r\n]+)?(?:apiVersion:.*\n)?kind:[ \t]*["']?SealedSecret\b/s,
    'a Kubernetes SealedSecret',
    'seal the env file itself: only its cluster opens it',
  ],
  [
    /^(?:---[ \t\r\n]+)?(?:apiVersion|kind):/,
    'a Kubernetes manifest',
    'write its data as JSON: kubectl get secret NAME -o json | jq ".data | map_values(@base64d)"',
  ],
  [
    new RegExp(`^(?:---[ \\t\\r\\n]|---$|%YAML |${NAMED}[ \\t]*:(?:[ \\t\\r\\n]|$))`),
    'YAML',
    'write NAME=value, or encrypt the YAML file with sops',
  ],
];

/** `undefined`: it may be an env file, and the parser reports what is wrong with it, by line and column. */
export function looksLike(bytes: Uint8Array): Likeness | undefined {
  return likenessOf(bytes, (text) => base64(text) ?? berglas(text));
}

/** https://dotenvx.com/docs/env-file */
export const DOTENVX: Likeness = {
  what: 'a dotenvx-encrypted file',
  hint: 'seal the output of dotenvx decrypt; format=dotenv passes the ciphertext to the command',
};

function likenessOf(
  bytes: Uint8Array,
  otherwise: (text: string) => Likeness | undefined,
): Likeness | undefined {
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  const head = String.fromCharCode(...bytes.subarray(start, start + HEAD_BYTES));
  const found = find(heads(), head);
  if (found !== undefined) return found;
  const text = decode(bytes);
  if (text !== undefined) return find(texts(), fromFirstLine(text)) ?? otherwise(text);
  // With bytes that no text has, and not in any encoding of Unicode: their position would not help.
  if (!/[\0-\x08\x0e-\x1f]/.test(head)) return undefined;
  return { what: 'binary data of an unknown kind', hint: MAYBE_KMS };
}

function find(rows: readonly Row[], text: string): Likeness | undefined {
  const row = rows.find(([pattern]) => pattern.test(text));
  return row && { what: row[1], hint: row[2] };
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function fromFirstLine(text: string): string {
  const at = text.search(/^[ \t]*[^ \t\r\n#]/m);
  return at === -1 ? '' : text.slice(at).trimStart();
}

function base64(text: string): Likeness | undefined {
  if (text.search(/[\r\n]|$/) < MIN_BASE64) return undefined;
  const bytes = decodeBase64File(text);
  if (bytes === undefined) return undefined;
  const inner = likenessOf(bytes, () => undefined);
  const what = inner === undefined ? 'base64' : `base64 of ${inner.what}`;
  return { what, hint: inner?.hint ?? 'decode it before the upload: base64 -d' };
}

function berglas(text: string): Likeness | undefined {
  if (splitBerglas(text) === undefined) {
    const [first, ...more] = text.split(':', 2);
    const wrapped = more.length === 0 ? undefined : decodeBase64File(first as string);
    if (wrapped === undefined || cloudOf(wrapped) !== 'google') return undefined;
    return { what: 'a truncated or changed berglas object', hint: 'create the secret again' };
  }
  return {
    what: 'a berglas object whose data key is from no known KMS',
    hint: 'add format=berglas if it is',
  };
}
