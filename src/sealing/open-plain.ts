/** From an env file's bytes to its variables. Pure. */
import { lastWins, parseVariables } from '../envfile/parse.ts';
import { parseJson } from '../envfile/parse-json.ts';
import type { SecretMap } from '../secret-map.ts';
import type { Source } from '../source-uri.ts';

/** `text`: what `bytes` were decoded to already. Throws `malformed` with line and column, never with text of the source. */
export function openPlain(
  bytes: Uint8Array,
  kind: 'dotenv' | 'json',
  { uri, dialect }: Source,
  text?: string,
): SecretMap {
  return kind === 'json'
    ? lastWins(parseJson(bytes, { source: uri }))
    : parseVariables(bytes, { source: uri, dialect, text });
}
