/** The program that the host runs for the tests: JSON of operations comes in by standard input, and of results goes out. */
import { natives } from '../../src/platform/callbacks.ts';
import { type Json, OPERATIONS, perform } from './operations.ts';

const MAX_INPUT_BYTES = 256 * 1024 * 1024;

/** Natives that have a double in TypeScript. */
Object.assign(OPERATIONS, {
  plainLines: (text: string) => [...natives.plainLines(text)],
  isText: (text: string) => natives.isText(text),
  includes: (text: string, part: string) => natives.includesAny(text, [part]),
  indexOf: (text: string, part: string) => natives.indexOf(text, part),
  crc32: (hex: string) => natives.crc32(Buffer.from(hex, 'hex')),
  crc32c: (hex: string) => natives.crc32c(Buffer.from(hex, 'hex')),
  crc64nvme: (hex: string) => [...natives.crc64nvme(Buffer.from(hex, 'hex'))],
});

const operations = JSON.parse(ascii(natives.readInput(MAX_INPUT_BYTES))) as [string, ...Json[]][];
const results: Json[] = [];
for (const operation of operations) results.push(await perform(operation));
natives.write(1, bytes(JSON.stringify(results)));
natives.exit(0);

/** Neither leans on what is tested. */
function ascii(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4096)
    text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return text;
}

function bytes(text: string): Uint8Array {
  const escaped = text.replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return Uint8Array.from(escaped, (character) => character.charCodeAt(0));
}
