/** Changed SOPS files: what was asked for is different, and nothing else is. */
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type SealSopsOptions, sealSops } from '../../../../src/sealing/sops/edit/seal.ts';
import type { SopsKind } from '../../../../src/sealing/sops/model.ts';
import { Secret } from '../../../../src/secret.ts';
import { names, values } from '../../../envfile/values.ts';
import { A, ageKey, unwrapNot, wrap, wrapNot } from '../age-keys.ts';
import { change, changesOf, differingLines, LATER, openDocument, revealed, textOf } from '../changing.ts';
import { errorOf, expectedOf, read, vector, vectorNames } from '../opening.ts';

const FORMATS: readonly SopsKind[] = ['dotenv', 'json', 'yaml'];
const NOW = new Date('2026-01-31T12:00:00Z');
const NOT = { unwrap: unwrapNot };

async function seal(
  entries: Iterable<readonly [string, string, (readonly string[])?]>,
  options: Partial<SealSopsOptions> = {},
): Promise<string> {
  const base = { format: 'dotenv', keys: [ageKey(A)], wrap: wrapNot, now: NOW } as const;
  return textOf(await sealSops(entries, { ...base, ...options }));
}

/** What a line is about, without its value. */
function nameOf(line: string): string {
  return line.trim().split(/[:=]/, 1)[0]?.replaceAll('"', '') ?? '';
}

describe('of files that sops wrote, only these lines change', () => {
  test.each(vectorNames)('%s', async (name) => {
    const before = vector(name);
    const after = await change(before, { DB_PASSWORD: 'n€w "value"' });
    const { gone, come } = differingLines(before, after);
    const prefix = name.endsWith('.env') ? 'sops_' : '';
    const expected = ['DB_PASSWORD', `${prefix}lastmodified`, `${prefix}mac`];
    expect(gone.map(nameOf)).toEqual(expected);
    expect(come.map(nameOf)).toEqual(expected);
    expect(after).toContain('2031-07-01T08:09:10Z');
    const { variables } = await openDocument(after);
    expect(Object.fromEntries(revealed(variables))).toEqual({
      ...expectedOf(name),
      DB_PASSWORD: 'n€w "value"',
    });
  });
});

describe('what has its value already is not touched', () => {
  test.each(vectorNames)('%s: the very bytes', async (name) => {
    const bytes = new TextEncoder().encode(vector(name));
    const document = await openDocument(bytes);
    const same = new Map([...document.variables, ['ABSENT', undefined]] as [string, Secret | undefined][]);
    expect(await document.change(same, LATER)).toBe(bytes);
  });

  test('a number stays a number, beside another change', async () => {
    const before = vector('one-key.json');
    const document = await openDocument(before);
    const port = document.variables.get('DB_PORT') as Secret;
    const after = textOf(
      await document.change(new Map([['DB_PORT', port], ...changesOf({ NEW: 'x' })]), LATER),
    );
    expect(after).toMatch(/"DB_PORT": "ENC.*type:(?:int|float)\]"/);
    expect(differingLines(before, after).come.map(nameOf)).toEqual(['NEW', 'lastmodified', 'mac']);
  });
});

describe('where they come and go', () => {
  const entries: [string, string][] = [
    ['A', '1'],
    ['B', '2'],
    ['C', '3'],
  ];

  test.each(FORMATS)('%s: new ones last, before the metadata', async (format) => {
    const after = await change(await seal(entries, { format }), { Z: 'z', Y: 'y\n' }, NOT);
    expect(await read(after, NOT)).toEqual([...entries, ['Z', 'z'], ['Y', 'y\n']]);
    expect(after.indexOf('Y')).toBeLessThan(after.search(/sops(?:_|"?:)/));
  });

  test.each(
    FORMATS.flatMap((format) =>
      [['A'], ['B'], ['C'], ['A', 'B'], ['B', 'C'], ['A', 'C'], ['A', 'B', 'C']].map(
        (gone) => [format, gone] as const,
      ),
    ),
  )('%s: without %j', async (format, gone) => {
    const before = await seal(entries, { format });
    const after = await change(before, Object.fromEntries(gone.map((name) => [name, undefined])), NOT);
    expect(await read(after, NOT)).toEqual(entries.filter(([name]) => !gone.includes(name)));
    expect(differingLines(before, after).gone.map(nameOf).slice(0, gone.length)).toEqual(gone);
  });

  test.each(FORMATS)('%s: into a file without any, and out of it again', async (format) => {
    const empty = await seal([], { format });
    const one = await change(empty, { A: 'x' }, NOT);
    expect(await read(one, NOT)).toEqual([['A', 'x']]);
    expect(await read(await change(one, { A: undefined, B: 'y' }, NOT), NOT)).toEqual([['B', 'y']]);
  });

  test.each(FORMATS)('%s: names that YAML takes for something else', async (format) => {
    const changes = { true: 'x', no: 'y', null: 'z', _1: '1', 'e-1': '2' };
    expect(await read(await change(await seal([], { format }), changes, NOT), NOT)).toEqual(
      Object.entries(changes),
    );
  });
});

/** A file that `seal` wrote, in another style: the MAC covers only values. */
describe('the style of a file stays', () => {
  const restyle = async (format: SopsKind, change: (text: string) => string) =>
    change(
      await seal(
        [
          ['A', '1'],
          ['B_unencrypted', 'plain'],
          ['C', '3'],
        ],
        { format },
      ),
    );
  const compact = (text: string) => JSON.stringify(JSON.parse(text));
  /** sops takes a YAML file for JSON where that starts with a brace. */
  const braces = (text: string) => {
    const [, variables = '', metadata = ''] = /^([\s\S]*)sops:\n([\s\S]*)$/.exec(text) ?? [];
    const fields = metadata
      .replace(/ {4}"age":\n.*-\n *(.*)\n *(.*)\n/, '"age": [{$1, $2}]\n')
      .trim()
      .split(/\n */);
    return `# in braces\n{${variables.replaceAll('\n', ',\n')}sops: {${fields.join(',\n  ')}}}\n`;
  };

  test.each<[string, SopsKind, (text: string) => string, RegExp]>([
    ['CRLF', 'json', (text) => text.replaceAll('\n', '\r\n'), /\r\n\t"NEW": "ENC[^\n]*",\r\n\t"sops"/],
    ['CRLF', 'yaml', (text) => text.replaceAll('\n', '\r\n'), /\r\nNEW: "ENC[^\n]*"\r\nsops:/],
    ['a BOM', 'dotenv', (text) => `\uFEFF${text}`, /^\uFEFFB_unencrypted=/],
    ['a BOM', 'json', (text) => `\uFEFF${text}`, /^\uFEFF\{/],
    ['a BOM', 'yaml', (text) => `\uFEFF${text}`, /^\uFEFF"B_unencrypted": "plain"\n"C": "ENC/],
    ['no line feed at the end', 'dotenv', (text) => text.trimEnd(), /[^\n]$/],
    ['no line feed at the end', 'yaml', (text) => text.trimEnd(), /[^\n]$/],
    [
      'one line',
      'json',
      compact,
      /^\{"B_unencrypted":"plain","C":"ENC[^\n]*,"NEW":"ENC[^"]*","sops":\{[^\n]*\}\}$/,
    ],
    [
      'spaces',
      'json',
      (text) => JSON.stringify(JSON.parse(text), null, 2),
      /\n {2}"NEW": "ENC[^\n]*,\n {2}"sops"/,
    ],
    [
      'metadata first',
      'json',
      (text) => {
        const { sops, ...others } = JSON.parse(text);
        return JSON.stringify({ sops, ...others }, null, 1);
      },
      /^\{\n "NEW": "ENC[^\n]*,\n "sops": /,
    ],
    [
      'metadata first',
      'dotenv',
      (text) => text.replace(/^([\s\S]*?)(sops_[\s\S]*)$/, '$2$1'),
      /^NEW=ENC.*\nsops_/,
    ],
    [
      'metadata first',
      'yaml',
      (text) => text.replace(/^([\s\S]*?)(sops:[\s\S]*)$/, '$2$1'),
      /^NEW: "ENC.*\nsops:/,
    ],
    [
      'braces',
      'yaml',
      braces,
      /^# in braces\n\{"B_unencrypted": "plain",\n"C": "ENC.*,\nNEW: "ENC.*",\nsops: \{/,
    ],
    [
      'unquoted ciphertexts',
      'yaml',
      (text) => text.replace(/"(ENC\[.*\])"/g, '$1'),
      /\nNEW: ENC\[.*\]\nsops:/,
    ],
    [
      'values on the next line',
      'yaml',
      (text) => text.replace(/^"(\w+)": /gm, '$1:\n    '),
      /^B_unencrypted:\n {4}"plain"\nC:\n {4}"ENC/,
    ],
    ['quoted by apostrophes', 'yaml', (text) => text.replace(/"(ENC\[.*\])"/g, "'$1'"), /^"C": "ENC/m],
    [
      'a comment behind a value',
      'yaml',
      (text) => text.replace(/^("C": .*)$/m, '$1 # c'),
      /^"C": "ENC.*" # c$/m,
    ],
    ['a document marker', 'yaml', (text) => `---\n${text}...\n`, /^---\n"B_unencrypted"[\s\S]*\n\.\.\.\n$/],
    ['indented', 'yaml', (text) => text.replace(/^/gm, '  '), /\n {2}NEW: "ENC.*\n {2}sops:/],
  ])('%s, %s', async (_, format, restyled, expected) => {
    const before = await restyle(format, restyled);
    const after = await change(before, { A: undefined, C: 'x', NEW: 'y' }, NOT);
    expect(after).toMatch(expected);
    expect(Object.fromEntries(await read(after, NOT))).toEqual({ B_unencrypted: 'plain', C: 'x', NEW: 'y' });
  });

  test('a literal block of YAML becomes a string in quotes, and its line ends as before', async () => {
    const text = await seal(
      [
        ['A_unencrypted', 'one\ntwo\n'],
        ['B', 'x'],
      ],
      { format: 'yaml' },
    );
    const before = text.replace('"one\\ntwo\\n"', '|\n  one\n  two');
    const after = await change(before, { A_unencrypted: 'three' }, NOT);
    expect(after).toMatch(/^"A_unencrypted": "three"\n"B": "ENC/);
  });
});

describe('the rule decides', () => {
  const rule = { kind: 'encrypted_regex', pattern: 'PASS' } as const;

  test.each(FORMATS)(
    '%s: what it leaves plain is plain, and in quotes where it has to be',
    async (format) => {
      const before = await seal([['PASS', 'x']], { format, rule });
      const after = await change(
        before,
        { PORT: '8080', ON: 'true', PASS_2: 's3cret', TIME: '2026-01-31T12:00:00Z' },
        NOT,
      );
      expect(after).toMatch(/^\s*"?PORT"?(?:=|: ")8080/m);
      expect(after).not.toContain('s3cret');
      const opened = await openDocument(after, NOT);
      expect(revealed(opened.variables).slice(1)).toEqual([
        ['PORT', '8080'],
        ['ON', 'true'],
        ['PASS_2', 's3cret'],
        ['TIME', '2026-01-31T12:00:00Z'],
      ]);
    },
  );

  test.each(FORMATS)('%s: with mac_only_encrypted plain values are not in the MAC', async (format) => {
    const before = await seal(
      [
        ['PASS', 'x'],
        ['PORT', '1'],
      ],
      { format, rule, macOnlyEncrypted: true },
    );
    const after = await change(before, { PORT: '8080' }, NOT);
    const forged = await openDocument(after.replace('8080', '9090'), NOT);
    expect(forged.unauthenticated).toEqual(['PORT']);
    expect(revealed(forged.variables)).toContainEqual(['PORT', '9090']);
  });

  const asking = { kind: 'encrypted_comment_regex', pattern: '^secret' } as const;
  const public_ = { kind: 'unencrypted_comment_regex', pattern: '^public' } as const;

  test.each<[string, NonNullable<SealSopsOptions['rule']>, string, string]>([
    ['asks for encryption', asking, 'secret', 'sealed'],
    ['asks for none', public_, 'public', 'plain'],
  ])(
    'a comment that %s goes with its variable, and the next stays as it was',
    async (_, rule, comment, own) => {
      for (const format of ['dotenv', 'yaml'] as const) {
        const before = await seal(
          [
            ['A', '1', ['top']],
            ['B', '2', ['more', comment]],
            ['C', '3', ['last']],
          ],
          { format, rule },
        );
        const isPlain = (text: string, name: string) => !new RegExp(`^"?${name}"?.*ENC`, 'm').test(text);
        expect([isPlain(before, 'B'), isPlain(before, 'C')]).toEqual([own === 'plain', own !== 'plain']);
        const after = await change(before, { B: undefined }, NOT);
        expect(after).not.toContain(comment === 'secret' ? '#secret' : '#public');
        expect(after.match(/^#/gm)).toHaveLength(2);
        expect(isPlain(after, 'C')).toBe(isPlain(before, 'C'));
        expect(differingLines(before, after).come.map(nameOf)).toHaveLength(2);
      }
    },
  );

  test('a comment that decides nothing stays', async () => {
    const before = await seal(
      [
        ['A', '1', ['about A']],
        ['B', '2'],
      ],
      { rule: asking },
    );
    expect(await change(before, { A: undefined }, NOT)).toMatch(/^#about A\nB=2\n/);
  });

  test('so do all comments where names decide', async () => {
    const before = await seal(
      [
        ['A', '1', ['about A']],
        ['B', '2'],
      ],
      { commentsAtEnd: ['end'] },
    );
    const after = await change(before, { A: undefined, B: undefined, C: '3' }, NOT);
    const comments = (text: string) => text.split('\n').filter((line) => line.startsWith('#'));
    expect(comments(after)).toEqual(comments(before));
    expect(comments(after)).toHaveLength(2);
  });

  test('a new variable is behind the comments at the end, and they decide for it', async () => {
    const before = await seal([['A', '1']], { rule: asking, commentsAtEnd: ['secrets from here'] });
    expect(await change(before, { B: 's3cret' }, NOT)).toMatch(/#secrets from here\nB=ENC/);
  });
});

describe('is refused, by name', () => {
  test.each<[string, SopsKind, Record<string, string>, string]>([
    ['NUL', 'json', { A: 'x\0' }, 'cannot seal A: expected a value without NUL'],
    [
      'an unpaired surrogate',
      'yaml',
      { A: '\ud800' },
      'cannot seal A: expected a value without unpaired surrogates',
    ],
    [
      'a plain ciphertext',
      'dotenv',
      { A_unencrypted: 'ENC[AES256_GCM,' },
      'A_unencrypted: a plain value cannot look',
    ],
    [
      'a plain backslash n',
      'dotenv',
      { A_unencrypted: '\\n' },
      'A_unencrypted: a plain value cannot hold a backslash',
    ],
    ['a name of sops', 'dotenv', { sops_mac: 'x' }, 'cannot seal sops_mac: sops reserves such names'],
    ['a name of sops', 'yaml', { sops: 'x' }, 'cannot seal sops: sops reserves such names'],
    ['an invalid name', 'json', { 'pass word': 'x' }, 'cannot seal a new variable: expected a name'],
  ])('%s, %s', async (_, format, changes, message) => {
    const before = await seal([['A', '1']], { format });
    const error = await errorOf(() => change(before, changes, NOT));
    expect(error).toMatchObject({ code: 'malformed' });
    expect(error?.message).toContain(message);
  });

  test('more than a source may have', async () => {
    const before = await seal([['A', '1']]);
    const error = await errorOf(() => change(before, { A: 'x'.repeat(2 * 1024 * 1024) }, NOT));
    expect(error?.code).toBe('too_large');
  });
});

test.each(FORMATS)(
  '%s: any sequence of changes is the same as on a map, and no other line changes',
  async (format) => {
    const step = fc.dictionary(
      fc.oneof(fc.constantFrom('A', 'B', 'C', 'D', 'E_unencrypted'), names()),
      fc.option(values(), { nil: undefined }),
      { maxKeys: 4, noNullPrototype: true },
    );
    const isReserved = (name: string) => /^sops(?:_|$)/.test(name);
    const cannotHold = (name: string, value = '') => /_unencrypted$/.test(name) && /\\n|^ENC/.test(value);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 5 }), async (steps) => {
        const start: [string, string, string[]][] = [
          ['A', '1', ['one']],
          ['B', '2', []],
          ['C', '3', ['three', 'four']],
        ];
        let text = await seal(start, { format, commentsAtEnd: ['end'] });
        const map = new Map(start.map(([name, value]) => [name, value]));
        for (const all of steps) {
          const changes = Object.entries(all).filter(
            ([name, value]) => !isReserved(name) && !cannotHold(name, value),
          );
          const touched = new Set([
            ...changes.map(([name]) => name),
            'lastmodified',
            'mac',
            'sops_lastmodified',
            'sops_mac',
          ]);
          const others = (file: string) => file.split('\n').filter((line) => !touched.has(nameOf(line)));
          const before = others(text);
          for (const [name, value] of changes) {
            if (value === undefined) map.delete(name);
            else map.set(name, value);
          }
          const document = await openDocument(text, NOT);
          const asked = new Map(
            changes.map(([name, value]) => [name, value === undefined ? undefined : new Secret(value)]),
          );
          text = textOf(await document.change(asked, LATER, { allowPlain: true }));
          expect(others(text)).toEqual(before);
          expect(await read(text, NOT)).toEqual([...map]);
        }
      }),
      { numRuns: 60 },
    );
  },
);

test('a document shows neither its values nor its data key', async () => {
  const canary = 'xQ7Zj0Kw9Vb3Gy';
  let dataKey = '';
  const bytes = await sealSops([['A', canary]], {
    format: 'yaml',
    keys: [ageKey(A)],
    now: NOW,
    wrap: async (key, to) => {
      dataKey = Buffer.from(key).toString('hex');
      return wrap(key, to);
    },
  });
  const document = await openDocument(bytes);
  const shown =
    inspect(document, { showHidden: true, depth: Infinity, getters: true }) + JSON.stringify(document);
  for (const secret of [canary, dataKey, 'CryptoKey']) expect(shown).not.toContain(secret);
  expect(Object.keys(document).sort()).toEqual([
    'keys',
    'lastModified',
    'recipients',
    'threshold',
    'unauthenticated',
    'variables',
  ]);
});

describe('a rule that was tampered with gives no new value away', () => {
  const forged = async () => {
    const text = await seal(
      [
        ['A', '1'],
        ['EMPTY', ''],
      ],
      { format: 'dotenv' },
    );
    return text.replace(/^sops_unencrypted_suffix=.*$/m, 'sops_encrypted_regex=^A$');
  };

  test.each([
    ['a new one', 'TOKEN'],
    ['one that was empty', 'EMPTY'],
  ])('%s', async (_, name) => {
    const document = await openDocument(await forged(), NOT);
    const changes = changesOf({ [name]: 'canary' });
    await expect(document.change(changes, LATER)).rejects.toMatchObject({ code: 'unsealed' });
    expect(textOf(await document.change(changes, LATER, { allowPlain: true }))).toContain(`${name}=canary`);
  });
});

test('it says who can open it, who did, and when it was changed', async () => {
  const { recipients, keys, lastModified } = await openDocument(vector('groups-2-of-3.json'));
  expect(recipients).toHaveLength(3);
  expect(keys).toHaveLength(2);
  expect(recipients).toEqual(expect.arrayContaining([...keys]));
  expect(lastModified.toISOString()).toMatch(/^2026-11-21T/);
});
