/** Detection of each kind of file. The tables are the specification. */
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from '../../src/envfile/parse.ts';
import { format } from '../../src/envfile/write-dotenv.ts';
import { asFormat, type Detected, detect, type PinnedFormat } from '../../src/sealing/detect.ts';
import { errorOf, SOURCE } from '../envfile/reading.ts';
import { variables } from '../envfile/values.ts';
import { expectLinear } from '../growth.ts';
import { LONG_IDENTIFIER_BYTES, pack, SHORT_IDENTIFIER_BYTES } from '../servers/cloud-kms/ciphertext.ts';
import { vector, vectorNames } from './sops/opening.ts';

const UNLIKE = `${SOURCE} is not an env file; it looks like `;
const FORMATS: readonly PinnedFormat[] = ['dotenv', 'json', 'sops', 'kms', 'berglas'];

/** Text is UTF-8; `latin1` has a byte for each character. */
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const latin1 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
const bytesOf = (file: string | Uint8Array) => (typeof file === 'string' ? utf8(file) : file);
const is = (file: string | Uint8Array) =>
  withoutText(detect(bytesOf(file), { source: SOURCE }), bytesOf(file));
const pinned = (file: string | Uint8Array, as: PinnedFormat) =>
  withoutText(asFormat(bytesOf(file), as, { source: SOURCE }), bytesOf(file));

/** The text of what is read on is always the same. */
function withoutText(detected: Detected, file: Uint8Array): Detected {
  if (detected.kind === 'kms' || detected.kind === 'berglas') return detected;
  const { text, ...rest } = detected;
  if (text !== new TextDecoder().decode(file)) throw new Error(`the text of ${rest.kind} is not the file's`);
  return rest;
}

/** What the error says behind its fixed beginning; `undefined` when the file is taken. */
function likeness(file: string | Uint8Array): string | undefined {
  const error = errorOf(() => is(file));
  if (error === undefined) return undefined;
  expect(error.code).toBe('malformed');
  expect(error.hint).toMatch(/^[^\n]+$/);
  expect(error.message.startsWith(UNLIKE)).toBe(true);
  return error.message.slice(UNLIKE.length);
}

/** As AWS KMS makes them since about 2017, and before. */
const aws = (version = '010202', rest = 140) =>
  Buffer.concat([Buffer.from(`${version}0078`, 'hex'), Buffer.alloc(rest, 0xa7)]);
function oldAws(): Buffer {
  const inner = Buffer.concat([Buffer.from('0101020078', 'hex'), Buffer.alloc(145, 0xb3)]);
  return Buffer.concat([
    Buffer.from('0a20', 'hex'),
    Buffer.alloc(32, 0x2b),
    Buffer.from('129601', 'hex'),
    inner,
  ]);
}
/** As Google's are, and of the length that a plaintext of so many bytes gives. */
const google = (plaintextBytes = 32, identifierBytes = SHORT_IDENTIFIER_BYTES) =>
  pack({ identifier: Buffer.alloc(identifierBytes, 0x91), sealed: Buffer.alloc(plaintextBytes + 40, 0xc5) });

/** By real services; both are in the documentation of a Terraform provider. */
const PUBLISHED_AWS =
  'AQECAHgaPa0J8WadplGCqqVAr4HNvDaFSQ+NaiwIBhmm6qDSFwAAAGIwYAYJKoZIhvcNAQcGoFMwUQIBADBMBgkqhkiG9w0BBwEwHgYJYIZIAWUDBAEuMBEEDI+LoLdvYv8l41OhAAIBEIAfx49FFJCLeYrkfMfAw6XlnxP23MmDBdqP8dPp28OoAQ==';
const PUBLISHED_GOOGLE =
  'CiQAqD+xX4SXOSziF4a8JYvq4spfAuWhhYSNul33H85HnVtNQW4SOgDu2UZ46dQCRFl5MF6ekabviN8xq+F+2035ZJ85B+xTYXqNf4mZs0RJitnWWuXlYQh6axnnJYu3kDU=';

const CIPHERTEXTS: [what: string, cloud: 'aws' | 'google', ciphertext: Buffer][] = [
  ['AQEC…', 'aws', aws('010102')],
  ['AQIC…', 'aws', aws('010202')],
  ['AQID…', 'aws', aws('010203')],
  ['AQIJ…', 'aws', aws('010209')],
  ['the shortest that is taken', 'aws', aws('010202', 48)],
  ['the old ones of AWS', 'aws', oldAws()],
  ['CiQA…', 'google', google()],
  ['CiUA…', 'google', google(32, LONG_IDENTIFIER_BYTES)],
  ['nothing sealed', 'google', google(0)],
  ['a length of two bytes', 'google', google(200)],
  ['64 KiB', 'google', google(65_536)],
  ['published, AWS', 'aws', Buffer.from(PUBLISHED_AWS, 'base64')],
  ['published, Google', 'google', Buffer.from(PUBLISHED_GOOGLE, 'base64')],
];

const SEALED = Buffer.alloc(60, 0xe1).toString('base64');
const BERGLAS = `${google().toString('base64')}:${SEALED}`;

function wrap(text: string, width: number, lineBreak: string): string {
  return text.replace(new RegExp(`(.{${width}})(?=.)`, 'g'), `$1${lineBreak}`);
}

describe('a ciphertext of a KMS', () => {
  describe.each(CIPHERTEXTS)('%s', (_, cloud, ciphertext) => {
    const base64 = ciphertext.toString('base64');
    test.each([
      ['binary', ciphertext],
      ['base64', base64],
      ['a line', `${base64}\n`],
      ['a line of Windows', `${base64}\r\n`],
      ['with a BOM', `\uFEFF${base64}\n`],
      ['wrapped at 76', `${wrap(base64, 76, '\n')}\n`],
      ['wrapped at 64, for Windows', wrap(base64, 64, '\r\n')],
      ['indented', `  ${wrap(base64, 76, '\n  ')}\n\n`],
      ['not padded', base64.replace(/=+$/, '')],
      ['for URLs', base64.replaceAll('+', '-').replaceAll('/', '_')],
      ['for URLs, not padded', ciphertext.toString('base64url')],
    ])('%s', (_, file) => {
      const detected = is(file) as Detected & { kind: 'kms' };
      expect({ ...detected, ciphertext: Buffer.from(detected.ciphertext) }).toEqual({
        kind: 'kms',
        cloud,
        ciphertext,
      });
      expect(pinned(file, 'kms')).toEqual(detected);
      for (const other of ['dotenv', 'json'] as const) {
        expect(errorOf(() => pinned(file, other))).toMatchObject({
          code: 'malformed',
          message: `${SOURCE} is not ${other}; it is a KMS ciphertext`,
          hint: `remove format=${other}`,
        });
      }
    });
  });

  test('is nearly one', () => {
    const cut = 'a truncated or changed KMS ciphertext';
    expect(likeness(google().subarray(0, -1))).toBe(cut);
    expect(likeness(Buffer.concat([google(), Buffer.from('\n')]))).toBe(cut);
    expect(likeness(oldAws().subarray(0, -1))).toBe(cut);
    expect(likeness(aws('010202', 47))).toBe('a truncated AWS KMS ciphertext');
    expect(likeness(google().subarray(0, -1).toString('base64'))).toBe(`base64 of ${cut}`);
    expect(likeness(aws('01020a'))).toBe('binary data of an unknown kind');
    expect(likeness(aws('010302'))).toBe('binary data of an unknown kind');
    const [otherOld, otherGoogle] = [oldAws(), google()];
    otherOld[37] = 0x02;
    otherGoogle[2] = 0x01;
    expect(likeness(otherOld)).toBe(cut);
    expect(likeness(otherGoogle)).toBe('binary data of an unknown kind');
    expect(is(PUBLISHED_GOOGLE.replace('+', '-'))).toEqual({ kind: 'dotenv' });
    expect(is(`${PUBLISHED_AWS.slice(0, 100)}=${PUBLISHED_AWS.slice(100)}`)).toEqual({ kind: 'dotenv' });
  });

  test('in what a client printed', () => {
    const output = (file: object) => likeness(JSON.stringify(file, null, 4));
    const KeyId = 'arn:aws:kms:us-east-1:111122223333:key/x';
    expect(output({ CiphertextBlob: PUBLISHED_AWS, KeyId })).toBe('the whole output of aws kms encrypt');
    const name = 'projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1';
    expect(output({ name, ciphertext: PUBLISHED_GOOGLE })).toBe('the whole response from Cloud KMS');
    expect(output({ CiphertextBlob: 'none', ciphertext: PUBLISHED_GOOGLE })).toBeUndefined();
    const error = errorOf(() => pinned(JSON.stringify({ CiphertextBlob: PUBLISHED_AWS }), 'kms'));
    expect(error?.hint).toContain('--query CiphertextBlob --output text');
  });

  test('of no known kind, when the URI says so', () => {
    const unknown = latin1('\x4barn:aws:kms:\xff\x00\x01');
    expect(pinned(unknown, 'kms')).toEqual({ kind: 'kms', cloud: undefined, ciphertext: unknown });
    const { ciphertext } = pinned(Buffer.from(unknown).toString('base64'), 'kms') as {
      ciphertext: Uint8Array;
    };
    expect([...ciphertext]).toEqual([...unknown]);
    for (const text of ['', '\n', 'A=1\n', BERGLAS, vector('one-key.env'), '{}']) {
      expect(errorOf(() => pinned(text, 'kms'))).toMatchObject({
        code: 'malformed',
        message: `${SOURCE} is not a KMS ciphertext; it is text`,
      });
    }
  });

  test('in base64 with any line breaks', () => {
    const breaks = fc.array(fc.tuple(fc.integer({ min: 1, max: 90 }), fc.constantFrom('\n', '\r\n')), {
      maxLength: 20,
    });
    const ciphertexts = fc.constantFrom(...CIPHERTEXTS.slice(0, -3).map(([, , ciphertext]) => ciphertext));
    fc.assert(
      fc.property(ciphertexts, breaks, fc.boolean(), (ciphertext, places, isUrl) => {
        let rest = ciphertext.toString(isUrl ? 'base64url' : 'base64');
        let text = '';
        for (const [width, lineBreak] of places) {
          text += rest.slice(0, width) + lineBreak;
          rest = rest.slice(width);
        }
        const detected = is(text + rest);
        expect(detected.kind === 'kms' && Buffer.from(detected.ciphertext).equals(ciphertext)).toBe(true);
      }),
    );
  });
});

describe('an object of berglas', () => {
  test.each([
    ['as berglas writes it', BERGLAS],
    ['with a line feed', `${BERGLAS}\n`],
    ['wrapped', wrap(BERGLAS, 76, '\r\n')],
  ])('%s', (_, text) => {
    const detected = is(text);
    expect(detected).toEqual({
      kind: 'berglas',
      wrapped: new Uint8Array(google()),
      sealed: new Uint8Array(Buffer.from(SEALED, 'base64')),
    });
    expect(pinned(text, 'berglas')).toEqual(detected);
    expect(errorOf(() => pinned(text, 'dotenv'))?.message).toContain('it is a berglas object');
  });

  test('whose data key is by no known KMS, when the URI says so', () => {
    const text = `${Buffer.alloc(100, 7).toString('base64')}:${SEALED}`;
    expect(likeness(text)).toBe('a berglas object whose data key is from no known KMS');
    expect(pinned(text, 'berglas').kind).toBe('berglas');
  });

  const key = google(33).toString('base64');
  const sealed = Buffer.alloc(61, 0xff).toString('base64');

  test.each([
    ['nothing', ''],
    ['an env file', 'A=1'],
    ['no second part', key],
    ['an empty key', `:${sealed}`],
    ['an empty second part', `${key}:`],
    ['a third part', `${key}:${sealed}:${sealed}`],
    ['a second part without room for nonce and tag', `${key}:${Buffer.alloc(27).toString('base64')}`],
    ['not padded', `${key}:${sealed}`.replaceAll('=', '')],
    ['for URLs', `${key}:${sealed}`.replaceAll('/', '_')],
    ['a BOM inside', `${key}:\uFEFF${sealed}`],
  ])('is nearly one: %s', (_, text) => {
    expect(errorOf(() => pinned(text, 'berglas'))).toMatchObject({
      code: 'malformed',
      message: `${SOURCE} is not a berglas object`,
      hint: 'remove format=berglas',
    });
    expect(errorOf(() => expect(is(text).kind).not.toBe('berglas'))?.code ?? 'malformed').toBe('malformed');
  });

  test('has the parts that the cases above change', () => {
    expect(is(`${key}:${sealed}`).kind).toBe('berglas');
    expect(is(`${key}:${Buffer.alloc(28).toString('base64')}`).kind).toBe('berglas');
    expect(key + sealed).toMatch(/\/.*=/);
  });
});

describe('a SOPS file', () => {
  test.each(vectorNames)('%s', (name) => {
    const text = vector(name);
    const sops = name.endsWith('.env') ? 'dotenv' : name.split('.').at(-1);
    for (const file of [text, `\uFEFF${text}`]) {
      expect(is(file)).toEqual({ kind: 'sops', sops });
      expect(pinned(file, 'sops')).toEqual({ kind: 'sops', sops });
      for (const other of ['dotenv', 'json', 'kms', 'berglas'] as const) {
        expect(errorOf(() => pinned(file, other))).toMatchObject({
          code: 'malformed',
          hint: `remove format=${other}`,
        });
      }
    }
  });

  test('is nearly one, however it is pinned', () => {
    for (const file of ['A=ENC[AES256_GCM,data:x', '{"A":"ENC[AES256_GCM,data:x"}']) {
      for (const act of [() => is(file), () => pinned(file, 'dotenv'), () => pinned(file, 'json')]) {
        expect(errorOf(act)?.message).toContain('is a broken SOPS file');
      }
    }
  });

  test.each(['', 'A=1', '{}', BERGLAS, PUBLISHED_AWS])('is not: %j', (file) => {
    expect(errorOf(() => pinned(file, 'sops'))).toMatchObject({
      code: 'malformed',
      message: `${SOURCE} is not a SOPS file`,
      hint: 'remove format=sops',
    });
  });
});

describe('JSON', () => {
  test.each(['{}', ' \r\n\t{"A":"1"}', '\uFEFF{}', '\uFEFF\n{', `${'\n'.repeat(5000)}{}`])('%j', (text) => {
    expect(is(text)).toEqual({ kind: 'json' });
    expect(pinned(text, 'json')).toEqual({ kind: 'json' });
  });
});

/** Lines of dotenvx 1.44, of another key. */
const DOTENVX_KEY =
  'DOTENV_PUBLIC_KEY="039dd52f537a84a560fd18600ff40856f3bfcc103e70f329acc21327622042b195"\n';
const DOTENVX_VALUE = 'HELLO="encrypted:BMCXX4QN8a8oy1MFCGXImnqh8ByJdAUJfrZfa3HLT1oPdSFduHXLGCIoKje+7Qu="\n';

describe('an env file', () => {
  test.each([
    '',
    '\n',
    ' \t\r\n',
    '# only a comment',
    '#!/bin/sh\nA=1',
    'A=1',
    '\uFEFFA=1',
    'export A=1',
    'export=1',
    '  A = 1',
    'AQ=1',
    'Ci=1',
    `AQ${'A'.repeat(100)}=`,
    'QUJD=',
    'QUJDRA==',
    `${'QUJD'.repeat(40)}=`,
    `A=${PUBLISHED_AWS}`,
    `A=${BERGLAS}`,
    `# ${PUBLISHED_AWS}\nA=1`,
    "A='\n---\nkind: Secret\n'",
    "A='\n-----BEGIN PRIVATE KEY-----\n'",
    'A=<html>',
    `${'# a comment\n'.repeat(500)}A=1`,
    DOTENVX_KEY,
    DOTENVX_VALUE,
    `${DOTENVX_KEY}HELLO=plain`,
    `DOTENV_PUBLIC_KEYS=1\n${DOTENVX_VALUE}`,
    `# DOTENV_PUBLIC_KEY\n${DOTENVX_VALUE}`,
  ])('%j', (text) => {
    expect(is(text)).toEqual({ kind: 'dotenv' });
    expect(pinned(text, 'dotenv')).toEqual({ kind: 'dotenv' });
  });

  test.each([
    ['a name without a value', 'PASSWORD'],
    ['names', 'A_NAME\n'.repeat(40)],
    ['no name', '1=2'],
    ['a secret alone', 'hunter2:hunter2'],
    ['a NUL', 'A=b\0'],
    ['bytes that are not UTF-8', latin1('A=\xe9')],
    ['a text of another encoding', latin1('\xc4rger=1')],
    ['white space of Docker', '\u00a0\vA=1'],
  ])('that the parser has to refuse, with line and column: %s', (_, file) => {
    expect(is(file)).toEqual({ kind: 'dotenv' });
  });

  test('that dotenvx encrypted', () => {
    for (const file of [
      DOTENVX_KEY + DOTENVX_VALUE,
      `#/---[DOTENV_PUBLIC_KEY]---/\n${DOTENVX_KEY}\n# .env\n${DOTENVX_VALUE.replaceAll('"', '')}`,
      `${'A=plain\n'.repeat(5000)}${DOTENVX_VALUE}${DOTENVX_KEY.replace('KEY', 'KEY_PRODUCTION')}`,
      `A=1\r\n${DOTENVX_KEY.replace('\n', '\r\n')} export ${DOTENVX_VALUE.replaceAll('"', "'")}`,
    ]) {
      expect(likeness(file)).toBe('a dotenvx-encrypted file');
      expect(pinned(file, 'dotenv')).toEqual({ kind: 'dotenv' });
    }
  });

  test('as format writes it', () => {
    fc.assert(
      fc.property(variables(), (map) => {
        expect(is(format(map))).toEqual({ kind: 'dotenv' });
      }),
      { numRuns: 1000 },
    );
  });

  test.each(['parse-dotenv', 'parse-docker', 'neighbours'])('in the tests of the parser: %s', (name) => {
    const code = readFileSync(new URL(`../envfile/${name}.test.ts`, import.meta.url), 'utf8');
    const literals = code.match(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g) ?? [];
    let count = 0;
    for (const literal of literals) {
      const text: string = new Function(`return ${literal}`)();
      if (!isEnvFile(utf8(text))) continue;
      count += 1;
      expect(is(text)).toEqual({ kind: 'dotenv' });
    }
    expect(count).toBeGreaterThan(2);
  });

  test('is everything that the parser takes', () => {
    const pieces = fc.constantFrom(
      ...[
        'A',
        'kind',
        'apiVersion',
        'export',
        'AQICAHh',
        'CiQA',
        '=',
        '==',
        ':',
        ' ',
        '\t',
        '\n',
        '\r\n',
        '\v',
      ],
      ...[
        '#',
        '"',
        "'",
        '-',
        '---',
        '<',
        '[',
        ']',
        '{',
        '}',
        '%',
        '$',
        '+',
        '/',
        '.',
        '\uFEFF',
        'Salted__',
        'é',
      ],
    );
    const texts = fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join(''));
    let count = 0;
    fc.assert(
      fc.property(texts, (text) => {
        if (!isEnvFile(utf8(text))) return;
        count += 1;
        expect(is(text)).toEqual({ kind: 'dotenv' });
      }),
      { numRuns: 20_000 },
    );
    expect(count).toBeGreaterThan(200);
  });
});

/** With a variable at least, in either dialect. */
function isEnvFile(bytes: Uint8Array): boolean {
  return (['dotenv', 'docker'] as const).some((dialect) => {
    let count = 0;
    const error = errorOf(() => {
      count = parse(bytes, { dialect, source: SOURCE }).length;
    });
    return error === undefined && count > 0;
  });
}

/** `@` is where content of the file is. */
const OTHERS: [what: string, file: string | Uint8Array][] = [
  ['gzip', gzipSync('A=1\n')],
  ['gzip', latin1('\x1f\x8b@')],
  ['a zip file', latin1('PK\x03\x04@')],
  ['zstd', zstdCompressSync('A=1\n')],
  ['xz', latin1('\xfd7zXZ\0@')],
  ['bzip2', latin1('BZh91AY&SY@')],
  ['an age file', 'age-encryption.org/v1\n-> X25519 @\n@'],
  ['an age file', '-----BEGIN AGE ENCRYPTED FILE-----\n@\n'],
  ['a PGP message', '-----BEGIN PGP MESSAGE-----\n\n@\n'],
  ['a PGP message', latin1('\x85\x01\x0c\x03@')],
  ['a PGP message', latin1('\x8c\x0d\x04\x09\x03\x02@')],
  ['a PEM file, such as a key or a certificate', '-----BEGIN PRIVATE KEY-----\n@\n'],
  ['a PEM file, such as a key or a certificate', '\uFEFF-----BEGIN CERTIFICATE-----\r\n@\r\n'],
  ['DER, such as a certificate or a PKCS #7 message', latin1('0\x82\x01\x0a@')],
  ['DER, such as a certificate or a PKCS #7 message', latin1('0\x80\x06\x09@')],
  ['an ansible-vault file', '$ANSIBLE_VAULT;1.1;AES256\n@\n'],
  ['a git-crypt file', latin1('\0GITCRYPT\0@')],
  ['a Git LFS pointer', 'version https://git-lfs.github.com/spec/v1\noid sha256:@\nsize 1\n'],
  ['an openssl enc file', latin1('Salted__\x01\x02@')],
  ['a Vault transit ciphertext', 'vault:v1:@'],
  ['an executable', latin1('\x7fELF\x02\x01@')],
  ['an SQLite database', latin1('SQLite format 3\0@')],
  ['a PDF', '%PDF-1.7\n@'],
  ['an AWS Encryption SDK message', latin1('\x02\x05\x78@')],
  ['an AWS Encryption SDK message', latin1('\x01\x80\x03\x78@')],
  ['an AWS Encryption SDK message', latin1('\x01\x80\x00\x14@')],
  ['UTF-16 or UTF-32', latin1('\xff\xfeA\0=\0@\0')],
  ['UTF-16 or UTF-32', latin1('\xfe\xff\0A\0=\0@')],
  ['UTF-16 or UTF-32', latin1('A\0=\0@\0')],
  ['UTF-16 or UTF-32', latin1('\0A\0=\0@')],
  ['UTF-16 or UTF-32', latin1('A\0\0\0=\0\0\0@\0\0\0')],
  ['HTML or XML, such as an error page', '<!DOCTYPE html><title>@</title>'],
  ['HTML or XML, such as an error page', '\uFEFF<?xml version="1.0"?>\n<Error>@</Error>'],
  ['HTML or XML, such as an error page', '\n<html>@'],
  ['a JSON array', '["@"]'],
  ['a JSON array', '[\n  {"name":"@"}\n]'],
  ['INI or TOML', '[@]\nA=@'],
  ['a Kubernetes manifest', 'apiVersion: v1\nkind: Secret\ndata:\n  A: @\n'],
  ['a Kubernetes manifest', '---\nkind: ConfigMap\n# @\n'],
  ['a Kubernetes SealedSecret', 'apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\n# @\n'],
  ['YAML', '---\nA: @\n'],
  ['YAML', '# @\n\n@: @\n'],
  ['YAML', 'A:\n  - @\n'],
  ['base64', Buffer.from('A=1 # @ '.repeat(20)).toString('base64')],
  ['base64', `${wrap(Buffer.from('A=1 # @ '.repeat(20)).toString('base64'), 76, '\n')}\n`],
  ['base64 of gzip', gzipSync(Buffer.from('A=1\n'.repeat(200)), { level: 0 }).toString('base64')],
  ['base64 of an AWS Encryption SDK message', latin1(`AgV4${'abcd'.repeat(40)}`)],
  ['base64 of an openssl enc file', Buffer.from(`Salted__${'x'.repeat(50)}`).toString('base64')],
  ['binary data of an unknown kind', latin1('\xf0\x01\xe9\x80@\0')],
  ['binary data of an unknown kind', latin1(`@\xf0\x01\xe9\x80${'\xb5'.repeat(50)}`)],
];

/** No four characters of it are in any message, path or stack. */
const CANARY = 'xQ7Zj0Kw9Vb3Gy';
const PIECES = Array.from({ length: CANARY.length - 3 }, (_, i) => CANARY.slice(i, i + 4));

/** `@` becomes the canary, in the encoding of the file. */
function withCanary(file: string | Uint8Array): Uint8Array {
  return latin1(Buffer.from(bytesOf(file)).toString('latin1').replaceAll('@', CANARY));
}

describe('what is nothing that envseal opens', () => {
  test.each(OTHERS)('%s (%#)', (what, file) => {
    expect(likeness(withCanary(file))).toBe(what);
  });

  test('gives an error that quotes nothing of it, detected or pinned', () => {
    let count = 0;
    const ours: (string | Uint8Array)[] = [
      '@',
      '@=@',
      '{"CiphertextBlob":"AQ@"}',
      '@:@',
      'A=ENC[AES256_GCM,@',
    ];
    for (const file of [...OTHERS.map(([, other]) => other), ...ours]) {
      const bytes = withCanary(file);
      for (const act of [() => is(bytes), ...FORMATS.map((name) => () => pinned(bytes, name))]) {
        const error = errorOf(act);
        if (error === undefined) continue;
        count += 1;
        expect(error.cause).toBeUndefined();
        const all = inspect(error, { showHidden: true, depth: Infinity, getters: true });
        const text = [error.message, error.hint, error.stack, JSON.stringify(error), all].join('\n');
        for (const piece of PIECES) expect(text).not.toContain(piece);
      }
    }
    expect(count).toBeGreaterThan(OTHERS.length * 2);
  });

  test('by its first bytes, whatever follows, and by no others', () => {
    const magic = fc.constantFrom(...OTHERS.slice(0, 26).filter(([, file]) => typeof file !== 'string'));
    const rest = fc.uint8Array({ maxLength: 40 });
    fc.assert(
      fc.property(magic, rest, ([what, file], more) => {
        expect(likeness(Buffer.concat([bytesOf(file), more]))).toBe(what);
        expect(is(Buffer.concat([utf8('A=1\n'), bytesOf(file), more]))).toEqual({ kind: 'dotenv' });
      }),
      { numRuns: 500 },
    );
  });
});

describe('every input is detected, or an EnvsealError of the closed list', () => {
  const KNOWN = new Set<string | undefined>([
    undefined,
    ...OTHERS.flatMap(([what]) => [what, `base64 of ${what}`]),
    ...['a truncated AWS KMS ciphertext', 'a truncated or changed KMS ciphertext'].flatMap((what) => [
      what,
      `base64 of ${what}`,
    ]),
    'a berglas object whose data key is from no known KMS',
  ]);

  function check(bytes: Uint8Array): void {
    expect(KNOWN).toContain(likeness(bytes));
    for (const name of FORMATS) {
      const error = errorOf(() => pinned(bytes, name));
      if (error === undefined) continue;
      expect(error.code).toBe('malformed');
      expect(error.message.startsWith(`${SOURCE} is not `)).toBe(true);
    }
  }

  test('arbitrary bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), check), { numRuns: 3000 });
  });

  test('arbitrary bytes behind a known beginning', () => {
    const starts = fc.constantFrom<Uint8Array>(
      ...OTHERS.map(([, file]) => bytesOf(file).subarray(0, 12)),
      ...CIPHERTEXTS.flatMap(([, , bytes]) => [
        bytes.subarray(0, 60),
        utf8(bytes.toString('base64').slice(0, 90)),
      ]),
    );
    fc.assert(
      fc.property(starts, fc.nat(90), fc.uint8Array({ maxLength: 40 }), (start, length, more) => {
        check(Buffer.concat([start.subarray(0, length), more]));
      }),
      { numRuns: 3000 },
    );
  });

  test('arbitrary base64', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 30, maxLength: 200 }), (bytes) => {
        check(utf8(Buffer.from(bytes).toString('base64')));
      }),
      { numRuns: 1000 },
    );
  });
});

test.each<[string, (size: number) => string]>([
  ['comments', (size) => `${'#\n'.repeat(size / 2)}A: 1`],
  ['blank lines', (size) => `${'\n'.repeat(size)}A`],
  ['spaces', (size) => `${' '.repeat(size)}A`],
  ['letters', (size) => 'A'.repeat(size)],
  ['base64', (size) => 'AQI\n'.repeat(size / 4)],
  ['parts', (size) => 'CiQA:'.repeat(size / 5)],
  ['brackets', (size) => '['.repeat(size)],
  ['a manifest', (size) => `apiVersion: v1\n${'kind: x\n'.repeat(size / 8)}`],
  ['lines of spaces', (size) => `${`${' '.repeat(size / 100)}\n`.repeat(100)}DOTENV_PUBLIC_KEY`],
])('the work grows as the file does: %s', async (_, text) => {
  await expectLinear((size) => errorOf(() => is(utf8(text(size)))), 16_000);
  errorOf(() => is(utf8(text(1_900_000))));
});
