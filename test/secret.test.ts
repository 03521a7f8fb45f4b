import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { Secret } from '../src/secret.ts';

const CANARY = 'xQ7Zj0Kw9Vb3Gy';
const secret = new Secret(CANARY);
const deep = {
  a: [{ b: new Map([['c', new Set([secret])]]) }],
  error: Object.assign(new Error('m'), { secret }),
};

describe('a secret turns into text as [redacted]', () => {
  test.each<[string, () => string]>([
    ['String()', () => String(secret)],
    ['a template', () => `${secret}`],
    ['concatenation', () => `${''}${secret as unknown as string}`],
    ['toString()', () => secret.toString()],
    ['toLocaleString()', () => secret.toLocaleString()],
    ['join', () => [secret].join()],
    ['JSON', () => JSON.parse(JSON.stringify(secret))],
    ['inspect', () => inspect(secret)],
    [
      'inspect with everything',
      () => inspect(secret, { showHidden: true, depth: Infinity, getters: true, showProxy: true }),
    ],
    ['format %s', () => format('%s', secret)],
    ['format %o', () => format('%o', secret)],
    ['format %O', () => format('%O', secret)],
    ['format %j', () => JSON.parse(format('%j', secret))],
  ])('%s', (_, print) => {
    expect(print()).toBe('[redacted]');
  });

  test.each<[string, () => string]>([
    ['JSON', () => JSON.stringify({ ...deep, spread: { ...secret } })],
    ['inspect', () => inspect(deep, { showHidden: true, depth: Infinity, getters: true })],
    ['an error with it', () => inspect(new Error(`of ${secret}`, { cause: secret }))],
    ['its properties', () => inspect(Reflect.ownKeys(secret).map((key) => Reflect.get(secret, key)))],
    ['entries', () => inspect([Object.entries(secret), Object.getOwnPropertyDescriptors(secret)])],
    ['a copy', () => inspect([{ ...secret }, Object.assign({}, secret)])],
    ['a structured clone', () => inspect(structuredClone(secret), { showHidden: true })],
    ['a proxy', () => inspect(new Proxy(secret, {}), { showProxy: true })],
    ['a subclass of another module', () => inspect(Object.create(secret))],
  ])('inside of something: %s', (_, print) => {
    expect(print()).not.toContain(CANARY);
  });

  test('in a console, at any depth', () => {
    const program = `
      import { Secret } from ${JSON.stringify(join(import.meta.dirname, '../src/secret.ts'))};
      const secret = new Secret(process.argv.at(-1));
      const error = Object.assign(new Error('m', { cause: secret }), { secret });
      console.log(secret, { secret }, [[[[[secret]]]]], '%s %o %j', secret, secret, secret);
      console.log('%s %d %o %O %j', secret, secret, secret, secret, secret);
      console.dir({ a: { b: { c: { d: secret } } } }, { depth: null, showHidden: true });
      console.table([{ secret }]);
      console.error(error);
      console.trace(secret);
    `;
    const words = [process.execPath, '--input-type=module', '--eval', program, CANARY];
    const output = execFileSync('/bin/sh', ['-c', '"$@" 2>&1', 'sh', ...words], { encoding: 'utf8' });
    expect(output).toContain('[redacted]');
    expect(output).not.toContain(CANARY);
  });
});

test('only reveal() gives the value', () => {
  expect(secret.reveal()).toBe(CANARY);
  expect(Object.keys(secret)).toEqual([]);
  expect(new Secret('').isEmpty).toBe(true);
  expect(secret.isEmpty).toBe(false);
  expect(new Secret(' ').isEmpty).toBe(false);
});

test('values are revealed in these places and nowhere else', () => {
  const source = join(import.meta.dirname, '../src');
  const places = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !['secret.ts', 'secret-map.ts'].includes(path))
    .map((path) => {
      const text = readFileSync(join(source, path), 'utf8');
      return [path, text.split(/\breveal\b|\.assignments\b|\bparseInto\(/).length - 1] as const;
    })
    .filter(([, count]) => count > 0);
  expect(Object.fromEntries(places)).toEqual({
    // The session token is a header of the request, and the secret key makes its signature.
    'aws/sign.ts': 2,
    // The SDK signs by itself.
    'store/s3/sdk-client.ts': 2,
    // An access token is a header of the request, ours or the SDK's.
    'gcp/client.ts': 1,
    'keys/cloud-kms-sdk.ts': 1,
    'store/gcs/sdk-client.ts': 1,
    // A value that is to be put into a SOPS file.
    'sealing/sops/edit/change.ts': 1,
    // The key of the hashes of names.
    'events/variable-names.ts': 1,
    // Signs what is sent; the others are a header of the request.
    'events/sinks/webhook.ts': 1,
    'events/sinks/splunk.ts': 1,
    'events/sinks/otlp.ts': 1,
    // Writes new values into an env file, and says whether a value differs.
    'envfile/edit/edit.ts': 1,
    'envfile/diff.ts': 2,
    // An env file as text: for who asked for it, for an editor, and for another place.
    'envfile/write-dotenv.ts': 1,
    // One value, for who asked for it on a terminal or in a file.
    'commands/get.ts': 1,
    'commands/diff.ts': 1,
    // Whether two people changed the same variable.
    'commands/edit.ts': 3,
    // How long a new value is.
    'files/change-variables.ts': 1,
    // What is to be sealed.
    'files/seal-file.ts': 1,
    // Reads them, into a map or into entries; and of a JSON file's members, the last with its name.
    'envfile/parse.ts': 4,
    // Looks at values for mistakes, and reads them for it.
    'envfile/lint/lint.ts': 3,
    // The one way out for what a source holds: the environment of the command.
    'run/environ.ts': 1,
  });
});
