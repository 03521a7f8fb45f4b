import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Wrap } from '../../../../src/keys/kinds.ts';
import { importGcmKey, sealGcm } from '../../../../src/sealing/aes-gcm.ts';
import { type SealSopsOptions, sealSops } from '../../../../src/sealing/sops/edit/seal.ts';
import type { SopsKind } from '../../../../src/sealing/sops/model.ts';
import { variables } from '../../../envfile/values.ts';
import { A, ageKey, B, C, unwrapNot, unwrapWith, wrap, wrapNot } from '../age-keys.ts';
import { errorOf, open, read } from '../opening.ts';

const FORMATS: readonly SopsKind[] = ['dotenv', 'json', 'yaml'];
const NOW = new Date('2026-01-31T12:00:00.789Z');
const BASE = { keys: [ageKey(A)], wrap, now: NOW };

const seal = (entries: Iterable<[string, string]>, options: Partial<SealSopsOptions> = {}) =>
  sealSops(entries, { ...BASE, format: 'dotenv', ...options });
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

test.each(FORMATS)('%s: what was sealed opens, for every string', async (format) => {
  const reserved = (name: string) => name === 'sops' || name.startsWith('sops_');
  await fc.assert(
    fc.asyncProperty(variables(), async (map) => {
      const entries = [...map].filter(([name]) => !reserved(name) && !name.endsWith('_unencrypted'));
      const bytes = await seal(entries, { format, wrap: wrapNot });
      expect(await read(bytes, { unwrap: unwrapNot })).toEqual(entries);
    }),
    { numRuns: 200 },
  );
});

test.each(FORMATS)('%s: so does what a rule leaves plain', async (format) => {
  await fc.assert(
    fc.asyncProperty(variables(), fc.boolean(), async (map, macOnlyEncrypted) => {
      const entries = [...map].filter(([name, value]) => !/^sops/.test(name) && !value.includes('\\n'));
      const rule = { kind: 'encrypted_regex', pattern: '^[A-M]' } as const;
      const bytes = await seal(entries, { format, rule, macOnlyEncrypted, wrap: wrapNot });
      expect(await read(bytes, { unwrap: unwrapNot })).toEqual(entries);
    }),
    { numRuns: 200 },
  );
});

test.each(FORMATS)('%s: for key groups', async (format) => {
  const groups = [[ageKey(A)], [ageKey(B), ageKey(C)], [ageKey(C)]];
  const bytes = await seal([['X', 'y']], { format, keys: { groups, threshold: 2 } });
  expect(await read(bytes, { unwrap: unwrapWith('a', 'b') })).toEqual([['X', 'y']]);
  expect(await read(bytes, { unwrap: unwrapWith('c') })).toEqual([['X', 'y']]);
  expect((await errorOf(() => read(bytes, { unwrap: unwrapWith('a') })))?.code).toBe('wrong_key');
});

test.each(FORMATS)('%s: the keys of clouds are written with all that opens them again', async (format) => {
  const role = 'arn:aws:iam::111122223333:role/r';
  const kms = { kind: 'aws-kms', key: 'arn:aws:kms:eu-west-1:111122223333:key/1', role } as const;
  const gcp = { kind: 'cloud-kms', key: 'projects/p/locations/l/keyRings/r/cryptoKeys/k' } as const;
  const context = { Environment: 'dev', App: 'snäcks' };
  const wrapped = new Uint8Array([0, 255, 7]);
  const bytes = await seal([['X', 'y']], {
    format,
    keys: [{ ...kms, context }, gcp],
    wrap: async (_, key) =>
      key.kind === 'aws-kms'
        ? { ...kms, context: key.context, wrapped, profile: undefined }
        : { ...gcp, wrapped },
  });
  const seen: unknown[] = [];
  await errorOf(() =>
    open(bytes, {
      unwrap: async (key) => {
        seen.push(key);
        return new Uint8Array();
      },
    }),
  );
  expect(JSON.parse(JSON.stringify(seen))).toEqual(
    JSON.parse(
      JSON.stringify([
        { ...kms, context, wrapped: wrapped },
        { ...gcp, wrapped: wrapped },
      ]),
    ),
  );
});

test('no value is in the file, an empty one stays empty, and each time it is another file', async () => {
  const entries: [string, string][] = [
    ['A', 'xQ7Zj0Kw9Vb3Gy'],
    ['E', ''],
  ];
  const texts = [textOf(await seal(entries)), textOf(await seal(entries))];
  expect(texts[0]).not.toContain('xQ7Z');
  expect(texts[0]).toMatch(/^E=$/m);
  expect(texts[0]).toContain('sops_lastmodified=2026-01-31T12:00:00Z\n');
  expect(texts[0]?.split('\n')[0]).not.toBe(texts[1]?.split('\n')[0]);
});

describe('is refused', () => {
  const usage = (groups: SealSopsOptions['keys']) => ({ keys: groups });
  test.each<[string, [string, string][], Partial<SealSopsOptions>, string]>([
    ['a name that is none', [['A B', 'x']], {}, 'cannot seal variable 1: expected a name'],
    [
      'a name twice',
      [
        ['A', 'x'],
        ['A', 'y'],
      ],
      {},
      'cannot seal A: it appears twice',
    ],
    ['a name of sops, dotenv', [['sops_x', 'x']], {}, 'cannot seal sops_x: sops reserves such names'],
    ['a name of sops, JSON', [['sops', 'x']], { format: 'json' }, 'cannot seal sops: sops reserves'],
    ['NUL', [['A', 'x\0']], {}, 'cannot seal A: expected a value without NUL'],
    [
      'an unpaired surrogate',
      [['A', '\ud800']],
      {},
      'cannot seal A: expected a value without unpaired surrogates',
    ],
    ['a plain ciphertext', [['A_unencrypted', 'ENC[AES256_GCM,']], {}, 'a plain value cannot look encrypted'],
    ['a plain backslash n', [['A_unencrypted', '\\n']], {}, 'a plain value cannot hold a backslash'],
    ['no key', [], usage([]), 'a SOPS file needs a key in each group'],
    [
      'a group without a key',
      [],
      usage({ groups: [[ageKey(A)], []], threshold: 2 }),
      'a SOPS file needs a key',
    ],
    [
      'a threshold of 1',
      [],
      usage({ groups: [[ageKey(A)], [ageKey(B)]], threshold: 1 }),
      'a threshold must be from 2',
    ],
    ['a threshold of 3', [], usage({ groups: [[ageKey(A)], [ageKey(B)]], threshold: 3 }), 'which is 2'],
    [
      'an unknown rule',
      [],
      { rule: { kind: 'encrypted_regex', pattern: '(' } },
      'cannot read the encrypted_regex',
    ],
  ])('%s', async (_, entries, options, message) => {
    const error = await errorOf(() => seal(entries, options));
    expect(error?.message).toContain(message);
  });
});

test.each([
  ['NUL', [0x41, 0], 'A holds a NUL'],
  ['bytes that are not UTF-8', [0x41, 0xff], 'A is not UTF-8'],
])('no environment can hold %s, which others may seal', async (_, plaintext, reason) => {
  let dataKey = new Uint8Array();
  const keep: Wrap = async (bytes, { key }) => {
    dataKey = new Uint8Array(bytes);
    return { kind: 'age', key, wrapped: 'x' };
  };
  const text = textOf(await seal([['A', 'x']], { wrap: keep }));
  const iv = new Uint8Array(32);
  const input = { iv, additionalData: new TextEncoder().encode('A:') };
  const sealed = await sealGcm(await importGcmKey(dataKey), input, Uint8Array.from(plaintext));
  const parts = [sealed.subarray(0, -16), iv, sealed.subarray(-16)].map((part) =>
    Buffer.from(part).toString('base64'),
  );
  const line = `A=ENC[AES256_GCM,data:${parts[0]},iv:${parts[1]},tag:${parts[2]},type:str]`;
  const error = await errorOf(() => open(text.replace(/^A=.*/, line), { unwrap: async () => dataKey }));
  expect(error?.message).toContain(reason);
});
