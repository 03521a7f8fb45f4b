/** Base64 to bytes. */

const STRICT = { lastChunkHandling: 'strict' } as const;

/** https://tc39.es/proposal-arraybuffer-base64/, which Node has from 25 on. */
interface Native {
  fromBase64(text: string, options?: typeof STRICT): Uint8Array<ArrayBuffer>;
}
const NATIVE = 'fromBase64' in Uint8Array ? (Uint8Array as unknown as Native) : undefined;

/** Decoding; `undefined` for invalid base64. Padding may be missing. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  const digits = text.replace(/={1,2}$/, '');
  if (!/^[A-Za-z0-9+/]*$/.test(digits) || digits.length % 4 === 1) return undefined;
  return NATIVE?.fromBase64(digits) ?? new Uint8Array(Buffer.from(digits, 'base64'));
}

/** Decoding of canonical text only: other texts for the same bytes are invalid. */
export function fromCanonicalBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    const bytes = decodeStrictly(text);
    return text.length === Math.ceil(bytes.length / 3) * 4 ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The same for a text without white space, of which a file has hundreds. Throws for what is none: padding that is missing,
 * and bits that say nothing.
 */
const decodeStrictly: (text: string) => Uint8Array<ArrayBuffer> =
  NATIVE === undefined ? decodeByBuffer : (text) => NATIVE.fromBase64(text, STRICT);

function decodeByBuffer(text: string): Uint8Array<ArrayBuffer> {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw new SyntaxError('not what an encoder writes');
  return new Uint8Array(bytes);
}
