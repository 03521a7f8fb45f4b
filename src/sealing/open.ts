/** From the bytes of a source to its variables: recognised from the bytes, or pinned with `format=`. Pure. */
import { lastWins, parseVariables } from '../envfile/parse.ts';
import { parseJson } from '../envfile/parse-json.ts';
import { EnvsealError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import type { Source } from '../store/source.ts';

/** Throws `malformed` with line and column, never with text of the source. */
export function openVariables(bytes: Uint8Array, source: Source): Map<string, Secret> {
  const { uri, dialect, format } = source;
  const variables =
    (format ?? recognise(bytes)) === 'json'
      ? lastWins(parseJson(bytes, { source: uri }))
      : parseVariables(bytes, { source: uri, dialect });
  refuseSops(variables, source);
  return variables;
}

/** A JSON object starts with a brace, and no line of an env file does. */
function recognise(bytes: Uint8Array): 'json' | 'dotenv' {
  const first = bytes.findIndex((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d);
  return bytes[first] === 0x7b ? 'json' : 'dotenv';
}

/** A SOPS file parses as an env file whose values are ciphertext: the command must not start with those. */
function refuseSops(variables: ReadonlyMap<string, Secret>, source: Source): void {
  if (!variables.has('sops_mac') && !variables.has('sops_version')) return;
  throw new EnvsealError('malformed', `${source.uri} is a SOPS file, which this version does not open`, {
    hint: 'store the plain env file under SSE-KMS',
  });
}
