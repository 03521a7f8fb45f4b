/** The real sops judges the files that were changed here, and goes on with them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sealSops } from '../../../src/sealing/sops/edit/seal.ts';
import type { SopsKind } from '../../../src/sealing/sops/model.ts';
import { describeReal } from '../../real/available.ts';
import { pinnedProgram } from '../../real/programs.ts';
import { A, ageKey, B, C, IDENTITIES, wrap } from './age-keys.ts';
import { change, differingLines, openDocument, revealed, textOf } from './changing.ts';
import { read, vector, vectorNames } from './opening.ts';

const FORMATS = ['env', 'json', 'yaml'] as const;
type Format = (typeof FORMATS)[number];
const KINDS: Readonly<Record<Format, SopsKind>> = { env: 'dotenv', json: 'json', yaml: 'yaml' };
const AWKWARD = 'pä$$ "quoted" \'single\' #hash 🦊 \\ :-, [x] {y}\tz';
const SOON = new Date(Date.now() + 60_000);

const RULES: readonly (readonly [title: string, rule: string])[] = [
  ['no rule', ''],
  ['encrypted_suffix', 'encrypted_suffix: _SECRET'],
  ['unencrypted_suffix', 'unencrypted_suffix: _PUBLIC'],
  ['encrypted_regex', 'encrypted_regex: "^(PASS|NEW_S)"'],
  ['unencrypted_regex', 'unencrypted_regex: PUBLIC$'],
  ['encrypted_comment_regex', 'encrypted_comment_regex: ^ secret'],
  ['unencrypted_comment_regex', 'unencrypted_comment_regex: ^ public'],
  ['mac_only_encrypted', 'encrypted_regex: ^PASS, mac_only_encrypted: true'],
];

const INPUTS: Readonly<Record<Format, string>> = {
  env: '# about the file\n\n# secret: yes\nPASS=old\n# public: yes\n# more\nHOST_PUBLIC=h\nPLAIN=p\nEMPTY=\n# at the end\n',
  json: '{"PASS": "old", "HOST_PUBLIC": "h", "PLAIN": 17, "EMPTY": ""}',
  yaml: '# about the file\n\n# secret: yes\nPASS: old # on its line\n# public: yes\n# more\nHOST_PUBLIC: h\n\nPLAIN: 17\nEMPTY: ""\n# at the end\n',
};

describeReal('sops', 'the real sops', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'envseal-sops-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function sops(args: readonly string[]): string {
    const env = { PATH: process.env.PATH, HOME: folder, SOPS_AGE_KEY_FILE: IDENTITIES };
    return execFileSync(pinnedProgram('sops'), args, { env, cwd: folder, encoding: 'utf8', stdio: 'pipe' });
  }

  function write(name: string, content: string | Uint8Array): string {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  }

  function make(format: Format, rule: string, keys = `age: "${A},${B}"`): string {
    const config = write('.sops.yaml', `creation_rules:\n  - {${[keys, rule].filter(Boolean).join(', ')}}\n`);
    return sops(['--config', config, 'encrypt', write(`input.${format}`, INPUTS[format])]);
  }

  /** What sops shows of a file: its text, and its variables. */
  function judge(format: Format, text: string): { text: string; variables: Record<string, unknown> } {
    const path = write(`judged.${format}`, text);
    return {
      text: sops(['decrypt', path]),
      variables: JSON.parse(sops(['decrypt', '--output-type', 'json', path])),
    };
  }

  /** Also those behind values; none of the values here has what they start with. */
  const commentsOf = (text: string) => text.match(/# [a-z ]+/g) ?? [];

  describe.each(FORMATS)('%s', (format) => {
    test.each(RULES)('opens its own file, changed and rotated: %s', async (_, rule) => {
      const before = make(format, rule);
      const shown = judge(format, before);
      const changes = {
        PASS: AWKWARD,
        HOST_PUBLIC: undefined,
        EMPTY: 'full',
        NEW_SECRET: 'two\nlines',
        NEW: '',
      };
      const changed = await change(before, changes);
      const now = judge(format, changed);
      const { HOST_PUBLIC: _gone, ...others } = shown.variables;
      expect(now.variables).toEqual({ ...others, ...changes, HOST_PUBLIC: undefined });
      // The rule's own comment goes with its variable, and those beside it.
      const isLost = (comment: string) =>
        rule.startsWith('unencrypted_comment') && /# (?:public|more)/.test(comment);
      expect(commentsOf(now.text)).toEqual(commentsOf(shown.text).filter((comment) => !isLost(comment)));
      const document = await openDocument(changed);
      for (const keys of [
        undefined,
        [ageKey(C), ageKey(A)],
        { groups: [[ageKey(A)], [ageKey(C)]], threshold: 2 },
      ]) {
        const rotated = textOf(await document.rotate({ wrap, now: SOON, ...(keys && { keys }) }));
        expect(judge(format, rotated)).toEqual(now);
      }
    });

    test('opens a changed file of key groups', async () => {
      const groups = `shamir_threshold: 2, key_groups: [{age: ["${A}"]}, {age: ["${B}"]}, {age: ["${C}"]}]`;
      const changed = await change(make(format, '', groups), { PASS: AWKWARD });
      expect(judge(format, changed).variables).toMatchObject({ PASS: AWKWARD });
      const rotated = textOf(await (await openDocument(changed)).rotate({ wrap, now: SOON }));
      expect(judge(format, rotated).variables).toMatchObject({ PASS: AWKWARD });
    });

    test('goes on with a changed file: set, unset, edit, rotate, updatekeys; and so do we', async () => {
      const path = write(`turns.${format}`, await change(make(format, ''), { PASS: AWKWARD, NEW: '1' }));
      const turn = async (changes: Record<string, string | undefined>) => {
        writeFileSync(path, await change(readFileSync(path), changes));
      };
      sops(['set', path, '["NEW"]', '"2"']);
      await turn({ NEWER: 'x' });
      sops(['unset', path, '["NEW"]']);
      await turn({ NEWER: 'y', LAST: 'z' });
      sops(['rotate', '--in-place', '--rm-age', B, path]);
      await turn({ HOST_PUBLIC: undefined });
      const { variables, recipients } = await openDocument(readFileSync(path));
      expect(recipients).toEqual([A]);
      const { PASS, NEWER, LAST, NEW, HOST_PUBLIC } = Object.fromEntries(revealed(variables));
      expect({ PASS, NEWER, LAST, NEW, HOST_PUBLIC }).toEqual({ PASS: AWKWARD, NEWER: 'y', LAST: 'z' });
      const { text } = judge(format, readFileSync(path, 'utf8'));
      if (format !== 'json') expect(text).toContain('# about the file');
    });

    test('writes what we changed as we did: of its own change only the value, the time and the MAC differ', async () => {
      // sops itself moves a comment on the line of a variable to one before it.
      const ours = await change(make(format, '').replace(/ #ENC.*/, ''), { PASS: 'one', NEW: 'two' });
      const path = write(`compared.${format}`, ours);
      sops(['set', path, '["PASS"]', '"three"']);
      const { come } = differingLines(ours, readFileSync(path, 'utf8'));
      expect(come.map((line) => /\w+/.exec(line)?.[0])).toEqual(
        ['PASS', 'lastmodified', 'mac'].map((name) =>
          format === 'env' && name !== 'PASS' ? `sops_${name}` : name,
        ),
      );
    });

    test('shows the comments that we sealed', async () => {
      const entries = [
        ['A', 'x', [' about A', 'two']],
        ['B', '', ['']],
        ['C', 'z', [' 🦊 "it\'s"']],
      ] as const;
      for (const rule of [
        undefined,
        { kind: 'encrypted_regex', pattern: '^A' },
        { kind: 'encrypted_comment_regex', pattern: '^two' },
        { kind: 'unencrypted_comment_regex', pattern: '^ about' },
      ] as const) {
        const bytes = await sealSops(entries, {
          format: KINDS[format],
          keys: [ageKey(A)],
          wrap,
          now: SOON,
          commentsAtEnd: [' end'],
          ...(rule && { rule }),
        });
        const { text, variables } = judge(format, textOf(bytes));
        expect(variables).toEqual({ A: 'x', B: '', C: 'z' });
        expect(await read(bytes)).toEqual(entries.map(([name, value]) => [name, value]));
        if (format !== 'json') {
          const expected = ['# about A', '#two', 'A', '#', 'B', '# 🦊 "it\'s"', 'C', '# end'];
          expect(
            text
              .split('\n')
              .filter(Boolean)
              .map((line) => (line.startsWith('#') ? line : line[0])),
          ).toEqual(expected);
        }
      }
    });
  });

  test.each(vectorNames)('opens %s, changed and rotated', async (name) => {
    const format = name.split('.').at(-1) as Format;
    const document = await openDocument(
      await change(vector(name), { DB_PASSWORD: AWKWARD, API_TOKEN: undefined, NEW: 'x' }),
    );
    const before = judge(format, textOf(await document.change(new Map([['NEW', undefined]]), SOON)));
    expect(before.variables).toMatchObject({ DB_PASSWORD: AWKWARD });
    expect(before.variables).not.toHaveProperty('API_TOKEN');
    const rotated = judge(format, textOf(await document.rotate({ wrap, now: SOON })));
    expect(rotated.variables).toEqual({ ...before.variables, NEW: 'x' });
    expect(commentsOf(rotated.text)).toEqual(commentsOf(before.text));
    if (format !== 'json') expect(commentsOf(before.text)).not.toEqual([]);
  });

  test('a variable without a comment is not taken for one that the next comment is about', async () => {
    write('.sops.yaml', `creation_rules:\n  - {age: ${A}, encrypted_comment_regex: secret}\n`);
    const text = sops(['encrypt', write('plain.env', 'A=1\nB=2\n#secret\nC=3\nD=4\n')]);
    expect(text).toMatch(/^A=1\nB=2\n#secret\nC=ENC.*\nD=4\n/);
    expect(await read(text)).toEqual([
      ['A', '1'],
      ['B', '2'],
      ['C', '3'],
      ['D', '4'],
    ]);
  });
});
