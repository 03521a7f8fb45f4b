/** Whatever the bytes, opening gives variables or an EnvsealError, which says no value and no text of the file. */
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EnvsealError } from '../../../src/errors.ts';
import type { Unwrap } from '../../../src/keys/kinds.ts';
import { detectSops } from '../../../src/sealing/sops/detect.ts';
import { sealSops } from '../../../src/sealing/sops/edit/seal.ts';
import type { SopsKind } from '../../../src/sealing/sops/model.ts';
import { openSops } from '../../../src/sealing/sops/open.ts';
import { bytesOf, errorOf, SOURCE, vector } from './opening.ts';

/** No four characters of it are in any message, path or stack. */
const CANARY = 'xQ7Zj0Kw9Vb3Gy';
const PIECES = Array.from({ length: CANARY.length - 3 }, (_, i) => CANARY.slice(i, i + 4));
const KINDS: readonly SopsKind[] = ['dotenv', 'json', 'yaml'];
const DATA_KEY = new Uint8Array(32).fill(7);

const unwrap: Unwrap = async (key) =>
  'wrapped' in key && key.wrapped === 'right' ? DATA_KEY : new Uint8Array(32);
const wrap = async () => ({ kind: 'age', key: 'age1x', wrapped: 'right' }) as const;

async function openAs(bytes: Uint8Array, kind: SopsKind): Promise<EnvsealError | undefined> {
  return errorOf(async () => {
    detectSops(bytes, { source: SOURCE });
    await openSops(bytes, kind, { source: SOURCE, unwrap, isAllowed: () => true, checkKey: () => undefined });
  });
}

function expectSilent(error: EnvsealError | undefined): void {
  if (error === undefined) return;
  const all = inspect(error, { showHidden: true, depth: Infinity, getters: true });
  const text = [error.message, error.hint, error.stack, String(error), JSON.stringify(error), all].join('\n');
  for (const piece of PIECES) expect(text).not.toContain(piece);
}

const CIPHERTEXT = /ENC\[AES256_GCM,data:[^\]]*type:str\]/.exec(vector('one-key.env'))?.[0];
const METADATA = vector('one-key.env').replace(/^(?!sops_).*\n/gm, '');
const YAML_METADATA = vector('one-key.yaml').replace(/.*(?=^sops:)/ms, '');
const JSON_METADATA = `"sops"${vector('one-key.json').split('"sops"')[1]}`;

/**
 * Where a file goes wrong, with the canary around every place; `%` is metadata. Only what may be the name of a variable,
 * an error may say.
 */
const BROKEN: Record<SopsKind, string[]> = {
  dotenv: [
    ...['@', '@ @=@\n%', `A=${CIPHERTEXT}@\n%`, 'A=ENC[AES256_GCM,@\n%', 'A_unencrypted=@\n%', '#@\nA=@\n%'],
    ...[
      'sops_version=@',
      'sops_@=@',
      '%sops_mac=@',
      '%sops_@__list_@=@',
      '%sops_version__map_@=@',
      'A_unencrypted=ENC[AES256_GCM,@\n%',
    ],
    ...[
      'sops_version=1.1.1\nsops_lastmodified=@',
      'sops_version=1.1.1\nsops_lastmodified=2020-01-01T00:00:00Z\nsops_mac=@',
    ],
  ],
  json: [
    ...[
      '{"@":',
      '{"@ @":"@",%',
      '{"A":@,%',
      '{"A":"@\\u0000",%',
      '{"A":"@\\x",%',
      '{"A":"@',
      '{"A":{"@":"@"},%',
    ],
    ...[
      '{"A":["@"],%',
      '{"A":1@,%',
      '{"sops":"@"}',
      '{"sops":{"@":@}}',
      '{"sops":{"@":"@","@":"@"}}',
      '{"sops":{"version":"@"}}',
    ],
    ...[
      '{"A":"@",%',
      '{"A":"ENC[AES256_GCM,@",%',
      '{"sops":{"version":["@"]}}',
      '{"sops":{"age":"@"}}',
      '{"sops":{"age":["@"]}}',
    ],
  ],
  yaml: [
    ...[
      '@',
      '@\nsops:\n',
      '@ @: @\n%',
      'A: *@\n%',
      'A: &@ @\n%',
      'A: !@ @\n%',
      '%@: [@',
      'A: "@\n%',
      'A: @\n%',
      'A:\n  @: @\n%',
    ],
    ...[
      'A: [@]\n%',
      'A: {@: @}\n%',
      '%---\n@',
      'A: @\nA: @\n%',
      '%YAML @\n---\n%',
      '- @\n',
      'sops: @',
      '\t@: @\n%',
    ],
    ...[
      'A: |@\n  @\n%',
      'A: @: @\n%',
      'A: "\\@"\n%',
      "A: '@\n%",
      '? @\n: @\n%',
      'A: ENC[AES256_GCM,@\n%',
      '`@: @\n%',
      '%@: >-@\n @',
    ],
  ],
};

describe('an error holds nothing of the file', () => {
  const shapes = KINDS.flatMap((kind) => BROKEN[kind].map((shape) => [kind, shape] as const));
  test.each(shapes)('%s: %j', async (kind, shape) => {
    const metadata = { dotenv: METADATA, json: JSON_METADATA, yaml: YAML_METADATA }[kind];
    const text = shape.replaceAll('@', CANARY).replace('%', () => metadata);
    const error = await openAs(bytesOf(text), kind);
    expect(error).toBeDefined();
    expectSilent(error);
  });

  test('not even when a value that opened is of no use', async () => {
    const entries: [string, string][] = [
      ['A', CANARY],
      ['B', `${CANARY}\n`],
    ];
    for (const format of KINDS) {
      const sealed = await sealSops(entries, {
        format,
        keys: [{ kind: 'age', key: 'age1x' }],
        wrap,
        now: new Date(),
      });
      const text = new TextDecoder().decode(sealed);
      for (const type of ['int', 'float', 'bool', 'time', 'bytes']) {
        const opened = await openSops(bytesOf(text.replace('type:str', `type:${type}`)), format, {
          source: SOURCE,
          unwrap: async () => DATA_KEY,
          isAllowed: () => true,
          checkKey: () => undefined,
        }).catch((error) => error);
        expectSilent(opened);
      }
    }
  });
});

describe('only an EnvsealError is ever thrown', () => {
  const CODES = ['malformed', 'corrupt', 'key_unavailable', 'too_large'];

  async function check(bytes: Uint8Array): Promise<void> {
    for (const kind of KINDS) {
      const error = await openAs(bytes, kind);
      if (error !== undefined) expect(CODES).toContain(error.code);
    }
  }

  test('arbitrary bytes', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 80 }), check), { numRuns: 300 });
  });

  test('arbitrary pieces of syntax', async () => {
    const pieces = fc.constantFrom(
      ...[
        'sops',
        'sops:',
        'sops_',
        '"sops"',
        ':',
        '=',
        '\n',
        ' ',
        '  ',
        '{',
        '}',
        '[',
        ']',
        ',',
        '"',
        "'",
        '-',
        '- ',
        '#',
        '?',
        '|',
        '>',
      ],
      ...[
        'A',
        'A: ',
        'A=',
        '"A":',
        'mac',
        'version',
        '__map_',
        '__list_',
        '0',
        '1',
        'null',
        'true',
        'ENC[AES256_GCM,',
        '\\',
        '\\n',
        '&a',
        '*a',
        '!',
        '---',
        '...',
        '<<',
        '\t',
        '\r',
        'é',
      ],
    );
    const text = fc.array(pieces, { maxLength: 30 }).map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(text, (joined) => check(bytesOf(joined))),
      { numRuns: 1500 },
    );
  });

  test.each(['groups-2-of-3.env', 'encrypted-regex.json', 'unencrypted-comment-regex.yaml', 'one-key.yaml'])(
    'mutated %s, which opens no more',
    async (name) => {
      const file = bytesOf(vector(name));
      const edits = fc.array(
        fc.tuple(fc.nat({ max: file.length }), fc.nat({ max: 3 }), fc.uint8Array({ maxLength: 3 })),
        { minLength: 1, maxLength: 3 },
      );
      await fc.assert(
        fc.asyncProperty(edits, async (changes) => {
          const bytes = [...file];
          for (const [at, removed, added] of changes) bytes.splice(at, removed, ...added);
          await check(new Uint8Array(bytes));
        }),
        { numRuns: 150 },
      );
    },
  );
});
