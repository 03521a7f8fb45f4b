/** ~/.aws/config and ~/.aws/credentials, read as the official SDK reads them. */
import { externalDataInterceptor, loadSharedConfigFiles } from '@smithy/core/config';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { configSections, type IniSections, parseIni } from '../../../src/aws/credentials/ini.ts';

let files = 0;

async function bySdk(text: string) {
  files++;
  const [configFilepath, filepath] = [`/intercepted/${files}/config`, `/intercepted/${files}/credentials`];
  externalDataInterceptor.interceptFile(configFilepath, text);
  externalDataInterceptor.interceptFile(filepath, text);
  const { configFile, credentialsFile } = await loadSharedConfigFiles({ configFilepath, filepath });
  return { config: configFile, credentials: credentialsFile };
}

function ours(text: string) {
  const plain = (sections: IniSections) =>
    Object.fromEntries([...sections].map(([name, settings]) => [name, { ...settings }]));
  const sections = parseIni(text);
  return { config: plain(configSections(sections)), credentials: plain(sections) };
}

describe('each rule of the SDK', () => {
  test.each<[string, string]>([
    ['a profile', '[profile app]\nregion = eu-west-1\n'],
    ['the default profile', '[default]\nregion=eu-west-1'],
    ['a default profile with its type, which replaces the other', '[default]\na=1\n[profile default]\nb=2'],
    ['a default profile with its type first', '[profile default]\nb=2\n[default]\na=1'],
    ['a section without a type', '[app]\na=1'],
    ['a section of an unknown type', '[role app]\na=1\n[profile b]\nc=2'],
    ['a section with a dot', '[profile.app]\na=1\n[app.profile]\nb=2\n[profilex.app]\nc=3'],
    ['an SSO session', '[sso-session corp]\nsso_region=us-east-1'],
    ['services', '[services local]\ns3 =\n  endpoint_url = http://127.0.0.1:9\nsts =\n  endpoint_url = x'],
    ['a profile called as a section of services', '[services x]\na=1\n[profile services.x]\nb=2'],
    ['names in quotes', `[profile "app"]\na=1\n[profile 'b']\nc=2\n[profile "d']\ne=3`],
    ['names with spaces', '[profile "my app"]\na=1\n[profile my app]\nb=2\n[profile  two]\nc=3'],
    ['names with other characters', '[profile a-b@c+d.e%f:g/h]\na=1\n[profile ä]\nb=2'],
    ['white space in brackets', '[ profile app ]\na=1\n[profile\tapp]\nb=2'],
    ['an empty section', '[profile app]\n[profile b]\nc=1'],
    ['empty brackets', '[]\na=1'],
    ['brackets that do not close', '[profile app\na=1\n[profile b]x\nc=2'],
    ['the same section twice', '[profile app]\na=1\nb=1\n[profile c]\nd=1\n[profile app]\na=2'],
    ['the same setting twice', '[default]\na=1\na=2'],
    ['settings before any section', 'a=1\n[default]\nb=2'],
    ['comments', '# x\n; y\n[default] # z\na = 1 # one\nb = 2#two\nc = 3;three\nd =\t4\t;four\n#e=5'],
    ['a value with equals signs', '[default]\na = b=c = d'],
    ['a line without a name', '[default]\n= 1\n  =2\nb=3'],
    ['a line without a value', '[default]\na\nb=\nc=1'],
    ['nested settings', '[default]\ns3 =\n  max = 1\n  style = path\nregion = x\n  late = 2'],
    ['a nested block in a nested block', '[default]\ns3 =\n  a =\n    b = 1\n  c = 2'],
    ['a block that ends with its section', '[default]\ns3 =\n[profile app]\n  a = 1'],
    ['an indented section', '[default]\na=1\n  [profile app]\n  b = 2'],
    ['CRLF', '[default]\r\na = 1\r\n\r\nb = 2\r\n'],
    ['a carriage return alone', '[default]\ra = 1\rb = 2'],
    ['a byte order mark', '\uFEFF[default]\na=1'],
    ['a comment after a byte order mark', '\uFEFF# x\n[default]\na=1'],
    ['white space of other scripts', '[default]\na\u00A0=\u20031\u3000#x'],
    ['a forbidden name', '[default]\na=1\n[__proto__]\nb=2'],
    ['a forbidden profile', '[default]\na=1\n[profile __proto__]\nb=2'],
    ['nothing', ''],
  ])('%s', async (_, text) => {
    expect(ours(text)).toEqual(await bySdk(text));
  });
});

const token = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('a', 'b', 'app', 'default', 'profile', 's3', 'services', 'region'),
  },
  { weight: 2, arbitrary: fc.constantFrom('=', ' = ', ' ', '\t', '  ', '#', ' #', ';', ' ;', '"', "'", '.') },
  fc.constantFrom(
    '[',
    ']',
    '[profile ',
    '[sso-session ',
    '[services ',
    '\r',
    '\uFEFF',
    '\u00A0',
    '%',
    '@',
    '/',
  ),
  fc.string({ maxLength: 4 }),
);
const line = fc.oneof(
  fc.constantFrom(
    '[default]',
    '[profile app]',
    '[profile "b"]',
    '[sso-session corp]',
    '[services local]',
    '[x]',
  ),
  fc.constantFrom('a = 1', 'b=2 # c', 's3 =', '  style = path', '\tregion = x', 's3=', '  nested =', ''),
  fc.array(token, { maxLength: 8 }).map((tokens) => tokens.join('')),
);
const file = fc
  .tuple(fc.constantFrom('', '[default]', '[profile app]'), fc.array(line, { maxLength: 14 }))
  .chain(([first, lines]) => fc.constantFrom('\n', '\r\n').map((end) => [first, ...lines].join(end)));

test('any file', async () => {
  let filled = 0;
  await fc.assert(
    fc.asyncProperty(file, async (text) => {
      // Names that every object has: the SDK writes into Object itself.
      fc.pre(!/constructor|__proto__|valueOf|toString|hasOwn/.test(text));
      const found = ours(text);
      filled += Object.keys(found.config).length;
      expect(found).toEqual(await bySdk(text));
    }),
    { numRuns: 3000 },
  );
  expect(filled).toBeGreaterThan(500);
});

test('a name that every object has is a name like any other', () => {
  const before = [Object.prototype.constructor, Object.prototype.toString];
  const sections = parseIni('[constructor]\nconstructor = 1\n__proto__ = 2\n[toString]\na = 3\n');
  expect(sections.get('constructor')?.constructor).toBe('1');
  expect(sections.get('toString')?.a).toBe('3');
  expect(sections.get('toString')?.valueOf).toBeUndefined();
  expect([Object.prototype.constructor, Object.prototype.toString]).toEqual(before);
  expect('a' in Object.prototype).toBe(false);
});
