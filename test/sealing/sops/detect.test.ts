import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { detectSops } from '../../../src/sealing/sops/detect.ts';
import { expectLinear } from '../../growth.ts';
import { bytesOf, errorOf, SOURCE, vector, vectorNames } from './opening.ts';

const detect = (text: string) => detectSops(bytesOf(text), { source: SOURCE });

test.each(vectorNames)('%s', (name) => {
  const kind = name.endsWith('.env') ? 'dotenv' : name.split('.').at(-1);
  expect(detect(vector(name))).toBe(kind);
  expect(detect(`\uFEFF\n${vector(name)}`)).toBe(kind);
});

describe('a SOPS file, whole or not', () => {
  test.each([
    ['sops_mac=x', 'dotenv'],
    ['A=b\nsops_version=1', 'dotenv'],
    ['A=b\n export sops_version=1', 'dotenv'],
    ['\r\n \t{"sops":{', 'json'],
    ['{"A":"b", "sops" : \n{}}', 'json'],
    ['sops:', 'yaml'],
    ['A: b\nsops:\n    mac: x', 'yaml'],
    ['A: b\r\nsops:\r\n', 'yaml'],
    ['"sops": {}', 'yaml'],
    ["A: b\n'sops' : {}", 'yaml'],
    ['# A=b\n\n---\nA: b\nsops: x', 'yaml'],
    ['A: |\n  sops_mac=x\nsops:\n', 'yaml'],
  ])('%j', (text, kind) => expect(detect(text)).toBe(kind));
});

describe('an env file', () => {
  test.each([
    '',
    'A=b',
    '{}',
    '{"A":"b"}',
    'SOPS_AGE_KEY_FILE=/keys\nTOOL=sops\n# sops: is good\nA=sops_mac=x',
    '{"sops":"a tool"}',
    '{"A":"sops","B":"{\\"sops\\":{}}"}',
    "A='\nsops:\n  mac: x\n'",
    "export A = '\nsops:\n'",
    '# c\r\n\r\nA="\nsops:\n"',
    'HELP=a value like ENC[AES256_GCM,data:…]',
    '{"HELP":"a value like ENC[AES256_GCM,"}',
    '{"HELP":"quoted: \\"ENC[AES256_GCM,\\""}',
    'mysops_mac=x',
  ])('%j', (text) => expect(detect(text)).toBeUndefined());
});

describe('neither: ciphertext without a sops section', () => {
  test.each([
    'A=ENC[AES256_GCM,',
    'A=b\nexport A = "ENC[AES256_GCM,data:x',
    "A='ENC[AES256_GCM,",
    '#ENC[AES256_GCM,data',
    '{"A":"ENC[AES256_GCM,data',
    '{"A": ["ENC[AES256_GCM,data"]}',
    'A: ENC[AES256_GCM,data',
    'A:\n  - ENC[AES256_GCM,data',
    'A: "ENC[AES256_GCM,data',
    '\uFEFFA=ENC[AES256_GCM,',
  ])('%j', async (text) => {
    const error = await errorOf(() => detect(text));
    expect(error?.code).toBe('malformed');
    expect(error?.message).toBe(
      `${SOURCE} is a broken SOPS file: it has values that sops encrypted, but no sops section`,
    );
  });

  test('and the ini format, which is not read here', async () => {
    const error = await errorOf(() => detect('[DEFAULT]\nA = ENC[AES256_GCM,data\n\n[sops]\nmac = x\n'));
    expect(error?.message).toContain('its format is ini');
  });
});

test('no expression looks at an env file without a mark of sops', () => {
  const looks = (['exec', 'test'] as const).map((name) => vi.spyOn(RegExp.prototype, name));
  onTestFinished(() => looks.forEach((look) => void look.mockRestore()));
  expect(detect('A_VARIABLE=with a value\n'.repeat(87_000))).toBeUndefined();
  expect(looks.flatMap((look) => look.mock.calls)).toEqual([]);
});

test.each<[string, (size: number) => string]>([
  ['blank lines', (size) => `${'\n'.repeat(size)}sops:`],
  ['spaces', (size) => `${' '.repeat(size)}ENC[AES256_GCM,`],
  ['spaces before each', (size) => `${' '.repeat(990)}ENC[AES256_GCM,\n`.repeat(size / 1000)],
  ['ciphertext in one line', (size) => `x ${'ENC[AES256_GCM,'.repeat(size / 15)}`],
  ['comments', (size) => `${'#sops\n'.repeat(size / 6)}sops: x`],
  ['lines to an expression, one to people', (size) => `A=1\n#${'sops_\u2028'.repeat(size / 8)}`],
  ['the same for YAML', (size) => `A=1\n#${'sops \u2028'.repeat(size / 8)}`],
])('the work grows as the file does: %s', async (_, text) => {
  const refuse = (size: number) => {
    try {
      detect(text(size));
    } catch (error) {
      expect((error as Error).name).toBe('EnvsealError');
    }
  };
  await expectLinear(refuse, 16_000);
  refuse(600_000);
});
