/** The recipients of a SOPS file, without opening it. */

import type { SopsKind } from '../model.ts';
import { readSops } from '../open.ts';

/** Recipients and names of keys, each once. Throws `malformed`. */
export async function readRecipients(
  bytes: Uint8Array,
  kind: SopsKind,
  source: string,
): Promise<readonly string[]> {
  const { metadata } = await readSops(bytes, kind, source);
  return [...new Set(metadata.groups.flat().map(({ key }) => key))];
}
