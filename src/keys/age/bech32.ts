/** Bech32, which age writes its keys in. https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki */

const ALPHABET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
const CHECKSUM_LENGTH = 6;

/**
 * The bytes, or `undefined` where the text has another prefix, a wrong checksum or letters of the other case. As in
 * age, and unlike in the standard, a text may be of any length.
 */
export function decodeBech32(prefix: string, text: string): Uint8Array<ArrayBuffer> | undefined {
  const isUpper = prefix !== prefix.toLowerCase();
  if (!text.startsWith(`${prefix}1`) || text !== (isUpper ? text.toUpperCase() : text.toLowerCase())) {
    return undefined;
  }
  const data = text.slice(prefix.length + 1).toLowerCase();
  const words: number[] = [];
  // At a cold start Array.from takes longer than all the rest.
  for (let i = 0; i < data.length; i++) words.push(ALPHABET.indexOf(data[i] as string));
  const isValid = words.length >= CHECKSUM_LENGTH && !words.includes(-1);
  if (!isValid || checksum(prefix.toLowerCase(), words) !== 1) return undefined;
  return toBytes(words.slice(0, -CHECKSUM_LENGTH));
}

/** Covers `prefix`, spread out as the standard says, and the words; 1 when they are as they were written. */
function checksum(prefix: string, words: readonly number[]): number {
  let sum = 1;
  for (let i = 0; i < prefix.length; i++) sum = step(sum, prefix.charCodeAt(i) >> 5);
  sum = step(sum, 0);
  for (let i = 0; i < prefix.length; i++) sum = step(sum, prefix.charCodeAt(i) & 31);
  for (let i = 0; i < words.length; i++) sum = step(sum, words[i] as number);
  return sum;
}

function step(sum: number, word: number): number {
  const top = sum >>> 25;
  let next = ((sum & 0x1ffffff) << 5) ^ word;
  for (let bit = 0; bit < GENERATOR.length; bit++) if ((top >> bit) & 1) next ^= GENERATOR[bit] as number;
  return next;
}

/** From words of 5 bits; `undefined` where what is left over is a whole word, or not zero. */
function toBytes(words: readonly number[]): Uint8Array<ArrayBuffer> | undefined {
  const bytes: number[] = [];
  let [rest, bits] = [0, 0];
  for (const word of words) {
    rest = ((rest << 5) | word) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((rest >> bits) & 0xff);
  }
  const isPadded = bits < 5 && (rest & ((1 << bits) - 1)) === 0;
  return isPadded ? new Uint8Array(bytes) : undefined;
}
