/** The web platform on the host comes to what Node's own comes to. */
import { generateKeyPairSync } from 'node:crypto';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { plainLines } from '../../src/envfile/plain-lines.ts';
import { crc32c, crc64nvme } from '../../src/system/crc.ts';
import { isText } from '../../src/system/text-search.ts';
import { skipFor } from '../skip.ts';
import { abortCalls, call, eventCalls, headerCalls } from './calls.ts';
import { type HostProgram, makeHostProgram, noHost } from './host-program.ts';
import { type Json, perform } from './operations.ts';
import { anyText, type Call, expectSame, expectSameOf, hex, sample } from './same-as-node.ts';

let host: HostProgram;
describe('on the host', skipFor(noHost), () => {
  beforeAll(async () => {
    host = await makeHostProgram();
  });
  afterAll(() => host?.remove());

  describe('text', () => {
    const badUtf8 = fc
      .array(
        fc.constantFrom(
          '61',
          '00',
          '7f',
          '80',
          'bf',
          'c0',
          'c2',
          'df',
          'e0',
          'a0',
          'ed',
          '9f',
          'ef',
          'bb',
          'f0',
          '90',
          'f4',
          '8f',
          'f5',
          'ff',
          'efbbbf',
          'f09d92b3',
        ),
      )
      .map((all) => all.join(''));
    const options = fc.record({ fatal: fc.boolean(), ignoreBOM: fc.boolean() });
    /** In characters that are not ASCII, Node takes the lower byte for a digit, and ours throws. */
    const isDefined = ([, text, encoding]: Call) => encoding !== 'hex' || !/[^\0-\x7f]/.test(text as string);
    const encoding = fc.constantFrom('utf8', 'UTF-8', 'latin1', 'binary', 'base64', 'base64url', 'hex');
    const digits = fc.string({ unit: fc.constantFrom(...'ABZaz019+/-_= \n%é=') });

    test('is encoded as Node does', () => expectSameOf(host, call('encode', anyText), 2000));
    test('is decoded as Node does, BOM and broken bytes included', () =>
      expectSameOf(host, call('decode', fc.oneof(badUtf8, hex()), options), 4000));
    test('has no encoding but UTF-8, under all of its labels', () =>
      expectSame(
        host,
        ['utf8', ' UTF-8\n', 'unicode-1-1-utf-8', 'nonsense', ''].map((label) => ['decoderFor', label]),
      ));
    test('becomes a Buffer as in Node', () =>
      expectSameOf(
        host,
        call('bufferFrom', fc.oneof(anyText, digits, hex()), encoding).filter(isDefined),
        4000,
      ));
    test('comes from a Buffer as in Node', () =>
      expectSameOf(host, call('bufferToString', hex(), encoding), 2000));
    test('of an unknown encoding is an error', () =>
      expectSame(host, [
        ['bufferFrom', 'a', 'klingon'],
        ['bufferToString', '61', 'klingon'],
      ]));
    test('buffers are joined, compared and cut as in Node', () =>
      expectSameOf(host, call('buffers', hex(), hex()), 1000));
  });

  describe('URLs', () => {
    const piece = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.constantFrom(
          'a',
          'B',
          '0',
          '.',
          '..',
          '/',
          '//',
          ':',
          '@',
          '?',
          '#',
          '&',
          '=',
          '%',
          '%41',
          '%zz',
          '%2e',
          '\\',
          ' ',
          '\t',
          '\n',
          '|',
          "'",
          '"',
          '<',
          '`',
          '{',
          '~',
          '^',
          '[',
          ']',
          ';',
          '+',
          '-',
          '_',
          '$',
          '!',
          '*',
        ),
      },
      { weight: 1, arbitrary: fc.constantFrom('é', '€', '𝒳', '\uD800', '\0', '\x7f', '\u00a0', '\ufeff') },
    );
    const text = fc.array(piece, { maxLength: 8 }).map((all) => all.join(''));
    const hostName = fc.oneof(
      fc.constantFrom(
        'example.com',
        'EXAMPLE.com.',
        'a..b',
        '127.0.0.1',
        '0x7f.1',
        '1.2.3.256',
        '256',
        '[::1]',
        '[1:2::3]',
        '[::127.0.0.1]',
        '[1',
        'xn--nxasmq6b',
        'a_b',
        'a%41b',
        'a%00b',
        'localhost',
        '169.254.169.254',
        'bucket.s3.eu-central-1.amazonaws.com',
        '',
      ),
      text,
    );
    const scheme = fc.constantFrom(
      'http:',
      'https:',
      'HTTPS:',
      's3:',
      'gs:',
      'file:',
      'splunk+https:',
      'syslog+tcp:',
      'stderr:',
      'blob:https:',
      'data:',
      '',
    );
    const port = fc.constantFrom('', ':80', ':443', ':0', ':65535', ':65536', ':008', ':a', ':');
    const user = fc.constantFrom('', '', 'u@', 'u:p@', ':@', ':p@', 'u:@', 'a@b@', 'ü:%@');
    const url = fc
      .tuple(
        scheme,
        fc.constantFrom('//', '/', '', '\\\\', '///'),
        user,
        hostName,
        port,
        fc.constantFrom('', '/'),
        text,
      )
      .map((all) => all.join(''));

    const isFile = (text: string) => /^\s*file:/i.test(text);
    const isAscii = (text: string) => !/[^\0-\x7f]/.test(text);
    const isPunycode = (text: string) => /xn--/i.test(text) && !/^[^?#]*xn--nxasmq6b(?:[/?#:]|$)/i.test(text);
    /** Known to differ: `file:` with double slashes and drive letters, names that are not ASCII, and broken Punycode. */
    const known = (texts: string[]) =>
      texts.every((text) => !isFile(text) && isAscii(text) && !isPunycode(text));
    /** The crate has other empty paths than the standard. */
    const isKnownChange = ([, text, part]: Call) => part !== 'pathname' || /^https?:/i.test(text as string);

    test('are read as Node reads them', () =>
      expectSameOf(
        host,
        call(
          'url',
          url.filter((text) => known([text])),
        ),
        6000,
      ));
    test('are resolved as Node resolves them', () =>
      expectSameOf(
        host,
        call(
          'url',
          text.filter((text) => known([text])),
          fc.oneof(
            url.filter((text) => known([text])),
            fc.constant('https://h/a/b?c#d'),
          ),
        ),
        6000,
      ));
    test('are tried as Node tries them', () =>
      expectSameOf(
        host,
        call(
          'canParse',
          url.filter((text) => known([text])),
        ),
        2000,
      ));
    test('are changed as Node changes them', () =>
      expectSameOf(
        host,
        call(
          'changeUrl',
          fc.oneof(
            url.filter((text) => known([text])),
            fc.constantFrom('https://u:p@h:8080/a/b?c=d#e', 's3://bucket/key?x=y', 'http://h'),
          ),
          fc.constantFrom(
            'protocol',
            'username',
            'password',
            'host',
            'hostname',
            'port',
            'pathname',
            'search',
            'hash',
            'href',
          ),
          fc
            .oneof(text, hostName, url, fc.constantFrom('https', 'http:', '8080', '443', '?a=b c', '#x'))
            .filter((text) => known([text])),
        ).filter(isKnownChange),
        6000,
      ));
    const change = fc.oneof(
      fc.tuple(fc.constantFrom('append', 'set'), anyText, anyText),
      fc.tuple(
        fc.constantFrom('append', 'set', 'has', 'delete'),
        fc.constantFrom('a', 'b', 'x'),
        fc.constantFrom('1', '2', ' '),
      ),
      fc.tuple(fc.constantFrom('get', 'getAll', 'has', 'delete'), fc.constantFrom('a', 'b', 'x', 'é')),
      fc.constant(['sort']),
    );
    const search = fc
      .array(fc.oneof(piece, fc.constantFrom('a=', '&b=', '&a=1', '+', '%C3%A9', '%ff')))
      .map((all) => all.join(''));
    // Node does not decode what is broken beside what is not ASCII.
    const decodable = search.filter((text) => isAscii(text) || !/%(?![0-9A-Fa-f]{2})|%ff/.test(text));
    test('have parameters as in Node', () =>
      expectSameOf(host, call('params', decodable, fc.array(change)), 3000));
  });

  describe('headers', () => {
    test('are kept as Node keeps them', () => expectSameOf(host, headerCalls, 3000));
    test('are made of lists and objects', () =>
      expectSame(host, [
        ['headersOf', { B: '2', a: '1' }],
        [
          'headersOf',
          [
            ['b', '2'],
            ['a', '1'],
            ['B', '3'],
          ],
        ],
        ['headersOf', [['a']]],
        ['headersOf', [['a', 'b', 'c']]],
      ]));
  });

  describe('events', () => {
    test('of an abort reach all signals in the same order', () => expectSameOf(host, abortCalls, 1500));
    test('reach listeners in the same order', () => expectSameOf(host, eventCalls, 1500));
    test('time out with the same error', () => expectSame(host, [['timeout']]));
    test('of timers come in the same order', () =>
      expectSameOf(host, call('timers', fc.integer({ min: 1, max: 9 }), fc.array(fc.nat({ max: 9 }))), 50));
    test('of immediates come in the same order', () => expectSame(host, [['immediates']]));
    test('are DOMExceptions as in Node', () =>
      expectSame(
        host,
        ['AbortError', 'TimeoutError', 'OperationError', 'DataError', 'NotSupportedError', 'Mine'].map(
          (name) => ['exception', name, 'words'],
        ),
      ));
  });

  describe('cryptography', () => {
    const hash = fc.constantFrom('SHA-1', 'SHA-256', 'SHA-384', 'SHA-512', 'sha-256', 'MD5');
    const key = (format: string, bytes: string, algorithm: Json, usages: string[]) => ({
      format,
      hex: bytes,
      algorithm,
      usages,
    });
    const keyOf = (format: string, bytes: fc.Arbitrary<string>, algorithm: Json, usages: string[]) =>
      bytes.map((bytes) => key(format, bytes, algorithm, usages));
    const exactly = (length: number) => hex({ minLength: length, maxLength: length });
    const size = fc.constantFrom(16, 24, 32).chain(exactly);

    test('hashes as Node does', () => expectSameOf(host, call('digest', hash, hex({ maxLength: 300 })), 800));

    const gcm = fc.record({
      name: fc.constantFrom('AES-GCM', 'aes-gcm'),
      iv: hex({ minLength: 1, maxLength: 40 }).map((hex) => ({ hex })),
      additionalData: hex().map((hex) => ({ hex })),
    });
    test('seals with AES-GCM, with keys and IVs of every length', () =>
      expectSameOf(
        host,
        call('seal', keyOf('raw', size, 'AES-GCM', ['encrypt']), gcm, hex({ maxLength: 100 })),
        1500,
      ));

    const chacha = fc.record({
      name: fc.constant('ChaCha20-Poly1305'),
      iv: fc
        .oneof({ weight: 5, arbitrary: exactly(12) }, { weight: 1, arbitrary: hex() })
        .map((hex) => ({ hex })),
      additionalData: hex().map((hex) => ({ hex })),
    });
    test('seals with ChaCha20-Poly1305', () =>
      expectSameOf(
        host,
        call(
          'seal',
          keyOf('raw-secret', exactly(32), 'ChaCha20-Poly1305', ['encrypt']),
          chacha,
          hex({ maxLength: 100 }),
        ),
        800,
      ));

    test.for([
      ['AES-GCM', 'raw', 32],
      ['AES-GCM', 'raw', 12],
      ['ChaCha20-Poly1305', 'raw-secret', 12],
    ] as const)(
      'opens what Node sealed with %s, and nothing that was changed',
      async ([name, format, ivBytes]) => {
        const calls: Call[] = [];
        const cases = sample(
          fc.record({
            secret: exactly(32),
            iv: exactly(ivBytes),
            additional: hex(),
            data: hex(),
            at: fc.nat(),
            part: fc.constantFrom('none', 'data', 'iv', 'additional', 'cut'),
          }),
          300,
        );
        for (const { secret, iv, additional, data, at, part } of cases) {
          const algorithm = { name, iv: { hex: iv }, additionalData: { hex: additional } };
          const result = await perform(['seal', key(format, secret, name, ['encrypt']), algorithm, data]);
          const [sealed] = result as [string];
          expect(result).toBeInstanceOf(Array);
          const given =
            part === 'cut'
              ? sealed.slice(0, (at % sealed.length) & ~1)
              : part === 'data'
                ? flip(sealed, at)
                : sealed;
          const changed = {
            name,
            iv: { hex: part === 'iv' ? flip(iv, at) : iv },
            additionalData: { hex: part === 'additional' ? flip(additional, at) : additional },
          };
          calls.push(['open', key(format, secret, name, ['decrypt']), changed, given]);
        }
        await expectSame(host, calls);
      },
    );

    const hmac = fc.record({
      name: fc.constant('HMAC'),
      hash: fc.constantFrom('SHA-1', 'SHA-256', 'SHA-384', 'SHA-512'),
    });
    test('signs with HMAC', () =>
      expectSameOf(
        host,
        fc
          .tuple(hmac, hex({ maxLength: 200 }), hex())
          .map(
            ([algorithm, bytes, data]) =>
              ['sign', key('raw', bytes, algorithm, ['sign']), 'HMAC', data] as Call,
          ),
        800,
      ));
    test('verifies with HMAC', async () => {
      const spec = key('raw', 'aa', { name: 'HMAC', hash: 'SHA-256' }, ['sign', 'verify']);
      const [mac] = (await perform(['sign', spec, 'HMAC', '00'])) as [string];
      await expectSame(
        host,
        [mac, flip(mac, 0), flip(mac, 31), mac.slice(2), `${mac}00`, ''].map((mac) => [
          'verify',
          spec,
          'HMAC',
          mac,
          '00',
        ]),
      );
    });

    test('derives with HKDF', () =>
      expectSameOf(
        host,
        call(
          'derive',
          keyOf('raw', hex(), 'HKDF', ['deriveBits']),
          fc.record({
            name: fc.constant('HKDF'),
            hash: fc.constantFrom('SHA-1', 'SHA-256', 'SHA-512'),
            salt: hex().map((hex) => ({ hex })),
            info: hex().map((hex) => ({ hex })),
          }),
          fc.constantFrom(0, 8, 256, 264, 2048, 255 * 160, 255 * 256 + 8, 255 * 512, 255 * 512 + 8, 7, null),
        ),
        800,
      ));

    const PREFIX = '302e020100300506032b656e04220420';
    const small = fc.constantFrom(
      '00'.repeat(32),
      `01${'00'.repeat(31)}`,
      'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
      'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    );
    const secretKey = keyOf(
      'pkcs8',
      fc
        .oneof({ weight: 8, arbitrary: exactly(32) }, { weight: 1, arbitrary: hex() })
        .map((hex) => PREFIX + hex),
      { name: 'X25519' },
      ['deriveBits'],
    );
    const pointKey = keyOf(
      'raw',
      fc.oneof(
        { weight: 8, arbitrary: exactly(32) },
        { weight: 2, arbitrary: small },
        { weight: 1, arbitrary: hex() },
      ),
      { name: 'X25519' },
      [],
    );
    test('agrees by X25519, and not on zeros', () =>
      expectSameOf(host, call('agree', secretKey, pointKey, fc.constantFrom(256, null, 128, 264)), 800));
    test('makes keys of X25519', () => expectSame(host, [['generate']]));

    test('signs with RSA as PKCS #8', async () => {
      const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
      const calls = [2048, 3072].flatMap((modulusLength) => {
        const { privateKey } = generateKeyPairSync('rsa', { modulusLength });
        const bytes = privateKey.export({ type: 'pkcs8', format: 'der' }).toString('hex');
        return ['', '00', '6162'].map(
          (data): Call => ['sign', key('pkcs8', bytes, algorithm, ['sign']), algorithm.name, data],
        );
      });
      await expectSame(host, [
        ...calls,
        ['sign', key('pkcs8', '3000', algorithm, ['sign']), algorithm.name, ''],
      ]);
    });

    test('refuses keys with the same errors', () =>
      expectSame(host, [
        ['importKey', key('raw', '00'.repeat(16), 'AES-GCM', ['encrypt', 'decrypt'])],
        ['importKey', key('raw', '00'.repeat(15), 'AES-GCM', ['encrypt'])],
        ['importKey', key('raw', '00'.repeat(16), 'AES-GCM', [])],
        ['importKey', key('raw', '00'.repeat(16), 'AES-GCM', ['sign'])],
        ['importKey', key('raw', '00'.repeat(16), 'AES-XXX', ['encrypt'])],
        ['importKey', key('raw-secret', '00'.repeat(31), 'ChaCha20-Poly1305', ['encrypt'])],
        ['importKey', key('raw', '00'.repeat(32), 'ChaCha20-Poly1305', ['encrypt'])],
        ['importKey', key('raw', '', { name: 'HMAC', hash: 'SHA-256' }, ['sign'])],
        ['importKey', key('raw', '00', { name: 'HMAC', hash: 'MD5' }, ['sign'])],
        ['importKey', key('raw', '00', { name: 'HMAC' }, ['sign'])],
        ['importKey', key('raw', '', 'HKDF', ['deriveBits'])],
        ['importKey', key('raw', '00', 'HKDF', ['sign'])],
        ['importKey', key('raw', '00'.repeat(32), 'X25519', ['deriveBits'])],
        ['importKey', key('raw', '00'.repeat(31), 'X25519', [])],
        ['importKey', key('pkcs8', PREFIX + '00'.repeat(32), 'X25519', [])],
        [
          'seal',
          key('raw', '00'.repeat(16), 'AES-GCM', ['decrypt']),
          { name: 'AES-GCM', iv: { hex: '00'.repeat(12) } },
          '',
        ],
        [
          'seal',
          key('raw', '00'.repeat(16), 'AES-GCM', ['encrypt']),
          { name: 'ChaCha20-Poly1305', iv: { hex: '00'.repeat(12) } },
          '',
        ],
      ]));

    test('has random numbers', () =>
      expectSame(host, [
        ['random'],
        ['randomInto', false, 65536],
        ['randomInto', false, 65537],
        ['randomInto', true, 4],
      ]));
  });

  describe('natives that have a double in TypeScript', () => {
    const line = fc
      .array(
        fc.constantFrom(
          'A',
          'b1',
          '_',
          '=',
          '=',
          ' ',
          '\t',
          "'",
          '"',
          '#',
          '\r',
          '.',
          '-',
          'é',
          '𝒳',
          'x',
          '1',
          '\0',
          '\ufffd',
          '\x1f',
          'export ',
        ),
        { maxLength: 6 },
      )
      .map((all) => all.join(''));
    const file = fc
      .array(fc.oneof(line, fc.constantFrom('A=1', 'B_2.c-d=x y', 'C=', '')), { maxLength: 8 })
      .map((lines) => lines.join('\n'));
    const bytesOf = (hex: string) => Buffer.from(hex, 'hex');
    test.for([
      ['plainLines', fc.oneof(file, anyText), 5000, (text: string) => [...plainLines(text)]],
      ['isText', fc.oneof(file, anyText), 5000, isText],
      ['crc32', hex({ maxLength: 2000 }), 500, (hex: string) => crc32(bytesOf(hex))],
      ['crc32c', hex({ maxLength: 2000 }), 500, (hex: string) => crc32c(bytesOf(hex))],
      ['crc64nvme', hex({ maxLength: 2000 }), 500, (hex: string) => [...crc64nvme(bytesOf(hex))]],
    ] as [string, fc.Arbitrary<string>, number, (text: string) => Json][])(
      '%s comes to the same',
      ([name, cases, count, inTypeScript]) => {
        const all = sample(cases, count);
        expect(host.perform(all.map((text) => [name, text]))).toEqual(
          all.map((text) => [inTypeScript(text)]),
        );
      },
    );
    test('includes is that of strings', () => {
      const whole = anyText.map((text) => text.toWellFormed());
      const all = sample(
        fc
          .tuple(whole, whole)
          .chain(([a, b]) => fc.tuple(fc.constantFrom(a, a + b, `${a}${b}a`), fc.constant(b))),
        1000,
      );
      expect(host.perform(all.map(([text, part]) => ['includes', text, part]))).toEqual(
        all.map(([text, part]) => [text.includes(part)]),
      );
      expect(host.perform(all.map(([text, part]) => ['indexOf', text, part]))).toEqual(
        all.map(([text, part]) => [text.indexOf(part)]),
      );
    });
  });
});

function flip(hex: string, at: number): string {
  const bytes = Buffer.from(hex, 'hex');
  if (bytes.length > 0) bytes[at % bytes.length] = (bytes[at % bytes.length] as number) ^ (1 << (at % 8));
  return bytes.toString('hex');
}
