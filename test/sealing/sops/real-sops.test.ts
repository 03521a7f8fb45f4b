/** The real sops and envseal open each other's files. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type SealSopsOptions, sealSops } from '../../../src/sealing/sops/edit/seal.ts';
import type { SopsKind } from '../../../src/sealing/sops/model.ts';
import { describeReal } from '../../real/available.ts';
import { pinnedProgram } from '../../real/programs.ts';
import { A, ageKey, B, C, IDENTITIES, unwrapWith, wrap } from './age-keys.ts';
import { read } from './opening.ts';

const VALUES: [string, string][] = [
  ['PASSWORD', 'pä$$ "quoted" \'single\' #hash 🦊 \\ \\n'],
  ['EMPTY', ''],
  ['MULTI', 'line one\nline two\r\n\ttab\u2028\ufeff\u007f\u0085'],
  ['LONG', 'x'.repeat(100_000)],
  ['NUMBER', '0123'],
  ['PLAIN_unencrypted', 'plain: #é 🦊\nand\r\ufeff\u2028\u0085'],
  ['true', 'a word of YAML'],
];

const SHAPES: [string, Partial<SealSopsOptions>][] = [
  ['one key', {}],
  ['two keys', { keys: [ageKey(B), ageKey(A)] }],
  ['key groups', { keys: { groups: [[ageKey(A)], [ageKey(B)], [ageKey(C)]], threshold: 2 } }],
  ['encrypted_suffix', { rule: { kind: 'encrypted_suffix', pattern: 'WORD' } }],
  ['encrypted_regex', { rule: { kind: 'encrypted_regex', pattern: '(?i)^pass|^m' } }],
  ['mac_only_encrypted', { rule: { kind: 'encrypted_regex', pattern: '^PASS' }, macOnlyEncrypted: true }],
];

describeReal('sops', 'the real sops', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'envseal-sops-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function sops(args: readonly string[], input?: string): string {
    const env = { PATH: process.env.PATH, HOME: folder, SOPS_AGE_KEY_FILE: IDENTITIES };
    return execFileSync(pinnedProgram('sops'), args, { env, input, cwd: folder, encoding: 'utf8' });
  }

  function write(name: string, content: string | Uint8Array): string {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  }

  const both = (['dotenv', 'json', 'yaml'] as SopsKind[]).flatMap((format) => {
    return SHAPES.map(([title, options]) => [format, title, options] as const);
  });

  test.each(both)('opens what was sealed here: %s, %s', async (format, _, options) => {
    // The dotenv format cannot hold a backslash before an n in a plain value.
    const values = VALUES.map(([name, value]): [string, string] => [name, value.replaceAll('\\n', '')]);
    const bytes = await sealSops(values, { format, keys: [ageKey(A)], wrap, now: new Date(), ...options });
    const path = write(`sealed.${format === 'dotenv' ? 'env' : format}`, bytes);
    const json = sops(['decrypt', '--output-type', 'json', path]);
    expect(Object.entries(JSON.parse(json))).toEqual(values);
    const own = await read(bytes, { unwrap: unwrapWith('a', 'b', 'c') });
    expect(own).toEqual(values);
  });

  test.each(['env', 'json', 'yaml'])('its own files open here: %s', async (format) => {
    const values = VALUES.filter(
      ([name, value]) => name !== 'true' && (format !== 'env' || !value.includes('\\n')),
    );
    const plain =
      format === 'env'
        ? values.map(([name, value]) => `${name}=${value.replaceAll('\n', '\\n')}\n`).join('')
        : escapeForYaml(JSON.stringify(Object.fromEntries(values)));
    const path = write(`plain.${format}`, plain);
    const text = sops(['encrypt', '--age', A, path]);
    expect(await read(text)).toEqual(values);
  });

  test.each(['env', 'json', 'yaml'])('edits what was sealed here, and it opens again: %s', async (format) => {
    const kind = format === 'env' ? 'dotenv' : (format as SopsKind);
    const path = write(
      `edited.${format}`,
      await sealSops([['A', 'b']], { format: kind, keys: [ageKey(A)], wrap, now: new Date() }),
    );
    sops(['set', path, '["C"]', '"d"']);
    sops(['rotate', '--in-place', '--add-age', B, path]);
    const text = sops(['decrypt', path]);
    expect(text).toContain('C');
    expect(await read(readFileSync(path), { unwrap: unwrapWith('b') })).toEqual([
      ['A', 'b'],
      ['C', 'd'],
    ]);
  });
});

/** YAML takes fewer characters as they are than JSON does. */
function escapeForYaml(json: string): string {
  return json.replace(/[\x7f-\xa0\ufeff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
