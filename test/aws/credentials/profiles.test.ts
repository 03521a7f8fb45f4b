/** The two files with profiles, and the settings that come from them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Profiles } from '../../../src/aws/credentials/profiles.ts';
import { readAwsSettings } from '../../../src/aws/read-settings.ts';
import { EnvsealError } from '../../../src/errors.ts';
import { MAX_PROFILES_BYTES } from '../../../src/limits-and-defaults.ts';
import { nodeSystem } from '../../../src/system/node/system.ts';

const CANARY = 'canary';
const root = mkdtempSync(join(tmpdir(), 'envseal-profiles-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let homes = 0;

function home(files: Readonly<Record<string, string>>): string {
  homes++;
  const path = join(root, String(homes));
  mkdirSync(join(path, '.aws'), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

function settings(variables: Readonly<Record<string, string>>) {
  return readAwsSettings(variables, nodeSystem);
}

describe('both files together', () => {
  const profiles = new Profiles(
    '[profile app]\nregion = eu-west-1\na = config\n[profile services.x]\nb = 1\n[sso-session corp]\nc = 2',
    '[app]\na = credentials\n[profile other]\nd = 3\n[only]\ne = 4',
  );

  test.each<[string, object | undefined]>([
    ['app', { region: 'eu-west-1', a: 'credentials' }],
    ['only', { e: '4' }],
    ['other', undefined],
    ['profile.other', { d: '3' }],
    ['default', undefined],
    ['toString', undefined],
    ['__proto__', undefined],
    ['', undefined],
  ])('%j', (name, expected) => {
    const found = profiles.find(name);
    expect(found === undefined ? undefined : { ...found }).toEqual(expected);
  });

  test.each<[string, string | undefined, string | undefined, boolean]>([
    ['neither', undefined, undefined, false],
    ['an empty one', '', undefined, true],
    ['the other', undefined, '', true],
  ])('exist: %s', (_, config, credentials, exist) => {
    expect(new Profiles(config, credentials).exist).toBe(exist);
  });
});

describe('where they are', () => {
  const config = '[default]\nregion = eu-west-1\n';

  test('in HOME', () => {
    expect(settings({ HOME: home({ '.aws/config': config }) }).region).toBe('eu-west-1');
  });

  test('where the variables say', () => {
    const path = home({ c: '[profile app]\nregion = eu-west-2\n', s: '[app]\nca_bundle = /ca.pem\n' });
    const found = settings({
      AWS_PROFILE: 'app',
      AWS_CONFIG_FILE: `${path}/c`,
      AWS_SHARED_CREDENTIALS_FILE: `${path}/s`,
    });
    expect([found.region, found.caFile]).toEqual(['eu-west-2', '/ca.pem']);
  });

  test('below ~', () => {
    expect(settings({ HOME: home({ c: config }), AWS_CONFIG_FILE: '~/c' }).region).toBe('eu-west-1');
  });

  test.each([
    { AWS_CONFIG_FILE: '/nowhere' },
    { AWS_CONFIG_FILE: '/tmp' },
    { AWS_CONFIG_FILE: '/dev/null' },
    { HOME: '' },
    {},
  ])('nowhere: %j', (variables) => {
    const found = settings({ AWS_SHARED_CREDENTIALS_FILE: '/nowhere', ...variables });
    expect([found.region, found.profile]).toEqual([undefined, { name: 'default', settings: undefined }]);
  });
});

test.each([0, 1])('a file of the largest size and %i bytes', (more) => {
  const text = `[default]\nregion = eu-west-1\n# ${CANARY}`.padEnd(MAX_PROFILES_BYTES + more);
  const HOME = home({ '.aws/config': text });
  if (more === 0) return expect(settings({ HOME }).region).toBe('eu-west-1');
  const expected = new EnvsealError('configuration', `${HOME}/.aws/config is over 1048576 bytes`, {
    hint: 'check AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE',
  });
  expect(() => settings({ HOME })).toThrow(expected);
});

test('bytes that are not UTF-8 do no harm', () => {
  const path = home({});
  writeFileSync(
    `${path}/.aws/config`,
    Buffer.from('[default]\nregion = eu-west-1\na = \xff\xfe\n', 'latin1'),
  );
  expect(settings({ HOME: path }).region).toBe('eu-west-1');
});

describe('endpoints and the rest', () => {
  const HOME = home({
    '.aws/config': `[default]
services = local
endpoint_url = https://all.test
use_dualstack_endpoint = true
s3 =
  addressing_style = path
[services local]
s3 =
  endpoint_url = https://s3.test
cloudwatch_logs =
  endpoint_url = https://logs.test
`,
  });

  test('of the profile', () => {
    const found = settings({ HOME });
    expect([found.endpointOf('s3'), found.endpointOf('logs'), found.endpointOf('sts')]).toEqual([
      'https://s3.test',
      'https://logs.test',
      'https://all.test',
    ]);
    expect([found.useDualStack, found.useFips, found.addressingStyle]).toEqual([true, false, 'path']);
  });

  test('of variables first', () => {
    const found = settings({
      HOME,
      AWS_ENDPOINT_URL_S3: 'https://own.test',
      AWS_USE_DUALSTACK_ENDPOINT: 'false',
    });
    expect([found.endpointOf('s3'), found.useDualStack]).toEqual(['https://own.test', false]);
  });
});
