import { describe, expect, test } from 'vitest';
import { recogniseSops } from '../../../src/sealing/sops/recognise.ts';
import { bytesOf, errorOf, SOURCE, vector, vectorNames } from './opening.ts';

const recognise = (text: string) => recogniseSops(bytesOf(text), { source: SOURCE });

test.each(vectorNames)('%s', (name) => {
  const kind = name.endsWith('.env') ? 'dotenv' : name.split('.').at(-1);
  expect(recognise(vector(name))).toBe(kind);
  expect(recognise(`\uFEFF\n${vector(name)}`)).toBe(kind);
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
  ])('%j', (text, kind) => expect(recognise(text)).toBe(kind));
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
  ])('%j', (text) => expect(recognise(text)).toBeUndefined());
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
    const error = await errorOf(() => recognise(text));
    expect(error?.code).toBe('malformed');
    expect(error?.message).toBe(
      `${SOURCE} is a broken SOPS file: it has values that sops encrypted, and no sops section`,
    );
  });

  test('and the ini format, which is not read here', async () => {
    const error = await errorOf(() => recognise('[DEFAULT]\nA = ENC[AES256_GCM,data\n\n[sops]\nmac = x\n'));
    expect(error?.message).toContain('its format is ini');
  });
});

test('an env file of 2 MB costs next to nothing', () => {
  const bytes = bytesOf(`${'A_VARIABLE=with a value\n'.repeat(87_000)}`);
  recogniseSops(bytes, { source: SOURCE });
  const start = performance.now();
  for (let i = 0; i < 20; i++) recogniseSops(bytes, { source: SOURCE });
  expect((performance.now() - start) / 20).toBeLessThan(25);
});

test.each([
  ['blank lines', `${'\n'.repeat(1_900_000)}sops:`],
  ['spaces', `${' '.repeat(1_900_000)}ENC[AES256_GCM,`],
  ['spaces before each', `${' '.repeat(990)}ENC[AES256_GCM,\n`.repeat(1900)],
  ['ciphertext in one line', `x ${'ENC[AES256_GCM,'.repeat(120_000)}`],
  ['comments', `${'#sops\n'.repeat(300_000)}sops: x`],
  ['lines to an expression, one to people', `A=1\n#${'sops_\u2028'.repeat(250_000)}`],
  ['the same for YAML', `A=1\n#${'sops \u2028'.repeat(250_000)}`],
])('no file of 2 MB takes long: %s', (_, text) => {
  const start = performance.now();
  try {
    recognise(text);
  } catch (error) {
    expect((error as Error).name).toBe('EnvsealError');
  }
  expect(performance.now() - start).toBeLessThan(5000);
});
