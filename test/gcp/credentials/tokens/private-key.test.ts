/** RSA keys in PEM, in both of their forms, against what OpenSSL makes of the same key. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { signJwt } from '../../../../src/gcp/credentials/tokens/jwt.ts';
import { parsePrivateKey, wrapPkcs1 } from '../../../../src/gcp/credentials/tokens/private-key.ts';

const BITS = [1024, 1536, 2048, 3072];
const keys = BITS.map((modulusLength) => generateKeyPairSync('rsa', { modulusLength }).privateKey);
const key = keys[0] as KeyObject;

const pem = (one: KeyObject, type: 'pkcs1' | 'pkcs8') => String(one.export({ type, format: 'pem' }));
const der = (one: KeyObject) => new Uint8Array(one.export({ type: 'pkcs8', format: 'der' }));

describe('a private key is PKCS#8', () => {
  test.each(keys.map((one, index) => [BITS[index], one] as const))('of %i bits, from each form', (_, one) => {
    expect(parsePrivateKey(pem(one, 'pkcs8'))).toEqual(der(one));
    expect(parsePrivateKey(pem(one, 'pkcs1'))).toEqual(der(one));
    expect(wrapPkcs1(one.export({ type: 'pkcs1', format: 'der' }))).toEqual(der(one));
  });

  test.each<[string, (text: string) => string]>([
    ['CRLF', (text) => text.replaceAll('\n', '\r\n')],
    ['no line break at the end', (text) => text.trimEnd()],
    ['text around it', (text) => `Bag Attributes\n    friendlyName: x\n${text}\nmore`],
    ['spaces before its lines', (text) => text.replaceAll('\n', '\n  ')],
    ['another one after it', (text) => text + pem(keys[1] as KeyObject, 'pkcs8')],
  ])('with %s', (_, change) => {
    for (const type of ['pkcs1', 'pkcs8'] as const)
      expect(parsePrivateKey(change(pem(key, type)))).toEqual(der(key));
  });
});

describe('no private key is', () => {
  const encrypted = { format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' } as const;
  const text = pem(key, 'pkcs8');
  test.each<[string, string]>([
    ['nothing', ''],
    ['no PEM', 'xQ7Zj0Kw9Vb3Gy'],
    ['its first half', text.slice(0, text.length / 2)],
    ['without base64', '-----BEGIN PRIVATE KEY-----\n\n-----END PRIVATE KEY-----'],
    ['with line breaks as JSON in JSON has them', text.replaceAll('\n', '\\n')],
    ['with the end of the other form', text.replace('END ', 'END RSA ')],
    ['encrypted PKCS#8', String(key.export({ type: 'pkcs8', ...encrypted }))],
    ['encrypted PKCS#1', String(key.export({ type: 'pkcs1', ...encrypted }))],
    ['a public key', text.replaceAll('PRIVATE', 'PUBLIC')],
  ])('%s', async (_, value) => {
    expect(parsePrivateKey(value)).toBeUndefined();
    expect(await signJwt({ alg: 'RS256' }, {}, value)).toBeUndefined();
  });

  test.each<[string, string]>([
    ['a key of a curve', pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, 'pkcs8')],
    ['Ed25519', pem(generateKeyPairSync('ed25519').privateKey, 'pkcs8')],
    ['PKCS#8 that says that it is PKCS#1', text.replaceAll('PRIVATE', 'RSA PRIVATE')],
    ['PKCS#1 that says that it is PKCS#8', pem(key, 'pkcs1').replaceAll('RSA ', '')],
    ['a digit less', text.replace(/[A-Za-z0-9+/](=*\n-----END)/, '$1')],
    ['no DER', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----'],
  ])('%s, which no assertion is signed with', async (_, value) => {
    expect(await signJwt({ alg: 'RS256' }, {}, value)).toBeUndefined();
  });
});

describe('for every input', () => {
  test('a wrapped key has the lengths that DER wants, and the same bytes in it', () => {
    const sizes = fc.oneof(
      fc.constantFrom(0, 1, 103, 104, 109, 127, 128, 255, 256, 65_535, 65_536, 70_000),
      fc.nat(70_000),
    );
    fc.assert(
      fc.property(sizes, fc.nat(255), (size, byte) => {
        const inner = new Uint8Array(size).fill(byte);
        const sequence = readElement(wrapPkcs1(inner), 0x30);
        expect(sequence.rest).toHaveLength(0);
        const version = readElement(sequence.content, 0x02);
        const algorithm = readElement(version.rest, 0x30);
        const octets = readElement(algorithm.rest, 0x04);
        expect([octets.rest.length, Buffer.compare(octets.content, inner)]).toEqual([0, 0]);
      }),
    );
  });

  test('text that is not a key is refused without an exception', () => {
    const part = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '-----BEGIN PRIVATE KEY-----',
        '-----END PRIVATE KEY-----',
        '-----BEGIN RSA PRIVATE KEY-----',
      ),
      fc.constantFrom('-----END RSA PRIVATE KEY-----', '\n', '=', '==', '-----'),
      fc.base64String(),
    );
    return fc.assert(
      fc.asyncProperty(fc.array(part), async (parts) => {
        const value = parts.join('');
        parsePrivateKey(value);
        expect(await signJwt({}, {}, value)).toBeUndefined();
      }),
    );
  });

  test('a key of which one byte is another signs or does not, without an exception', async () => {
    const bytes = der(key);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, bits) => {
        const changed = bytes.map((byte, index) => (index === at ? byte ^ bits : byte));
        const digits = Buffer.from(changed).toString('base64');
        const text = `-----BEGIN PRIVATE KEY-----\n${digits}\n-----END PRIVATE KEY-----`;
        expect((await signJwt({}, {}, text)) ?? 'e30.e30.x').toMatch(/^e30\.e30\.[\w-]+$/);
      }),
      { numRuns: 300 },
    );
  });

  test('the signature is that of OpenSSL', async () => {
    const claims = fc.dictionary(fc.string(), fc.oneof(fc.string({ unit: 'binary' }), fc.integer()));
    await fc.assert(
      fc.asyncProperty(claims, fc.constantFrom(...keys), async (object, one) => {
        const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
        const signed = `${encode({ alg: 'RS256' })}.${encode(object)}`;
        const signature = sign('sha256', Buffer.from(signed), one).toString('base64url');
        expect(await signJwt({ alg: 'RS256' }, object, pem(one, 'pkcs1'))).toBe(`${signed}.${signature}`);
      }),
      { numRuns: 50 },
    );
  });
});

/** By a reader of its own: the shortest form of the length, and no other. */
function readElement(bytes: Uint8Array, tag: number): { content: Uint8Array; rest: Uint8Array } {
  const [first, short = 0] = bytes;
  expect(first).toBe(tag);
  const digits = short < 0x80 ? 0 : short - 0x80;
  const length = digits === 0 ? short : Buffer.from(bytes).readUIntBE(2, digits);
  if (short >= 0x80) expect(digits).toBeGreaterThan(0);
  if (digits > 0) expect(length).toBeGreaterThanOrEqual(digits === 1 ? 0x80 : 256 ** (digits - 1));
  const start = 2 + digits;
  return { content: bytes.subarray(start, start + length), rest: bytes.subarray(start + length) };
}
