/** The parts of SOPS that are worth a table of their own: types, rules, expressions, Shamir's shares, AES-GCM. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { importGcmKey, openGcm, sealGcm } from '../../../src/sealing/aes-gcm.ts';
import { computeMac, isSameMac } from '../../../src/sealing/sops/mac.ts';
import { compileRegex } from '../../../src/sealing/sops/re2.ts';
import { isCommentEncrypted, makeRule, type Rule, type RuleKind } from '../../../src/sealing/sops/rule.ts';
import { readTyped } from '../../../src/sealing/sops/scalars.ts';
import { combineShares, splitSecret } from '../../../src/sealing/sops/shamir.ts';

describe('a value has two texts: of its MAC, and of the environment', () => {
  // The floats are what Go's strconv.FormatFloat gives for 'f' and 'G'.
  test.each([
    ['str', ' 007 ', ' 007 ', ' 007 '],
    ['int', '0', '0', '0'],
    ['int', '-0', '0', '0'],
    ['int', '9223372036854775807', '9223372036854775807', '9223372036854775807'],
    ['int', '-9223372036854775808', '-9223372036854775808', '-9223372036854775808'],
    ['int', '9223372036854775808', '9223372036854776000', '9.223372036854776E+18'],
    ['float', '1', '1', '1.0'],
    ['float', '-0', '-0', '-0.0'],
    ['float', '0.0', '0', '0.0'],
    ['float', '1.50', '1.5', '1.5'],
    ['float', '100000', '100000', '100000.0'],
    ['float', '1000000', '1000000', '1E+06'],
    ['float', '1234567.5', '1234567.5', '1.2345675E+06'],
    ['float', '1e21', '1000000000000000000000', '1E+21'],
    ['float', '123456789012345678', '123456789012345680', '1.2345678901234568E+17'],
    ['float', '0.0001', '0.0001', '0.0001'],
    ['float', '-0.00001', '-0.00001', '-1E-05'],
    ['float', '+Inf', '+Inf', '+Inf'],
    ['bool', 'True', 'True', 'true'],
    ['bool', 'false', 'False', 'false'],
    ['time', '2024-02-29T12:34:56Z', '2024-02-29T12:34:56Z', '2024-02-29T12:34:56Z'],
    ['time', '2024-02-29T12:34:56.5+02:00', '2024-02-29T12:34:56.5+02:00', '2024-02-29T12:34:56+02:00'],
  ])('%s %j: %j, %j', (type, text, mac, value) => expect(readTyped(type, text)).toEqual({ mac, value }));

  test.each([
    ...[
      ['int', ''],
      ['int', '1.0'],
      ['int', '0x1'],
      ['int', ' 1'],
      ['int', '+1'],
    ],
    ...[
      ['float', ''],
      ['float', '1e999'],
      ['float', 'Inf'],
      ['float', '0x1p-2'],
      ['float', '.5'],
    ],
    ...[
      ['bool', ''],
      ['bool', 'yes'],
      ['bool', '1'],
      ['time', '2024-02-29'],
      ['comment', 'x'],
      ['bytes', 'x'],
    ],
  ] as [string, string][])('%s %j is none', (type, text) => expect(readTyped(type, text)).toBeUndefined());
});

describe('a rule says what is encrypted', () => {
  test.each<[RuleKind, string, string, string[], boolean]>([
    ['unencrypted_suffix', '_HOST', 'DB_HOST', [], false],
    ['unencrypted_suffix', '_HOST', 'DB_HOSTS', [], true],
    ['encrypted_suffix', '_KEY', 'API_KEY', [], true],
    ['encrypted_suffix', '_KEY', 'API_KEYS', [], false],
    ['unencrypted_regex', '^DB_', 'DB_HOST', [], false],
    ['unencrypted_regex', '^DB_', 'ADB_HOST', [], true],
    ['encrypted_regex', 'KEY', 'API_KEYS', [], true],
    ['encrypted_regex', 'KEY', 'API', ['KEY'], false],
    ['unencrypted_comment_regex', 'plain', 'A', [' is plain'], false],
    ['unencrypted_comment_regex', 'plain', 'plain', [' x'], true],
    ['encrypted_comment_regex', 'secret', 'A', ['x', 'a secret'], true],
    ['encrypted_comment_regex', 'secret', 'secret', [], false],
  ])('%s %j: %s %j %j', async (kind, pattern, name, comments, encrypted) => {
    expect((await makeRule(kind, pattern))?.({ name, comments })).toBe(encrypted);
  });

  test.each<[RuleKind, string, string[], string, boolean]>([
    ['unencrypted_suffix', 'x', [], 'x', true],
    ['unencrypted_regex', '', [], 'x', true],
    ['encrypted_suffix', 'x', [], 'x', false],
    ['encrypted_regex', '', [], 'x', false],
    ['unencrypted_comment_regex', 'plain', [], 'x', true],
    ['unencrypted_comment_regex', 'plain', [], 'plain', false],
    ['unencrypted_comment_regex', 'plain', ['plain'], 'x', false],
    ['encrypted_comment_regex', 'secret', [], 'x', false],
    ['encrypted_comment_regex', 'secret', [], 'secret', false],
    ['encrypted_comment_regex', 'secret', ['secret'], 'x', true],
    ['encrypted_comment_regex', 'secret', ['secret'], 'secret', true],
  ])('a comment by %s %j, after %j: %j %j', async (kind, pattern, before, comment, encrypted) => {
    const rule = (await makeRule(kind, pattern)) as Rule;
    expect(isCommentEncrypted(kind, rule, comment, before)).toBe(encrypted);
  });
});

describe('an expression', () => {
  test.each([
    ...[
      '',
      'a',
      'ab',
      '^a',
      'b$',
      '^$',
      'a|b',
      'a|',
      '^(a|b)+$',
      '^(?:ab)*c?$',
      'a.c',
      '[a-c]',
      '[^a-c]',
      '^[ab]{2}$',
    ],
    ...[
      '^a{2,}$',
      '^a{1,2}$',
      'a*?',
      'a+?b',
      '\\d',
      '\\w+\\D',
      '\\bA',
      'B\\b',
      '\\.',
      '\\-',
      '[\\d_]',
      '[a-]',
    ],
    ...[
      '(?i)abc',
      'a(?i:b)',
      '(a(b(c)))',
      '^(DB|API)_(PASSWORD|KEY)$',
      '.*_.*_',
      '_$',
      '^[A-Z_]+$',
      '[[:upper:]]',
      '\\S\\s',
    ],
  ])('%j matches what RegExp matches', (pattern) => {
    const matches = compileRegex(pattern);
    const own = pattern
      .replace('(?i)', '')
      .replace('[[:upper:]]', '[A-Z]')
      .replace('(?i:b)', '[bB]')
      .replace('\\-', '-');
    const expected = new RegExp(own, pattern.startsWith('(?i)') ? 'iu' : 'u');
    const word = fc.string({ unit: fc.constantFrom(...'abcABC_-. 1é🦊\n'), maxLength: 8 });
    expect(matches).toBeDefined();
    fc.assert(
      fc.property(word, (text) => {
        expect(matches?.(text)).toBe(expected.test(text));
      }),
      { numRuns: 300 },
    );
    for (const name of ['DB_PASSWORD', 'API_KEY', 'abc', 'ABC', 'A_B_C']) {
      expect(matches?.(name)).toBe(expected.test(name));
    }
  });

  test.each([
    ...[
      '(',
      ')',
      '[',
      '[a',
      '*',
      'a**',
      'a{',
      'a{,2}',
      'a{3,1}',
      'a{201}',
      '(?=a)',
      '(?!a)',
      '(?<n>a)',
      '(?P<n>a)',
      '\\1',
    ],
    ...[
      '\\pL',
      '\\Qa\\E',
      '(?s)a',
      '[z-a]',
      '[[:word',
      '[[:nope:]]',
      '((a*)*)*',
      '\\',
      'x'.repeat(1001),
      '('.repeat(21),
    ],
  ])('%j is unknown', (pattern) => expect(compileRegex(pattern)).toBeUndefined());

  // An expression stops after so many steps, without a match. What would be exponential finds none in 30 characters.
  test.each([
    ['(a*)*b', 'b'],
    ['(a|a)*b', 'b'],
    ['(a|aa)+$', ''],
    ['(.*)*x', 'x'],
    ['.*.*.*.*.*.*x', 'x'],
  ])('%j takes so few steps that the end of a long text is reached', (pattern, end) => {
    expect(compileRegex(pattern)?.(`${'a'.repeat(999)}${end}`)).toBe(true);
    expect(compileRegex(pattern)?.(`${'a'.repeat(999)}\n`)).toBe(false);
  });
});

describe("Shamir's shares", () => {
  test('any as many as the threshold give the secret back, in any order, and fewer do not', () => {
    const secret = fc.uint8Array({ minLength: 16, maxLength: 40 });
    const sizes = fc.integer({ min: 2, max: 8 }).chain((count) => {
      return fc.tuple(
        fc.constant(count),
        fc.integer({ min: 2, max: count }),
        fc.shuffledSubarray([...Array(count).keys()], { minLength: count }),
      );
    });
    fc.assert(
      fc.property(secret, sizes, (bytes, [count, threshold, order]) => {
        const shares = splitSecret(bytes, { count, threshold });
        const chosen = order.map((i) => shares[i] as Uint8Array);
        expect([...(combineShares(chosen.slice(0, threshold)) ?? [])]).toEqual([...bytes]);
        expect([...(combineShares(chosen) ?? [])]).toEqual([...bytes]);
        expect([...(combineShares(chosen.slice(0, threshold - 1)) ?? [])]).not.toEqual([...bytes]);
      }),
      { numRuns: 100 },
    );
  });

  test('255 of them', () => {
    const shares = splitSecret(Uint8Array.of(1, 2, 3), { count: 255, threshold: 255 });
    expect([...(combineShares(shares) ?? [])]).toEqual([1, 2, 3]);
  });

  test.each<[string, number[][]]>([
    ['none', []],
    ['of no secret', [[1], [2]]],
    [
      'of different lengths',
      [
        [7, 7, 1],
        [7, 2],
      ],
    ],
    [
      'twice the same',
      [
        [7, 1],
        [8, 1],
      ],
    ],
    [
      'of no place',
      [
        [7, 0],
        [8, 1],
      ],
    ],
  ])('%s: do not belong together', (_, shares) => {
    expect(combineShares(shares.map((share) => Uint8Array.from(share)))).toBeUndefined();
  });
});

describe('AES-256-GCM', () => {
  // Test case 16 of "The Galois/Counter Mode of Operation", Appendix B, and 18, whose IV has 60 bytes.
  const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));
  const key = hex('feffe9928665731c6d6a8f9467308308'.repeat(2));
  const plaintext = hex(
    'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
  );
  const additionalData = hex('feedfacedeadbeeffeedfacedeadbeefabaddad2');
  const cases = [
    ['cafebabefacedbaddecaf888', '76fc6ece0f4e1768cddf8853bb2d551b'],
    [
      '9313225df88406e555909c5aff5269aa6a7a9538534f7da1e4c303d2a318a728c3c0c95156809539fcf0e2429a6b525416aedbf5a0de6a57a637b39b',
      'a44a8266ee1c8eb0c8b5d4cf5ae9f19a',
    ],
  ] as const;

  test.each(cases)('IV %s', async (iv, tag) => {
    const imported = await importGcmKey(key);
    const sealed = await sealGcm(imported, { iv: hex(iv), additionalData }, plaintext);
    expect(Buffer.from(sealed.subarray(-16)).toString('hex')).toBe(tag);
    expect(await openGcm(imported, { iv: hex(iv), additionalData, sealed })).toEqual(plaintext);
    sealed[0] = (sealed[0] as number) ^ 1;
    expect(await openGcm(imported, { iv: hex(iv), additionalData, sealed })).toBeUndefined();
    expect(
      await openGcm(imported, { iv: hex(iv), additionalData, sealed: sealed.subarray(0, 5) }),
    ).toBeUndefined();
  });
});

describe('the MAC', () => {
  test('is SHA-512 in upper case, with another start for the encrypted values alone', async () => {
    expect(await computeMac(['a', '', 'bc'], false)).toMatch(/^DDAF35A193617ABACC417349AE204131/);
    expect(await computeMac(['abc'], true)).not.toBe(await computeMac(['abc'], false));
    expect(await computeMac(['abc'], true)).toHaveLength(128);
  });

  test.each([
    ['AB', 'AB', true],
    ['AB', 'AC', false],
    ['AB', 'ABC', false],
    ['', '', true],
  ])('%j and %j are the same: %j', (a, b, same) => expect(isSameMac(a, b)).toBe(same));
});

test('a rule of nothing but positions ends, too', async () => {
  const rule = await makeRule('encrypted_regex', '(?:\\B{200}){200}'.repeat(20));
  for (const length of [1, 1000]) rule?.({ name: 'A'.repeat(length), comments: [] });
  expect(rule?.({ name: 'A'.repeat(1000), comments: [] })).toBe(false);
});
