/**
 * A SOPS file that was tampered with is refused, each change with its own reason; so is what only looks like
 * one.
 */
import { describe, expect, test } from 'vitest';
import { detectSops } from '../../../src/sealing/sops/detect.ts';
import type { SopsKind } from '../../../src/sealing/sops/model.ts';
import { openSops } from '../../../src/sealing/sops/open.ts';
import { expectLinear } from '../../growth.ts';
import { unwrapWith } from './age-keys.ts';
import { bytesOf, complaint, errorOf, open, SOURCE, vector } from './opening.ts';

type Change = (text: string) => string;

const FORMATS = ['env', 'json', 'yaml'] as const;
const [ENV, JSON_FILE, YAML] = FORMATS.map((format) => vector(`one-key.${format}`)) as [
  string,
  string,
  string,
];

/** Replaces the first match, which must be there. */
function edit(pattern: RegExp, replacement: string | ((...groups: string[]) => string)): Change {
  return (text) => {
    expect(text).toMatch(pattern);
    return text.replace(pattern, replacement as string);
  };
}

/** Changes one bit of the first byte of a base64 field. */
function flip(name: string, field: string): Change {
  return edit(new RegExp(`(${name}"?[=:] ?"?ENC\\[[^\\n]*${field}:)(.)`), (_, before, character) => {
    return `${before}${character === 'A' ? 'B' : 'A'}`;
  });
}

const NOT_AUTHENTIC = "DB_PASSWORD does not authenticate with its data key: another file's, or changed bytes";
const MAC_NOT_AUTHENTIC = 'its MAC or lastmodified does not authenticate';

/** Changes that go for all formats, with a pattern for each. */
const EVERYWHERE: [title: string, Change, reason: string | RegExp][] = [
  ['the data of a value', flip('DB_PASSWORD', 'data'), `corrupt: ${NOT_AUTHENTIC}`],
  ['the IV of a value', flip('DB_PASSWORD', 'iv'), `corrupt: ${NOT_AUTHENTIC}`],
  ['the tag of a value', flip('DB_PASSWORD', 'tag'), `corrupt: ${NOT_AUTHENTIC}`],
  ['the data of the MAC', flip('mac', 'data'), `corrupt: ${MAC_NOT_AUTHENTIC}`],
  ['the IV of the MAC', flip('mac', 'iv'), `corrupt: ${MAC_NOT_AUTHENTIC}`],
  ['the tag of the MAC', flip('mac', 'tag'), `corrupt: ${MAC_NOT_AUTHENTIC}`],
  ['lastmodified', edit(/(lastmodified"?[=:] ?"?20)../, '$129'), `corrupt: ${MAC_NOT_AUTHENTIC}`],
  ['a name', edit(/DB_HOST/, 'DB_HOSS'), 'corrupt: DB_HOSS does not authenticate'],
  [
    'a type that does not fit',
    edit(/(DB_PASSWORD.*type:)str/, '$1int'),
    'corrupt: DB_PASSWORD is not a valid int',
  ],
  [
    'a type for a comment',
    edit(/(DB_PASSWORD.*type:)str/, '$1comment'),
    'malformed: DB_PASSWORD has an unknown type',
  ],
  [
    'a type for bytes',
    edit(/(DB_PASSWORD.*type:)str/, '$1bytes'),
    'malformed: DB_PASSWORD has an unknown type',
  ],
  [
    'a shorter IV',
    edit(/(DB_PASSWORD.*iv:)[^,]*/, '$1AAAAAAAAAAAAAAAA'),
    'malformed: the ciphertext of DB_PASSWORD is not what sops writes',
  ],
  [
    'a shorter tag',
    edit(/(DB_PASSWORD.*tag:)[^,]*/, '$1AAAA'),
    'malformed: the ciphertext of DB_PASSWORD is not what sops writes',
  ],
  [
    'the bits that base64 leaves unused',
    edit(
      /(DB_PASSWORD.*tag:[^,]{21})(.)==/,
      (_, before, last) => `${before}${{ A: 'B', Q: 'R', g: 'h', w: 'x' }[last ?? '']}==`,
    ),
    'malformed: the ciphertext of DB_PASSWORD is not what sops writes',
  ],
  [
    'text behind a ciphertext',
    edit(/(DB_PASSWORD.*type:str\])/, '$1x'),
    'malformed: the ciphertext of DB_PASSWORD is not what sops writes',
  ],
  [
    'a plain value for a ciphertext',
    edit(/(DB_PASSWORD"?[=:] ?"?)ENC[^\]]*\]/, '$1guess'),
    'malformed: DB_PASSWORD is plain text, but its rule is to encrypt it',
  ],
  [
    'an empty value for a ciphertext',
    edit(/(DB_PASSWORD"?[=:] ?"?)ENC[^\]]*\]/, '$1'),
    /corrupt: its MAC does not match its values|malformed: DB_PASSWORD is null, not a variable/,
  ],
  ['a plain value', edit(/plain, with|plain: /, 'plane'), 'corrupt: its MAC does not match its values'],
  [
    'a ciphertext for a plain value',
    edit(/(PLAIN_unencrypted"?[=:] ?['"]?)(.)/, '$1ENC[AES256_GCM,$2'),
    'malformed: PLAIN_unencrypted is encrypted, but its rule is to leave it plain',
  ],
  [
    'an invisible rule',
    edit(/unencrypted_suffix"?[=:] ?"?_unencrypted/, (rule) => rule.replace('_unencrypted', '_HOST')),
    'malformed: PLAIN_unencrypted is plain text',
  ],
  [
    'a MAC that is not one',
    edit(/(mac"?[=:] ?"?)ENC/, '$1EMC'),
    'malformed: its MAC is not what sops writes',
  ],
  ['no MAC', edit(/(mac"?[=:] ?"?)ENC[^\]]*\]/, '$1'), 'malformed: it has no MAC'],
  ['no version', edit(/(version"?[=:] ?"?)[0-9.]+/, '$1'), 'malformed: it has no version'],
  [
    'no lastmodified',
    edit(/(lastmodified"?[=:] ?"?)[^"\n]+/, '$1'),
    'malformed: it has no valid lastmodified, such as 2026-01-31T12:00:00Z',
  ],
  [
    'a lastmodified of elsewhere',
    edit(/(lastmodified.*)Z/, '$1+02:00'),
    'malformed: it has no valid lastmodified',
  ],
  ['the recipient', edit(/age1m[a-z0-9]*/, 'eve'), 'malformed: an entry of its age has no valid recipient'],
];

describe.each([
  ['dotenv', ENV],
  ['json', JSON_FILE],
  ['yaml', YAML],
])('%s: changed', (_, file) => {
  test('or not', async () => expect(await complaint(file)).toBe('opened'));

  test.each(EVERYWHERE)('%s', async (_, change, reason) => {
    const changed = change(file);
    expect(changed).not.toBe(file);
    const complained = await complaint(changed);
    if (typeof reason === 'string') expect(complained).toContain(reason);
    else expect(complained).toMatch(reason);
  });

  test('the wrapped key', async () => {
    const changed = edit(/(ENCRYPTED FILE-----(?:\\n|\s)+YWdl.{90})(.)/s, (_, before, character) => {
      return `${before}${character === 'A' ? 'B' : 'A'}`;
    })(file);
    expect(await complaint(changed)).toContain('wrong_key: no key opens');
  });

  test('two values change places', async () => {
    const values = ['DB_PASSWORD', 'API_TOKEN'].map((name) => {
      return new RegExp(`${name}"?[=:] ?"?(ENC[^\\]]*\\])`).exec(file)?.[1] as string;
    }) as [string, string];
    const changed = file.replace(values[0], '@').replace(values[1], values[0]).replace('@', values[1]);
    expect(await complaint(changed)).toContain(`corrupt: ${NOT_AUTHENTIC}`);
  });

  test('two lines change places', async () => {
    const [first, second] = ['DB_PASSWORD', 'API_TOKEN'].map((name) => {
      return new RegExp(`^.*${name}.*\n`, 'm').exec(file)?.[0];
    }) as [string, string];
    const changed = file
      .replace(first, () => '@')
      .replace(second, () => first)
      .replace('@', () => second);
    expect(await complaint(changed)).toBe('corrupt: its MAC does not match its values');
  });

  test('a line is gone', async () => {
    expect(await complaint(file.replace(/^.*DB_PASSWORD.*\n/m, ''))).toBe(
      'corrupt: its MAC does not match its values',
    );
  });

  test('a line appears twice', async () => {
    const reason = await complaint(file.replace(/^.*DB_PASSWORD.*\n/m, (line) => line + line));
    expect(reason).toMatch(
      /malformed: (?:DB_PASSWORD appears twice|line \d+, column 1: expected each name once)/,
    );
  });

  test('its data key is that of another file', async () => {
    const { unwrap, ...rest } = { unwrap: unwrapWith(), isAllowed: () => true, checkKey: () => undefined };
    const other = async (...wrapped: Parameters<typeof unwrap>) =>
      (await unwrap(...wrapped)).map((byte) => byte ^ 1);
    expect(await complaint(file, { ...rest, unwrap: other })).toBe(`corrupt: ${NOT_AUTHENTIC}`);
  });

  test.each([0, 16, 31, 33])('its data key has %i bytes', async (length) => {
    const unwrap = async () => new Uint8Array(length);
    expect(await complaint(file, { unwrap })).toBe('corrupt: what its keys unwrap is not a 256-bit data key');
  });

  test('cut anywhere, it never opens, and is not an env file as long as it contains a ciphertext', async () => {
    // The last bytes are the version, of which a part is a version too.
    for (let length = 1; length < file.length - 12; length += 61) {
      const bytes = bytesOf(file.slice(0, length));
      const error = await errorOf(async () => {
        const kind = detectSops(bytes, { source: SOURCE });
        if (kind !== undefined) await open(bytes);
        else expect(file.slice(0, length)).not.toContain('ENC[AES256_GCM,');
      });
      if (file.slice(0, length).includes('ENC[AES256_GCM,')) expect(error?.code).toBe('malformed');
    }
  });
});

describe('what the MAC of SOPS does not cover', () => {
  test('a value that is empty in both', async () => {
    expect(await complaint(`NEW=\n${ENV}`)).toBe('opened');
  });

  test('the name of a plain value', async () => {
    expect(await complaint(ENV.replace('PLAIN_unencrypted', 'PLANE_unencrypted'))).toBe('opened');
  });

  test('a type whose text is the same', async () => {
    expect(await complaint(JSON_FILE.replace(/(API_ON.*type:)bool/, '$1str'))).toBe('opened');
  });
});

describe('mixed up', () => {
  test('the values of one file and the metadata of another', async () => {
    const metadata = vector('two-keys.env')
      .split('\n')
      .filter((line) => line.startsWith('sops_'));
    const values = ENV.split('\n').filter((line) => line !== '' && !line.startsWith('sops_'));
    expect(await complaint([...values, ...metadata].join('\n'))).toBe(`corrupt: ${NOT_AUTHENTIC}`);
  });

  test('the shares of two files', async () => {
    const [one, two] = [vector('groups-2-of-3.env'), vector('groups-3-of-3.env')] as const;
    const foreign = /sops_key_groups__list_1__map_age__list_0__map_enc=.*/.exec(two)?.[0] as string;
    const changed = one.replace(/sops_key_groups__list_1__map_age__list_0__map_enc=.*/, foreign);
    expect(await complaint(changed, { unwrap: unwrapWith('a', 'b') })).toBe(`corrupt: ${NOT_AUTHENTIC}`);
  });

  test('a share twice', async () => {
    const text = vector('groups-2-of-3.env');
    const first = /sops_key_groups__list_0__map_age__list_0__map_enc=(.*)/.exec(text)?.[1] as string;
    const changed = text.replace(/(sops_key_groups__list_1__map_age__list_0__map_enc=).*/, `$1${first}`);
    expect(await complaint(changed)).toBe('corrupt: what its keys unwrap is not a 256-bit data key');
  });

  test.each([
    ['0', 'from 2 to its 3 key groups'],
    ['1', 'from 2 to its 3 key groups'],
    ['4', 'from 2 to its 3 key groups'],
    ['two', 'from 2 to its 3 key groups'],
    ['', 'from 2 to its 3 key groups'],
  ])('a threshold of %j', async (threshold, reason) => {
    const changed = vector('groups-2-of-3.env').replace(/(sops_shamir_threshold=).*/, `$1${threshold}`);
    expect(await complaint(changed)).toContain(reason);
  });

  test('a lower threshold than the one that it was sealed with', async () => {
    const changed = vector('groups-3-of-3.env').replace(/(sops_shamir_threshold=).*/, '$12');
    expect(await complaint(changed, { unwrap: unwrapWith('a', 'b') })).toBe(`corrupt: ${NOT_AUTHENTIC}`);
  });

  test('keys outside the groups', async () => {
    const changed = `${vector('groups-2-of-3.env')}sops_age__list_0__map_enc=x\nsops_age__list_0__map_recipient=age1x\n`;
    expect(await complaint(changed)).toContain('malformed: it has keys outside its key groups');
  });

  test('mac_only_encrypted put in', async () => {
    const changed = `${vector('encrypted-regex.env')}sops_mac_only_encrypted=true\n`;
    expect(await complaint(changed)).toBe('corrupt: its MAC does not match its values');
  });

  test('mac_only_encrypted taken out', async () => {
    const changed = vector('mac-only-encrypted.env').replace(/sops_mac_only_encrypted.*\n/, '');
    expect(await complaint(changed)).toBe('corrupt: its MAC does not match its values');
  });

  test('two rules', async () => {
    expect(await complaint(`${ENV}sops_encrypted_regex=.\n`)).toContain(
      'malformed: it has unencrypted_suffix and encrypted_regex, but only one is allowed',
    );
  });

  test('a rule that cannot be understood', async () => {
    const changed = ENV.replace('sops_unencrypted_suffix=_unencrypted', 'sops_encrypted_regex=(?=x)');
    expect(await complaint(changed)).toContain('malformed: envseal cannot read its encrypted_regex');
  });
});

describe('never an env file', () => {
  test.each<[string, string, string]>([
    [
      'a nested value, JSON',
      JSON_FILE.replace('"EMPTY": ""', '"EMPTY": {"A": "x"}'),
      'EMPTY is an object, not a variable',
    ],
    ['an array, JSON', JSON_FILE.replace('"EMPTY": ""', '"EMPTY": []'), 'EMPTY is an array, not a variable'],
    ['null, JSON', JSON_FILE.replace('"EMPTY": ""', '"EMPTY": null'), 'EMPTY is null, not a variable'],
    [
      'a nested value, YAML',
      YAML.replace('EMPTY: ""', 'EMPTY:\n    A: x'),
      'EMPTY is a mapping, not a variable',
    ],
    ['a list, YAML', YAML.replace('EMPTY: ""', 'EMPTY:\n    - x'), 'EMPTY is a list, not a variable'],
    ['null, YAML', YAML.replace('EMPTY: ""', 'EMPTY:'), 'EMPTY is null, not a variable'],
    ['a section elsewhere', '{"a": {"sops": {}}}', 'a is an object, not a variable'],
    ['a name that is none', ENV.replace('EMPTY=', 'export EMPTY='), 'expected a name: a letter or _ first'],
    ['a line that is none', ENV.replace('EMPTY=', 'EMPTY'), 'expected NAME=value'],
    ['CRLF', ENV.replaceAll('\n', '\r\n'), 'expected LF, not CRLF'],
    ['NUL', ENV.replace('EMPTY=', 'EMPTY=\0'), 'expected text without NUL'],
    ['a section that is none', YAML.replace(/sops:\n.*/s, 'sops: x\n'), 'its sops section is not a mapping'],
    ['nothing but a version', 'sops_version=3.13.3\n', 'it has no valid lastmodified'],
    ['no keys', ENV.replace(/sops_age.*\n/g, ''), 'it has no keys'],
    [
      'a key without the data key',
      ENV.replace(/sops_age.*enc=.*\n/, ''),
      'an entry of its age has no valid enc',
    ],
    ['a gap in a list', ENV.replaceAll('age__list_0', 'age__list_1'), 'an entry of its metadata is missing'],
    ['a contradiction', `${ENV}sops_version__map_x=y\n`, 'lines of its metadata contradict each other'],
    ['an indented section', ENV.replaceAll(/^sops_/gm, ' sops_'), 'expected a name'],
    ['two objects', JSON_FILE + JSON_FILE, 'expected nothing after the object'],
    [
      'duplicate metadata',
      JSON_FILE.replace('"mac":', '"version": "1",\n"mac":'),
      'its sops section has a key twice',
    ],
    [
      'duplicate metadata, YAML',
      YAML.replace('    mac:', '    version: "1"\n    mac:'),
      'its sops section has a key twice',
    ],
    ['aliases', YAML.replace('EMPTY: ""', 'EMPTY: *x'), 'expected no aliases'],
    ['anchors', YAML.replace('EMPTY: ""', 'EMPTY: &x ""'), 'expected no anchors'],
    ['tags', YAML.replace('EMPTY: ""', 'EMPTY: !!str ""'), 'expected no tags'],
    ['directives', `%YAML 1.1\n---\n${YAML}`, 'expected no directives'],
    ['merge keys', YAML.replace('EMPTY: ""', '<<: {A: x}'), 'expected a name that is text'],
    ['keys that are not text', YAML.replace('EMPTY: ""', 'true: ""'), 'expected a name that is text'],
    ['keys that are nested', YAML.replace('EMPTY: ""', '[a]: ""'), 'expected a name that is text'],
    ['explicit keys', YAML.replace('EMPTY: ""', '? EMPTY\n: ""'), 'expected no ? before a key'],
    ['two documents', `${YAML}---\nA: x\n`, 'expected one document'],
    [
      'values of no clear type',
      vector('encrypted-suffix.yaml').replace('8080', '0x1F90'),
      'a value of unambiguous type',
    ],
  ])('%s', async (_, file, reason) => {
    const error = await errorOf(() => open(file));
    expect(error?.code).toBe('malformed');
    expect(error?.message).toContain(reason);
  });
});

/** A number is how often the text has what it repeats; texts without one have a size of their own. */
describe('of any size it is refused, with work in proportion to the size', () => {
  test.each<[string, SopsKind, number, (count: number) => string, RegExp]>([
    ['10 MB of junk', 'dotenv', 1_500_000, (count) => 'sops_=x'.repeat(count), /^too_large/],
    ['2 MB of junk', 'dotenv', 2_000_000, (count) => `${'x'.repeat(count)}\nsops_mac=x`, /NAME=value/],
    ['deep JSON in a value', 'json', 2_000_000, (count) => `{"A":${'['.repeat(count)}`, /A is an array/],
    [
      'deep JSON in the metadata',
      'json',
      300_000,
      (count) => `{"sops":${'{"a":'.repeat(count)}`,
      /nested too deep/,
    ],
    [
      'deep JSON lists in the metadata',
      'json',
      1_000_000,
      (count) => `{"sops":{"a":${'['.repeat(count)}`,
      /nested too deep/,
    ],
    ['deep flow YAML', 'yaml', 1_000_000, (count) => `A: ${'['.repeat(count)}\nsops:\n`, /less nesting/],
    [
      'deep flow YAML maps',
      'yaml',
      400_000,
      (count) => `A: ${'{a: '.repeat(count)}\nsops:\n`,
      /less nesting/,
    ],
    [
      'deep block YAML',
      'yaml',
      0,
      () => `A:\n${Array.from({ length: 1000 }, (_, i) => `${' '.repeat(i + 1)}a:\n`).join('')}`,
      /less nesting/,
    ],
    ['deep YAML lists', 'yaml', 500_000, (count) => `A:\n ${'- '.repeat(count)}x\nsops:\n`, /less nesting/],
    [
      'a billion laughs',
      'yaml',
      0,
      () =>
        `a: &a [x, x]\n${Array.from('bcdefghij', (c, i) => `${c}: &${c} [${`*${'abcdefghi'[i]}, `.repeat(9)}]\n`).join('')}sops:\n`,
      /no anchors/,
    ],
    [
      'thousands of names in YAML',
      'yaml',
      20_000,
      (count) => `${Array.from({ length: count }, (_, i) => `A${i}: x\n`).join('')}sops: x\n`,
      /is not a mapping/,
    ],
    [
      'a million comments',
      'dotenv',
      1_000_000,
      (count) => `${'#\n'.repeat(count)}sops_version=x`,
      /has no version/,
    ],
    [
      'a number of a million digits',
      'json',
      1_000_000,
      (count) => `{"A":${'9'.repeat(count)},"sops":{}}`,
      /has no version/,
    ],
    [
      'deep metadata lines',
      'dotenv',
      200_000,
      (count) => `sops_a${'__map_a'.repeat(count)}=x`,
      /nested too deep/,
    ],
    ['a huge list index', 'dotenv', 0, () => 'sops_age__list_999999999__map_enc=x', /is missing/],
    [
      'thousands of keys',
      'json',
      0,
      () =>
        `{"sops":{"version":"3.9.0","lastmodified":"2024-01-01T00:00:00Z","mac":${/"ENC[^"]*type:str]"/.exec(JSON_FILE)?.[0]},"pgp":[${'{},'.repeat(5000)}{}]}}`,
      /more than 100 keys/,
    ],
  ])('%s', async (_, kind, count, text, reason) => {
    const keys = { unwrap: unwrapWith(), isAllowed: () => true, checkKey: () => undefined };
    const refuse = (size: number) =>
      errorOf(() => openSops(bytesOf(text(size)), kind, { source: SOURCE, ...keys }));
    await expectLinear(refuse, Math.floor(count / 64));
    const error = await refuse(count);
    expect(`${error?.code}: ${error?.message}`).toMatch(reason);
  });
});
