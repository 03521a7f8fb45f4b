/** From the bytes of a source to its entries: recognised from the bytes, or pinned with `format=`. Pure. */
import type { Entry } from '../envfile/parse.ts';
import { parse } from '../envfile/parse.ts';
import { parseJson } from '../envfile/parse-json.ts';
import { EnvsealError } from '../errors.ts';
import type { Source } from '../store/source.ts';

/** Throws `malformed` with line and column, never with text of the source. */
export function openEntries(bytes: Uint8Array, source: Source): Entry[] {
  const entries =
    (source.format ?? recognise(bytes)) === 'json'
      ? parseJson(bytes, { source: source.uri })
      : parse(bytes, { source: source.uri, dialect: source.dialect });
  refuseSops(entries, source);
  return entries;
}

/** A JSON object starts with a brace, and no line of an env file does. */
function recognise(bytes: Uint8Array): 'json' | 'dotenv' {
  const first = bytes.findIndex((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d);
  return bytes[first] === 0x7b ? 'json' : 'dotenv';
}

/** A SOPS file parses as an env file whose values are ciphertext: the command must not start with those. */
function refuseSops(entries: readonly Entry[], source: Source): void {
  if (!entries.some(({ name }) => name === 'sops_mac' || name === 'sops_version')) return;
  throw new EnvsealError('malformed', `${source.uri} is a SOPS file, which this version does not open`, {
    hint: 'store the plain env file under SSE-KMS',
  });
}
