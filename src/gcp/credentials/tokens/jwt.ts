/** JSON Web Tokens signed with RS256. https://www.rfc-editor.org/rfc/rfc7515#appendix-A.2 */
import { toBase64 } from '../../../system/bytes.ts';
import { parsePrivateKey } from './private-key.ts';

const ALGORITHM = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as const;

const encoder = new TextEncoder();

/** `undefined` where the PEM holds no RSA key that can sign. Members keep their order. */
export async function signJwt(header: object, claims: object, pem: string): Promise<string | undefined> {
  const signed = `${encode(header)}.${encode(claims)}`;
  const der = parsePrivateKey(pem);
  if (der === undefined) return undefined;
  try {
    const key = await crypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']);
    const signature = await crypto.subtle.sign(ALGORITHM, key, encoder.encode(signed));
    return `${signed}.${base64Url(new Uint8Array(signature))}`;
  } catch {
    // The platform's error says nothing more, and it is not ours to show.
    return undefined;
  }
}

function encode(part: object): string {
  return base64Url(encoder.encode(JSON.stringify(part)));
}

/** https://www.rfc-editor.org/rfc/rfc4648#section-5, without padding. */
function base64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}
