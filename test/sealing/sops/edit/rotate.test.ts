/** SOPS files sealed again with a new data key, and made plain. */
import { describe, expect, test } from 'vitest';
import { parseVariables } from '../../../../src/envfile/parse.ts';
import type { KeyToWrapWith, Unwrap, Wrap } from '../../../../src/keys/kinds.ts';
import { type SealSopsOptions, sealSops } from '../../../../src/sealing/sops/edit/seal.ts';
import type { SopsKind } from '../../../../src/sealing/sops/model.ts';
import { A, ageKey, B, C, unwrapNot, unwrapWith, wrap, wrapNot } from '../age-keys.ts';
import { differingLines, LATER, openDocument, revealed, textOf } from '../changing.ts';
import { complaint, errorOf, expectedOf, read, SOURCE, vector, vectorNames } from '../opening.ts';

const FORMATS: readonly SopsKind[] = ['dotenv', 'json', 'yaml'];
const NOW = new Date('2026-01-31T12:00:00Z');

type Entry = readonly [string, string, (readonly string[])?];

async function seal(entries: Iterable<Entry>, options: Partial<SealSopsOptions> = {}): Promise<string> {
  const base = { format: 'dotenv', keys: [ageKey(A)], wrap, now: NOW } as const;
  return textOf(await sealSops(entries, { ...base, ...options }));
}

async function rotate(text: string, keys?: SealSopsOptions['keys']): Promise<string> {
  const document = await openDocument(text);
  return textOf(await document.rotate({ wrap, now: LATER, ...(keys === undefined ? {} : { keys }) }));
}

const ciphertextsOf = (text: string) => text.match(/ENC\[[^\]]*\]/g) ?? [];
const armoredOf = (text: string) => text.match(/-----BEGIN AGE[^-]*-----END/g) ?? [];

describe('of files that sops wrote, nothing sealed is left, and all else stays', () => {
  test.each(vectorNames)('%s', async (name) => {
    const before = vector(name);
    const after = await rotate(before);
    const { variables, recipients } = await openDocument(after);
    expect(Object.fromEntries(revealed(variables))).toEqual(expectedOf(name));
    expect(recipients).toEqual((await openDocument(before)).recipients);
    const sealed = [...ciphertextsOf(before), ...armoredOf(before)];
    expect(sealed.length).toBeGreaterThan(1);
    expect(sealed.filter((text) => after.includes(text))).toEqual([]);
    // Where the sealed texts are, and which types they have, is the same; so is everything between them.
    const outline = (text: string) =>
      text
        .replace(/ENC\[AES256_GCM,[^\]]*type:/g, 'ENC[')
        .replace(/(-----BEGIN AGE ENCRYPTED FILE-----)[\s\S]*?(-----END)/g, '$1$2')
        .replace(/20[0-9-]+T[0-9:]+Z(?="?,?\n.*mac)/, 'TIME');
    expect(outline(after)).toBe(outline(before));
  });
});

test.each(['one-key.env', 'one-key.yaml', 'unencrypted-comment-regex.env', 'encrypted-comment-regex.yaml'])(
  '%s: comments are those that they were',
  async (name) => {
    const plainOf = async (text: string) => textOf(await (await openDocument(text)).toDotenv());
    const before = await plainOf(vector(name));
    expect(before).toContain('comment');
    expect(before).not.toContain('ENC[');
    expect(await plainOf(await rotate(vector(name)))).toBe(before);
  },
);

describe('for other keys', () => {
  const groups = { groups: [[ageKey(A)], [ageKey(B), ageKey(C)], [ageKey(C)]], threshold: 2 };

  test.each(
    FORMATS.flatMap((format) =>
      (
        [
          ['one key instead', [ageKey(A)], [ageKey(B)], 'b'],
          ['more keys', [ageKey(A)], [ageKey(A), ageKey(C)], 'c'],
          ['groups instead of a key', [ageKey(A)], groups, 'bc'],
          ['a key instead of groups', groups, [ageKey(C)], 'c'],
        ] as const
      ).map((row) => [format, ...row] as const),
    ),
  )('%s: %s', async (format, _, keys, others, opener) => {
    const before = await seal([['A', 'x', ['c']]], { format, keys });
    const after = await rotate(before, others);
    expect(await read(after, { unwrap: unwrapWith(...([...opener] as 'a'[])) })).toEqual([['A', 'x']]);
    const { recipients } = await openDocument(after);
    const flat = 'groups' in others ? others.groups.flat() : others;
    expect(new Set(recipients)).toEqual(new Set(flat.map(({ key }) => key)));
    if (!recipients.includes(A)) expect(await complaint(after)).toContain('wrong_key');
    expect(differingLines(before, after).gone.join()).not.toMatch(/version|suffix/);
  });

  test('groups stay groups with the same threshold', async () => {
    const after = await rotate(await seal([['A', 'x']], { keys: groups }));
    expect(after).toContain('sops_shamir_threshold=2\n');
    expect(await read(after, { unwrap: unwrapWith('b', 'c') })).toEqual([['A', 'x']]);
    expect(await complaint(after, { unwrap: unwrapWith('a') })).toContain('wrong_key');
  });

  test.each<[string, SopsKind, (text: string) => string]>([
    ['in one line', 'json', (text) => JSON.stringify(JSON.parse(text))],
    ['with CRLF', 'json', (text) => text.replaceAll('\n', '\r\n')],
    ['with spaces', 'json', (text) => JSON.stringify(JSON.parse(text), null, 3)],
    ['with CRLF', 'yaml', (text) => text.replaceAll('\n', '\r\n')],
    ['indented deeper', 'yaml', (text) => text.replace(/^(?= )/gm, '  ')],
    [
      'with the keys last',
      'yaml',
      (text) => text.replace(/sops:\n([\s\S]*?)( {4}"lastmodified[\s\S]*)/, 'sops:\n$2$1'),
    ],
    ['with the keys last', 'dotenv', (text) => text.replace(/((?:sops_age.*\n)+)([\s\S]*)/, '$2$1')],
  ])('%s: %s', async (_, format, restyle) => {
    const before = restyle(await seal([['A', 'x']], { format }));
    expect(await read(await rotate(before, [ageKey(B)]), { unwrap: unwrapWith('b') })).toEqual([['A', 'x']]);
    expect(await read(await rotate(before, groups), { unwrap: unwrapWith('b', 'c') })).toEqual([['A', 'x']]);
    expect(await read(await rotate(before))).toEqual([['A', 'x']]);
  });
});

describe('keys of clouds', () => {
  const alias = 'arn:aws:kms:eu-west-1:111122223333:alias/envs';
  const key = 'arn:aws:kms:eu-west-1:111122223333:key/1';
  const role = 'arn:aws:iam::111122223333:role/r';
  const cloud = 'projects/p/locations/l/keyRings/r/cryptoKeys/k';
  const kms = { kind: 'aws-kms', key: alias, context: { app: 'snäcks' }, role, profile: 'ops' } as const;

  test.each(FORMATS)(
    '%s: keep context, role, profile and age, and an alias becomes its key',
    async (format) => {
      const hex = (bytes: Uint8Array, from: number) => Buffer.concat([Buffer.of(from), bytes]);
      const asked: KeyToWrapWith[] = [];
      const wrapAs =
        (name: string): Wrap =>
        async (dataKey, to) => {
          asked.push(to);
          if (to.kind === 'aws-kms') {
            const { context, role, profile } = to;
            return {
              kind: 'aws-kms',
              key: name,
              context,
              role,
              profile,
              wrapped: hex(dataKey, asked.length),
            };
          }
          return to.kind === 'age' ? wrapNot(dataKey, to) : { ...to, wrapped: hex(dataKey, asked.length) };
        };
      const unwrap: Unwrap = async (from) => (from as { wrapped: Uint8Array }).wrapped.subarray(1);
      const before = await seal([['A', 'x']], {
        format,
        keys: [kms, { kind: 'cloud-kms', key: cloud }],
        wrap: wrapAs(alias),
      });
      asked.length = 0;
      const document = await openDocument(before, { unwrap });
      expect(document.recipients).toEqual([alias, cloud]);
      const after = textOf(await document.rotate({ wrap: wrapAs(key), now: LATER }));
      expect(asked).toEqual([kms, { kind: 'cloud-kms', key: cloud }]);
      const rotated = await openDocument(after, { unwrap });
      expect(rotated.recipients).toEqual([key, cloud]);
      expect(revealed(rotated.variables)).toEqual([['A', 'x']]);
      expect(after.match(/2026-01-31T12:00:00Z/g)).toHaveLength(2);
      expect(differingLines(before, after).gone).toHaveLength(6);
    },
  );
});

describe('a key that envseal cannot seal for', () => {
  const pgp = 'sops_pgp__list_0__map_fp=ABCD\nsops_pgp__list_0__map_enc=x\n';

  test('stops it, and is reported', async () => {
    const text = (await seal([['A', 'x']])) + pgp;
    const error = await errorOf(() => rotate(text));
    expect(error).toMatchObject({
      code: 'key_unavailable',
      message: `envseal cannot seal ${SOURCE} again for its pgp keys`,
    });
    expect(error?.hint).toContain('sops rotate');
  });

  test('goes where all keys are named anew', async () => {
    const after = await rotate((await seal([['A', 'x']])) + pgp, [ageKey(B)]);
    expect(after).not.toContain('pgp');
    expect((await openDocument(after)).recipients).toEqual([B]);
  });
});

test('what looks like a comment of sops, and is of another file, stays', async () => {
  const other = /^#ENC.*$/m.exec(vector('one-key.env'))?.[0] as string;
  const before = `${other}\n#ENC[AES256_GCM,nonsense]\n${await seal([['A', 'x', ['mine']]])}`;
  const after = await rotate(before);
  expect(after.startsWith(`${other}\n#ENC[AES256_GCM,nonsense]\n#ENC[`)).toBe(true);
  const plain = textOf(await (await openDocument(after)).toDotenv());
  expect(plain).toBe(`${other}\n#ENC[AES256_GCM,nonsense]\n#mine\nA=x\n`);
});

test('a wrapping that fails stops it', async () => {
  const document = await openDocument(await seal([['A', 'x']]));
  const refuse: Wrap = async () => {
    throw new Error('denied');
  };
  await expect(document.rotate({ wrap: refuse, now: LATER })).rejects.toThrow('denied');
});

describe('as a plain env file', () => {
  const entries: Entry[] = [
    ['A', "it's", [' about A', 'and more']],
    ['B', '', []],
    ['C', 'two\nlines', ['']],
  ];

  test.each(FORMATS)('%s: order, comments and every value', async (format) => {
    const text = await seal(entries, { format, commentsAtEnd: ['end'] });
    const plain = await (await openDocument(text)).toDotenv();
    const comments = format === 'json' ? '' : '# about A\n#and more\n';
    expect(textOf(plain)).toBe(
      format === 'json'
        ? `A="it's"\nB=\nC='two\nlines'\n`
        : `${comments}A="it's"\nB=\n#\nC='two\nlines'\n#end\n`,
    );
    const parsed = parseVariables(plain, { source: SOURCE, dialect: 'dotenv' });
    expect(revealed(parsed)).toEqual(entries.map(([name, value]) => [name, value]));
  });

  test.each(['dotenv', 'yaml'] as const)('%s: blank lines', async (format) => {
    const text = await seal(
      [
        ['A', '1', ['top']],
        ['B', '2', ['b']],
        ['C', '3'],
      ],
      { format, commentsAtEnd: ['end'] },
    );
    const spaced = text
      .replace(/^/, '\n')
      .replace(/^("?A"?[=:].*\n)/m, '$1\n \t\n'.replace(' \t', format === 'yaml' ? ' ' : ''))
      .replace(/^(?="?C)/m, '\n')
      .replace(/\n(?=.*\nsops)/, '\n\n');
    expect(textOf(await (await openDocument(spaced)).toDotenv())).toBe(
      '#top\nA=1\n\n#b\nB=2\n\nC=3\n\n#end\n',
    );
  });

  test.each(vectorNames)('%s: its variables', async (name) => {
    const plain = await (await openDocument(vector(name))).toDotenv();
    const parsed = parseVariables(plain, { source: SOURCE, dialect: 'dotenv' });
    expect(Object.fromEntries(revealed(parsed))).toEqual(expectedOf(name));
  });

  test('a comment of several lines cannot become a variable', async () => {
    const { sealText, pathTo } = await import('../../../../src/sealing/sops/ciphertext.ts');
    const { importGcmKey } = await import('../../../../src/sealing/aes-gcm.ts');
    const dataKey = new Uint8Array(32).fill(7);
    const keep: Wrap = async (key, to) => {
      dataKey.set(key);
      return wrapNot(key, to);
    };
    const text = await seal([['A', 'x', ['PLACE']]], {
      wrap: keep,
      rule: { kind: 'encrypted_suffix', pattern: 'A' },
    });
    const own = await sealText(await importGcmKey(dataKey), 'one\nLD_PRELOAD=x\r\0y', pathTo(''), 'comment');
    const document = await openDocument(text.replace('PLACE', own), { unwrap: unwrapNot });
    expect(textOf(await document.toDotenv())).toBe('#one\n#LD_PRELOAD=x\n#y\nA=x\n');
  });
});

describe('comments are sealed as sops does it', () => {
  test.each(['dotenv', 'yaml'] as const)('%s: encrypted, each time otherwise', async (format) => {
    const entries: Entry[] = [['A', 'x', ['xQ7Zj0Kw9Vb3Gy']]];
    const texts = [await seal(entries, { format }), await seal(entries, { format })];
    expect(texts[0]).toMatch(/^#ENC\[AES256_GCM,data:.*,type:comment\]\n/);
    expect(texts[0]).not.toContain('xQ7Z');
    expect(texts[0]?.split('\n')[0]).not.toBe(texts[1]?.split('\n')[0]);
  });

  test('where names decide what is encrypted, they stay plain', async () => {
    const rule = { kind: 'encrypted_regex', pattern: 'A' } as const;
    expect(await seal([['A', 'x', ['about A']]], { rule, commentsAtEnd: ['end'] })).toMatch(
      /^#about A\nA=ENC.*\n#end\nsops_/,
    );
  });

  test('where they decide themselves, the one that does stays plain', async () => {
    const asking = { kind: 'encrypted_comment_regex', pattern: '^secret' } as const;
    const text = await seal(
      [
        ['A', 'x', ['first', 'secret', 'after', 'secret']],
        ['B', 'y'],
      ],
      { rule: asking },
    );
    expect(text).toMatch(/^#first\n#secret\n#ENC.*\n#ENC.*\nA=ENC.*\nB=y\n/);
    const unasking = { kind: 'unencrypted_comment_regex', pattern: '^public' } as const;
    const plain = await seal(
      [
        ['A', 'x', ['first', 'public', 'after']],
        ['B', 'y'],
      ],
      { rule: unasking },
    );
    expect(plain).toMatch(/^#ENC.*\n#public\n#after\nA=x\nB=ENC/);
  });

  test('an expression that matches ciphertext is refused, and one that does so by chance is not', async () => {
    const rule = (pattern: string) => ({ kind: 'unencrypted_comment_regex', pattern }) as const;
    const error = await errorOf(() => seal([['A', 'x', ['c']]], { rule: rule('ENC') }));
    expect(error?.message).toBe(
      'cannot seal its comments: the unencrypted_comment_regex matches the ciphertext',
    );
    for (let i = 0; i < 20; i++) {
      const text = await seal([['A', 'x', ['c']]], { rule: rule('q[A-Z]'), wrap: wrapNot });
      expect(await read(text, { unwrap: unwrapNot })).toEqual([['A', 'x']]);
      expect(text).toMatch(/^A=ENC/m);
    }
  });

  test.each([['a\nb'], ['a\rb'], ['a\0'], ['a\u2028b'], ['\u0085'], ['\ud800'], ['\x1b[0m']])(
    '%j is not a line',
    async (comment) => {
      for (const options of [{ format: 'yaml' }, { format: 'dotenv' }] as const) {
        const error = await errorOf(() => seal([['A', 'x', [comment]]], options));
        expect(error?.message).toBe('cannot seal A: its comments must be lines without control characters');
      }
      expect(await read(await seal([['A', 'x', [comment]]], { format: 'json' }))).toEqual([['A', 'x']]);
    },
  );
});
