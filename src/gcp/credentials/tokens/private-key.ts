/**
 * RSA private keys in PEM as the web platform imports them: PKCS#8 in DER. Google writes PKCS#8; what came through
 * `openssl rsa` is PKCS#1, which PKCS#8 holds unchanged.
 * https://www.rfc-editor.org/rfc/rfc7468, https://www.rfc-editor.org/rfc/rfc5208#section-5
 */
import { fromBase64 } from '../../../system/base64.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** Encrypted keys have other labels or headers, so they do not match. */
const PEM = /-----BEGIN (RSA )?PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END \1PRIVATE KEY-----/;

const SEQUENCE = 0x30;
const OCTET_STRING = 0x04;
/** INTEGER 0, and a SEQUENCE of rsaEncryption (1.2.840.113549.1.1.1) and NULL. */
const VERSION_AND_ALGORITHM = [
  0x02, 0x01, 0x00, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
];

/** `undefined` where the text has no such key; the DER inside is for the importer to check. */
export function parsePrivateKey(pem: string): Bytes | undefined {
  const [, isPkcs1, digits = ''] = PEM.exec(pem) ?? [];
  const der = fromBase64(digits.replace(/\s+/g, ''));
  if (der === undefined || der.length === 0) return undefined;
  return isPkcs1 ? wrapPkcs1(der) : der;
}

/** @param key RSAPrivateKey in DER */
export function wrapPkcs1(key: Uint8Array): Bytes {
  return element(SEQUENCE, [...VERSION_AND_ALGORITHM, ...element(OCTET_STRING, key)]);
}

/** One element of DER: tag, length, content. */
function element(tag: number, content: ArrayLike<number>): Bytes {
  const header = [tag, ...lengthOf(content.length)];
  const bytes = new Uint8Array(header.length + content.length);
  bytes.set(header);
  bytes.set(content, header.length);
  return bytes;
}

/** One byte below 128; else the number of bytes, and the length in them. */
function lengthOf(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 0x100)) bytes.unshift(rest % 0x100);
  return [0x80 + bytes.length, ...bytes];
}
