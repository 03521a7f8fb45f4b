import { asFormat, detect, type PinnedFormat } from '../../src/sealing/detect.ts';
import { decode, plainFile, plainText } from '../../src/sealing/plain.ts';
import { attempt, checkSame, reached, SOURCE, withCanary } from './promises.ts';

const FORMATS: readonly PinnedFormat[] = ['dotenv', 'json', 'sops', 'kms', 'berglas'];
const options = { source: SOURCE };

/** What any bytes are: refused silently, and the short way for env files finds what the long one does. */
export function checkDetect(bytes: Uint8Array): void {
  const found = attempt(() => detect(bytes, options));
  reached(JSON.stringify({ ...found, text: '', ciphertext: '', wrapped: '' }).slice(0, 100));
  const plain = plainText(bytes);
  if (plain !== undefined) checkSame('the short way', { kind: 'dotenv', text: plain }, found);
  if (plainFile(bytes) !== undefined) checkSame('the shortest way', 'dotenv', found?.kind);
  for (const format of FORMATS) checkPinned(bytes, format, found?.kind);
  for (const file of withCanary(bytes)) {
    attempt(() => detect(file, options));
    for (const format of FORMATS) attempt(() => asFormat(file, format, options));
  }
}

/** A pin never opens something sealed as if it were not. */
function checkPinned(bytes: Uint8Array, format: PinnedFormat, kind: PinnedFormat | undefined): void {
  const pinned = attempt(() => asFormat(bytes, format, options));
  if (pinned === undefined) return;
  checkSame('the kind of a pin', pinned.kind, format);
  const isOpen = format === 'dotenv' || format === 'json';
  if (isOpen && kind !== undefined) checkSame('is sealed', kind !== 'dotenv' && kind !== 'json', false);
  if ('text' in pinned) checkSame('the text', pinned.text, decode(bytes));
}
