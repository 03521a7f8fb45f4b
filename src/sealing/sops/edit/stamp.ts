/** `lastmodified` and `mac`, which every change of a file makes anew. */
import { sealText } from '../ciphertext.ts';
import { computeMac } from '../mac.ts';
import type { Metadata } from '../metadata.ts';
import type { Layout } from './layout.ts';
import { writeTime } from './seal.ts';
import type { Edit, Span } from './text-edit.ts';

/** `hashed`: the values that the MAC covers, in file order. */
export async function stamp(
  { scalars, write }: Layout,
  hashed: readonly string[],
  { macOnlyEncrypted }: Metadata,
  { key, now }: { readonly key: CryptoKey; readonly now: Date },
): Promise<Edit[]> {
  const time = writeTime(now);
  const mac = await computeMac(hashed, macOnlyEncrypted);
  const sealed = await sealText(key, mac, new TextEncoder().encode(time));
  return [write(scalars.get('lastmodified') as Span, time), write(scalars.get('mac') as Span, sealed)];
}
