/** What was sealed before it was stored and is not as it should be is refused, each time with its own reason. */
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SealSopsOptions } from '../../src/sealing/sops/edit/seal.ts';
import { A, ageKey, B, C, identities } from '../sealing/sops/age-keys.ts';
import { SERVICE_ACCOUNT } from '../servers/google/access-tokens.ts';
import {
  CALLER_ARN,
  CLOUD_KMS_KEY,
  cloudKmsKeyVersion,
  type FaultRule,
  KMS_ALIAS,
  kmsKeyArn,
  managedKeyArn,
  OTHER_CLOUD_KMS_KEY,
} from '../servers/start.ts';
import {
  AGE_KEY,
  AWS_KEY,
  base64Lines,
  berglasFile,
  type Clouds,
  ENV_FILE,
  encryptWithAws,
  encryptWithGoogle,
  envFor,
  GOOGLE_KEY,
  IDENTITY,
  put,
  type Scheme,
  sopsFile,
  startClouds,
  VARIABLES,
} from './sealed.ts';
import { type Env, opened, type Refusal, refused } from './transcript.ts';

const AWS_URI = 's3://snacks/dev/env';
const GOOGLE_URI = 'gs://snacks/dev/env';
const ARN = kmsKeyArn();
const EU_ARN = kmsKeyArn('eu-west-1');
const OTHER_ARN = managedKeyArn('us-east-1');
const ALIAS_ARN = ARN.replace(/key\/.*/, KMS_ALIAS);
const MIB = 1024 * 1024;
const WRONG_ENDPOINT =
  "set AWS_ENDPOINT_URL_KMS or AWS_ENDPOINT_URL_STS to the endpoint of the key's region, or remove it";

let clouds: Clouds;

beforeAll(async () => {
  clouds = await startClouds();
});
afterAll(() => clouds.stop());
beforeEach(() => clouds.reset());

interface Given {
  readonly scheme?: Scheme;
  readonly name?: string;
  readonly metadata?: Env;
  readonly flags?: readonly string[];
  readonly env?: Env;
  /** The query of the URI. */
  readonly query?: string;
}

/** Is refused as `dev/env`, with all credentials and the identity of test key `a` unless `env` says otherwise. */
async function refusedFile(bytes: string | Uint8Array, given: Given = {}): Promise<Refusal> {
  const { scheme = 's3', name = 'dev/env', metadata, flags = [], env = {}, query = '' } = given;
  const uri = (await put(clouds, scheme, name, bytes, metadata)) + query;
  const all = { ...envFor(clouds, ['aws', 'google', 'age']), ...env };
  const refusal = await refused([...flags, '-s', uri], all);
  expect(JSON.stringify(refusal)).not.toMatch(/AGE-SECRET-KEY-1[A-Z0-9]|BEGIN AGE|ENC\[/);
  return refusal;
}

function pins(...keys: string[]): string[] {
  return keys.flatMap((key) => ['--kms-key', key]);
}

async function sops(
  keys: SealSopsOptions['keys'],
  options: Parameters<typeof sopsFile>[2] = {},
): Promise<string> {
  return Buffer.from((await sopsFile(clouds, keys, options)).bytes).toString();
}

async function berglas(name = 'dev/env', text = ENV_FILE): Promise<string> {
  return Buffer.from((await berglasFile(clouds, name, { text })).bytes).toString();
}

/** As a transcript has text: each byte a character. */
function latin1(text: string): string {
  return Buffer.from(text).toString('latin1');
}

function noKeyOpens(reason: string, ...tried: string[]): string {
  return `no key opens ${AWS_URI}: ${reason}; tried ${tried.join(', ')}`;
}

describe('a SOPS file that no key opens', () => {
  test('for another age identity', async () => {
    expect(await refusedFile(await sops([ageKey(B)]))).toEqual({
      status: 65,
      error: noKeyOpens(`the only age identity is not for ${B}`, B),
      hint: 'set SOPS_AGE_KEY_FILE to the identity of that recipient, or add yours with sops updatekeys',
    });
  });

  test('for none of several age identities', async () => {
    const env = { SOPS_AGE_KEY: identities.slice(0, 2).join(' ') };
    expect((await refusedFile(await sops([ageKey(C)]), { env })).error).toBe(
      noKeyOpens(`none of 2 age identities is for ${C}`, C),
    );
  });

  test('without any age identity', async () => {
    expect(await refusedFile(await sops([AGE_KEY]), { env: { SOPS_AGE_KEY: '' } })).toEqual({
      status: 77,
      error: noKeyOpens('no age identity found', A),
      hint: 'set SOPS_AGE_KEY or SOPS_AGE_KEY_FILE; envseal keygen --out FILE creates one',
    });
  });

  test.for<[string, Env, string]>([
    ['half of one', { SOPS_AGE_KEY: IDENTITY.slice(0, -1) }, 'line 1 of SOPS_AGE_KEY is not an age identity'],
    [
      'a file that is not there',
      { SOPS_AGE_KEY: '', SOPS_AGE_KEY_FILE: '/nonexistent' },
      'cannot read age identities in /nonexistent: ENOENT',
    ],
    [
      'an identity for a path',
      { SOPS_AGE_KEY: '', SOPS_AGE_KEY_FILE: IDENTITY },
      'SOPS_AGE_KEY_FILE holds an identity, not a path',
    ],
  ])('with %s', async ([, env, reason]) => {
    const { status, error } = await refusedFile(await sops([AGE_KEY]), { env });
    expect({ status, error }).toEqual({ status: 77, error: noKeyOpens(reason, A) });
  });

  test('denied by AWS KMS', async () => {
    const file = await sops([AWS_KEY]);
    await clouds.kms.kmsKey({ arn: ARN, allow: { 'kms:Decrypt': [] } });
    expect(await refusedFile(file)).toEqual({
      status: 77,
      error: noKeyOpens(`${CALLER_ARN} may not perform kms:Decrypt on ${ARN}`, ARN),
      hint: `allow kms:Decrypt on ${ARN}, in the key policy or by IAM`,
    });
  });

  test('under a disabled key of AWS KMS', async () => {
    const file = await sops([AWS_KEY]);
    await clouds.kms.kmsKey({ arn: ARN, state: 'Disabled' });
    expect(await refusedFile(file)).toEqual({
      status: 77,
      error: noKeyOpens(`the KMS key of the data key under ${ARN} is disabled`, ARN),
      hint: 'enable it (aws kms enable-key), or seal the file with another key',
    });
  });

  test('denied by Cloud KMS', async () => {
    const file = await sops([GOOGLE_KEY]);
    await clouds.cloudKms.deny('cloudkms.cryptoKeyVersions.useToDecrypt', CLOUD_KMS_KEY, [SERVICE_ACCOUNT]);
    expect(await refusedFile(file)).toEqual({
      status: 77,
      error: noKeyOpens(
        `this account lacks cloudkms.cryptoKeyVersions.useToDecrypt on ${CLOUD_KMS_KEY}`,
        CLOUD_KMS_KEY,
      ),
      hint: `grant cloudkms.cryptoKeyVersions.useToDecrypt on ${CLOUD_KMS_KEY} (roles/cloudkms.cryptoKeyDecrypter)`,
    });
  });

  test('under a disabled version of Cloud KMS', async () => {
    const file = await sops([GOOGLE_KEY]);
    await clouds.cloudKms.versionState(cloudKmsKeyVersion(2), 'DISABLED');
    expect(await refusedFile(file)).toEqual({
      status: 77,
      error: noKeyOpens(
        `the KMS key version of the data key under ${CLOUD_KMS_KEY} is disabled, destroyed or scheduled for destruction`,
        CLOUD_KMS_KEY,
      ),
      hint: 'enable or restore it (gcloud kms keys versions enable, restore), or seal the file with another key',
    });
  });

  test('because the endpoint is in another region', async () => {
    const file = await sops([{ ...AWS_KEY, key: EU_ARN }]);
    expect(await refusedFile(file)).toEqual({
      status: 78,
      error: noKeyOpens(`the endpoint used for the data key under ${EU_ARN} is in another region`, EU_ARN),
      hint: WRONG_ENDPOINT,
    });
  });

  test('without any credentials', async () => {
    const none = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' };
    const uri = await put(clouds, 'gs', 'dev/env', await sops([AWS_KEY]));
    const env = { ...envFor(clouds, ['aws', 'google']), ...none };
    const { status, error } = await refused(['-s', uri], env);
    expect({ status, error }).toEqual({
      status: 77,
      error: `no key opens ${GOOGLE_URI}: no AWS credentials found; tried ${ARN}`,
    });
  });

  test('as its role, which does not trust these credentials', async () => {
    const role = 'arn:aws:iam::111122223333:role/opener';
    await clouds.sts.role({ arn: role, trustedAccessKeys: [] });
    expect(await refusedFile(await sops([{ ...AWS_KEY, role }]))).toEqual({
      status: 77,
      error: noKeyOpens(`${CALLER_ARN} may not perform sts:AssumeRole on ${role}`, ARN),
      hint: "allow it in the role's trust policy and in IAM",
    });
  });

  test('in time', async () => {
    const file = await sops([AWS_KEY, { ...AWS_KEY, context: { app: 'snacks' } }]);
    await clouds.kms.fault({ hang: true, count: 'always' });
    const { status, error } = await refusedFile(file, { flags: ['--timeout', '1'] });
    expect({ status, error }).toEqual({ status: 75, error: noKeyOpens('timed out after 1 s', ARN) });
  });

  test('reports first what the user can act on', async () => {
    const file = await sops([ageKey(B), GOOGLE_KEY, AWS_KEY]);
    await clouds.kms.kmsKey({ arn: ARN, allow: { 'kms:Decrypt': [] } });
    await clouds.cloudKms.versionState(cloudKmsKeyVersion(2), 'DISABLED');
    const { status, error } = await refusedFile(file);
    expect(status).toBe(77);
    expect(error).toBe(
      noKeyOpens(`${CALLER_ARN} may not perform kms:Decrypt on ${ARN}`, ARN, CLOUD_KMS_KEY, B),
    );
  });

  test('because of three key groups only one opens, and two are needed', async () => {
    const groups = [[AGE_KEY], [ageKey(B)], [ageKey(C)]];
    const { status, error } = await refusedFile(await sops({ groups, threshold: 2 }));
    expect({ status, error }).toEqual({
      status: 65,
      error: noKeyOpens(`the only age identity is not for ${B}`, A, B, C),
    });
  });

  test('because it has only keys that envseal cannot use', async () => {
    const file = (await sops([AGE_KEY])).replaceAll(
      'sops_age__list_0__map_recipient',
      'sops_pgp__list_0__map_fp',
    );
    expect(await refusedFile(file.replace('sops_age__list_0__map_enc', 'sops_pgp__list_0__map_enc'))).toEqual(
      {
        status: 77,
        error: `envseal cannot use the keys of ${AWS_URI}: pgp`,
        hint: 'add an AWS KMS, Cloud KMS or age key to the file with sops updatekeys',
      },
    );
  });
});

describe('a ciphertext that its KMS does not open', () => {
  const useToDecrypt = 'cloudkms.cryptoKeyVersions.useToDecrypt';

  test.for<[string, () => Promise<void>, Refusal]>([
    [
      'denied',
      () => clouds.kms.kmsKey({ arn: ARN, allow: { 'kms:Decrypt': [] } }),
      {
        status: 77,
        error: `${AWS_URI}: ${CALLER_ARN} may not perform kms:Decrypt on ${ARN}`,
        hint: `allow kms:Decrypt on ${ARN}, in the key policy or by IAM`,
      },
    ],
    [
      'disabled',
      () => clouds.kms.kmsKey({ arn: ARN, state: 'Disabled' }),
      {
        status: 77,
        error: `the KMS key of ${AWS_URI} is disabled`,
        hint: 'enable it (aws kms enable-key), or seal the file with another key',
      },
    ],
  ])('of AWS: %s', async ([, prepare, refusal]) => {
    const bytes = await encryptWithAws(clouds, ENV_FILE);
    await prepare();
    expect(await refusedFile(bytes)).toEqual(refusal);
  });

  test.for<[string, () => Promise<void>, Refusal]>([
    [
      'denied',
      () => clouds.cloudKms.deny(useToDecrypt, CLOUD_KMS_KEY, [SERVICE_ACCOUNT]),
      {
        status: 77,
        error: `${GOOGLE_URI}: this account lacks ${useToDecrypt} on ${CLOUD_KMS_KEY}`,
        hint: `grant ${useToDecrypt} on ${CLOUD_KMS_KEY} (roles/cloudkms.cryptoKeyDecrypter)`,
      },
    ],
    [
      'disabled',
      () => clouds.cloudKms.versionState(cloudKmsKeyVersion(2), 'DISABLED'),
      {
        status: 77,
        error: `the KMS key version of ${GOOGLE_URI} is disabled, destroyed or scheduled for destruction`,
        hint: 'enable or restore it (gcloud kms keys versions enable, restore), or seal the file with another key',
      },
    ],
  ])('of Google: %s', async ([, prepare, refusal]) => {
    const files = [await encryptWithGoogle(clouds, ENV_FILE), await berglas()];
    await prepare();
    for (const bytes of files) {
      expect(await refusedFile(bytes, { scheme: 'gs', flags: pins(CLOUD_KMS_KEY) })).toEqual(refusal);
    }
  });

  test('of AWS: asked in another region', async () => {
    const bytes = await encryptWithAws(clouds, ENV_FILE, { key: EU_ARN });
    expect(await refusedFile(bytes)).toEqual({
      status: 77,
      error: `the KMS key of ${AWS_URI} does not exist`,
      hint: 'it was deleted, or is in another region; seal the file again with a key that exists',
    });
  });

  test('of AWS: asked in the region of the pin, and that has another endpoint', async () => {
    const bytes = await encryptWithAws(clouds, ENV_FILE, { key: EU_ARN });
    expect(await refusedFile(bytes, { flags: pins(EU_ARN) })).toEqual({
      status: 78,
      error: `the endpoint used for ${AWS_URI} is in another region`,
      hint: WRONG_ENDPOINT,
    });
  });
});

describe('a key that is not pinned', () => {
  const notPinned = (key: string): Refusal => ({
    status: 65,
    error: `${AWS_URI} is sealed with ${key}, which is not pinned`,
    hint: 'someone replaced the object or its key: investigate; if intended, add the key to --kms-key',
  });
  const notPinnedSops = (...keys: string[]): Refusal => ({
    status: 65,
    error: `${AWS_URI} is sealed with ${keys.join(', ')}, which is not pinned`,
    hint: 'someone replaced the file or its keys: investigate; if intended, add the key to --kms-key',
  });

  beforeEach(() => clouds.kms.kmsKey({ arn: OTHER_ARN, aliases: ['alias/other'] }));

  async function expectNoneAsked(): Promise<void> {
    const logs = [...(await clouds.kms.requests()), ...(await clouds.cloudKms.requests())];
    const asked = logs.map(({ subject }) => subject).filter((subject) => subject !== 'DescribeKey');
    expect(asked).toEqual([]);
  }

  const forget = () => Promise.all([clouds.kms.reset(), clouds.cloudKms.reset()]);

  test.for<[string, string[]]>([
    ['another ARN', [OTHER_ARN]],
    ['another id', [OTHER_ARN.split('/')[1] ?? '']],
    ['the same id in another region', [EU_ARN]],
    ['another alias', ['alias/other']],
    ['another alias by ARN', [ARN.replace(/key\/.*/, 'alias/other')]],
    ['a key of Cloud KMS', [CLOUD_KMS_KEY]],
    ['a recipient of age', [A]],
    ['several others', [OTHER_ARN, CLOUD_KMS_KEY, A]],
  ])('of a SOPS file under AWS KMS, and none is asked: %s', async ([, keys]) => {
    const file = await sops([AWS_KEY]);
    await forget();
    await clouds.kms.kmsKey({ arn: OTHER_ARN, aliases: ['alias/other'] });
    expect(await refusedFile(file, { flags: pins(...keys) })).toEqual(notPinnedSops(ARN));
    await expectNoneAsked();
  });

  test.for([[OTHER_ARN], [CLOUD_KMS_KEY], ['alias/other']])(
    'of a SOPS file whose alias leads to another: %s',
    async (keys) => {
      const file = await sops([{ ...AWS_KEY, key: ALIAS_ARN }]);
      expect(await refusedFile(file, { flags: pins(...keys) })).toEqual({
        status: 65,
        error: noKeyOpens(`${ALIAS_ARN} is sealed with ${ARN}, which is not pinned`, ALIAS_ARN),
        hint: notPinned('').hint,
      });
    },
  );

  test.for([[OTHER_CLOUD_KMS_KEY], [ARN], [A]])('of a SOPS file under Cloud KMS: %s', async (keys) => {
    const file = await sops([GOOGLE_KEY]);
    await forget();
    expect(await refusedFile(file, { flags: pins(...keys) })).toEqual(notPinnedSops(CLOUD_KMS_KEY));
    await expectNoneAsked();
  });

  test.for([[B], [ARN], [CLOUD_KMS_KEY], [A.slice(0, -1)]])('of a SOPS file for age: %s', async (keys) => {
    expect(await refusedFile(await sops([AGE_KEY]), { flags: pins(...keys) })).toEqual(notPinnedSops(A));
  });

  test('of a SOPS file with several, all of them', async () => {
    const file = await sops([AGE_KEY, AWS_KEY, GOOGLE_KEY]);
    expect(await refusedFile(file, { flags: pins(B, OTHER_ARN) })).toEqual(
      notPinnedSops(ARN, CLOUD_KMS_KEY, A),
    );
  });

  test('of key groups of which two are needed and one is pinned', async () => {
    const groups = [[AGE_KEY], [AWS_KEY], [GOOGLE_KEY]];
    const file = await sops({ groups, threshold: 2 });
    expect(await refusedFile(file, { flags: pins(A) })).toEqual(notPinnedSops(A, ARN, CLOUD_KMS_KEY));
  });

  test.for<[string, string[], string]>([
    ['another ARN', [OTHER_ARN], OTHER_ARN],
    ['another id', [OTHER_ARN.split('/')[1] ?? ''], OTHER_ARN.split('/')[1] ?? ''],
    ['another alias', ['alias/other'], OTHER_ARN],
    ['another alias by ARN', [ARN.replace(/key\/.*/, 'alias/other')], OTHER_ARN],
    ['another ARN and a key of Cloud KMS', [OTHER_ARN, CLOUD_KMS_KEY], OTHER_ARN],
  ])('of a ciphertext of AWS, which KMS itself refuses: %s', async ([, keys, asked]) => {
    const bytes = await encryptWithAws(clouds, ENV_FILE);
    expect(await refusedFile(bytes, { flags: pins(...keys) })).toEqual({
      status: 65,
      error: `${AWS_URI} is sealed with a key other than ${asked}`,
      hint: 'someone replaced the file or its key: investigate; if intended, change --kms-key',
    });
  });

  test.for<[string, string[]]>([
    ['two others', [OTHER_ARN, EU_ARN.replace('eu-west-1', 'us-east-1').replace('1234', '5678')]],
    ['another ARN and another alias', [OTHER_ARN, 'alias/other']],
  ])('of a ciphertext of AWS, which KMS opens: %s', async ([, keys]) => {
    const bytes = await encryptWithAws(clouds, ENV_FILE);
    expect(await refusedFile(bytes, { flags: pins(...keys) })).toEqual(notPinned(ARN));
  });

  test('of a ciphertext of AWS, of which no pin is', async () => {
    const bytes = await encryptWithAws(clouds, ENV_FILE);
    await forget();
    for (const keys of [[CLOUD_KMS_KEY], [CLOUD_KMS_KEY, OTHER_CLOUD_KMS_KEY]]) {
      expect(await refusedFile(bytes, { flags: pins(...keys) })).toEqual(notPinned('an AWS KMS key'));
    }
    await expectNoneAsked();
  });

  test('of a ciphertext of Google and of berglas, of which no pin is', async () => {
    const files = [await encryptWithGoogle(clouds, ENV_FILE), await berglas()];
    await forget();
    for (const bytes of files) {
      const metadata = { 'kms-key': CLOUD_KMS_KEY };
      for (const more of [{}, { metadata }]) {
        expect(await refusedFile(bytes, { flags: [...pins(ARN), '--allow-metadata-key'], ...more })).toEqual(
          notPinned('a Cloud KMS key'),
        );
      }
    }
    await expectNoneAsked();
  });

  test('of a ciphertext of Google and of berglas', async () => {
    for (const bytes of [await encryptWithGoogle(clouds, ENV_FILE), await berglas()]) {
      expect(await refusedFile(bytes, { flags: pins(OTHER_CLOUD_KMS_KEY) })).toEqual({
        status: 65,
        error: `${AWS_URI} is not sealed with ${OTHER_CLOUD_KMS_KEY}`,
        hint: 'check --kms-key; someone may have replaced the file or its key',
      });
    }
  });

  test('by an alias that does not exist', async () => {
    expect(await refusedFile(await sops([AWS_KEY]), { flags: pins('alias/nope') })).toEqual({
      status: 78,
      error: `${AWS_URI}: no such KMS alias: alias/nope`,
      hint: 'check --kms-key, and that the alias is in us-east-1',
    });
  });

  test('is not taken back by --allow-unsealed and --allow-metadata-key', async () => {
    const flags = [...pins(OTHER_ARN), '--allow-unsealed', '--allow-metadata-key'];
    expect(await refusedFile(await sops([AWS_KEY]), { flags })).toEqual(notPinnedSops(ARN));
  });
});

describe('a key that only the metadata of an object names', () => {
  const metadata = { 'berglas-kms-key': CLOUD_KMS_KEY };
  const unnamed = (uri: string, key: string): Refusal => ({
    status: 78,
    error: `${uri} does not say which Cloud KMS key it is sealed with`,
    hint: `name it: --kms-key ${key}`,
  });

  test.for<[string, string, () => Promise<string | Uint8Array>]>([
    ['berglas', 'berglas-kms-key', () => berglas()],
    ['berglas', 'kms-key', () => berglas()],
    ['Cloud KMS', 'berglas-kms-key', () => encryptWithGoogle(clouds, ENV_FILE)],
    ['Cloud KMS', 'kms-key', () => encryptWithGoogle(clouds, ENV_FILE)],
  ])('is not taken, unless that is allowed: %s, %s', async ([, field, make]) => {
    const bytes = await make();
    await clouds.cloudKms.reset();
    const given = { scheme: 'gs', metadata: { [field]: CLOUD_KMS_KEY } } as const;
    expect(await refusedFile(bytes, given)).toEqual(unnamed(GOOGLE_URI, CLOUD_KMS_KEY));
    expect(await clouds.cloudKms.requests()).toEqual([]);
    const allowed = ['--allow-metadata-key', '-s', GOOGLE_URI];
    expect(await opened(allowed, envFor(clouds, ['google']))).toEqual(VARIABLES);
  });

  test.for<Scheme>(['gs', 's3'])('is not there: %s', async (scheme) => {
    const uri = { gs: GOOGLE_URI, s3: AWS_URI, file: '' }[scheme];
    for (const flags of [[], ['--allow-metadata-key']]) {
      expect(await refusedFile(await berglas(), { scheme, flags })).toEqual(
        unnamed(uri, latin1('projects/…/cryptoKeys/KEY')),
      );
    }
  });

  test('is one that is not pinned', async () => {
    for (const bytes of [await encryptWithGoogle(clouds, ENV_FILE), await berglas()]) {
      for (const more of [[], ['--allow-metadata-key']]) {
        const flags = [...pins(OTHER_CLOUD_KMS_KEY), ...more];
        expect(await refusedFile(bytes, { scheme: 'gs', metadata, flags })).toEqual({
          status: 65,
          error: `${GOOGLE_URI} is sealed with ${CLOUD_KMS_KEY}, which is not pinned`,
          hint: 'someone replaced the object or its key: investigate; if intended, add the key to --kms-key',
        });
      }
    }
  });

  test('is none of several that are pinned', async () => {
    const flags = pins(OTHER_CLOUD_KMS_KEY, CLOUD_KMS_KEY);
    expect(await refusedFile(await berglas(), { scheme: 'gs', flags })).toEqual({
      status: 78,
      error: `${GOOGLE_URI} does not say which of the pinned keys it is sealed with`,
      hint: 'name one key in --kms-key, or the key in the metadata field kms-key of the object',
    });
  });

  test.for(['../../secrets', 'canary', `${CLOUD_KMS_KEY}/../../other`, ARN])(
    'is not a valid key name: %s',
    async (named) => {
      const given = {
        scheme: 'gs',
        metadata: { 'kms-key': named },
        flags: ['--allow-metadata-key'],
      } as const;
      const { status, error } = await refusedFile(await berglas(), given);
      expect({ status, error }).toEqual({
        status: 65,
        error: `the Cloud KMS key of ${GOOGLE_URI} has an invalid name`,
      });
    },
  );
});

describe('a file that was sealed for another place', () => {
  const misplaced = (uri: string, place: string): Refusal => ({
    status: 65,
    error: `${uri} was sealed for ${place}`,
    hint: 'someone copied it from there: investigate; if intended, seal it again for this location',
  });

  test.for([
    's3://snacks/prod/env',
    's3://other/dev/env',
    'gs://snacks/dev/env',
    'file:///dev/env',
    'arn:aws:s3:::snacks/prod/env',
    'arn:aws:s3:::snacks',
  ])('says its encryption context of SOPS, and KMS is not asked: %s', async (place) => {
    for (const keys of [
      [{ ...AWS_KEY, context: { place } }],
      [AGE_KEY, { ...AWS_KEY, context: { place } }],
    ]) {
      const file = await sops(keys);
      await clouds.kms.reset();
      expect(await refusedFile(file)).toEqual(misplaced(AWS_URI, place));
      expect(await clouds.kms.requests()).toEqual([]);
    }
  });

  test('says the encryption context that is given', async () => {
    const place = 's3://snacks/prod/env';
    const bytes = await encryptWithAws(clouds, ENV_FILE, { context: { place } });
    const flags = ['--encryption-context', `place=${place}`];
    expect(await refusedFile(bytes, { flags })).toEqual(misplaced(AWS_URI, place));
    expect(await refusedFile(bytes, { env: { ENVSEAL_ENCRYPTION_CONTEXT: `place=${place}` } })).toEqual(
      misplaced(AWS_URI, place),
    );
  });

  test('is not opened with the encryption context of this one', async () => {
    const bytes = await encryptWithAws(clouds, ENV_FILE, { context: { place: 's3://snacks/prod/env' } });
    const flags = ['--encryption-context', `place=${AWS_URI}`];
    expect(await refusedFile(bytes, { flags })).toEqual({
      status: 65,
      error: `KMS cannot open ${AWS_URI}: changed bytes, another region or context`,
      hint: 'seal it again; the encryption context must be the one it was sealed with (given: place), and so must the region (us-east-1)',
    });
    expect((await refusedFile(bytes)).hint).toBe(
      'seal it again; the encryption context must be the one it was sealed with (none is given), and so must the region (us-east-1)',
    );
  });

  test('is not opened after its context in SOPS was changed to this one', async () => {
    const file = await sops([{ ...AWS_KEY, context: { place: 's3://snacks/prod/env' } }]);
    const { status, error } = await refusedFile(file.replace('s3://snacks/prod/env', AWS_URI));
    expect({ status, error }).toEqual({
      status: 65,
      error: noKeyOpens(
        `KMS cannot open the data key under ${ARN}: changed bytes, another region or context`,
        ARN,
      ),
    });
  });

  test.for<[Scheme, string]>([
    ['gs', 'prod/env'],
    ['gs', 'dev/env/'],
    ['s3', 'dev/Env'],
  ])('is an object of berglas that was copied: %s, %s', async ([scheme, name]) => {
    const given = { scheme, name, flags: pins(CLOUD_KMS_KEY) };
    expect(await refusedFile(await berglas('dev/env'), given)).toEqual({
      status: 65,
      error: `${scheme}://snacks/${name} does not match what was sealed: its data key does not open under the name of the object`,
      hint: 'berglas binds a secret to its name: copy it back to the name that it was created with',
    });
  });
});

/** Another character of base64 at that place, which changes a bit at least. */
function flipAt(text: string, at: number): string {
  return `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
}

function flipBit(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.with(at < 0 ? bytes.length + at : at, (bytes.at(at) ?? 0) ^ 1);
}

/** Changes the first character of a part of a ciphertext of sops. */
function flipPart(file: string, name: string, part: string): string {
  const before = new RegExp(`^${name}=ENC\\[.*?${part}:`, 'm').exec(file);
  if (before === null) throw new Error(`no ${part} of ${name}`);
  return flipAt(file, before.index + before[0].length);
}

function edit(file: string, pattern: RegExp, replacement: string): string {
  expect(file).toMatch(pattern);
  return file.replace(pattern, replacement);
}

function fieldOf(file: string, name: string): string {
  return new RegExp(`^${name}=(.*)$`, 'm').exec(file)?.[1] ?? '';
}

describe('a SOPS file that was changed', () => {
  const TAMPERED = `${AWS_URI} does not match what was sealed`;
  const BROKEN = `${AWS_URI} is a broken SOPS file`;
  const foreign = (name: string) =>
    `${TAMPERED}: ${name} does not authenticate with its data key: another file's, or changed bytes`;
  const MAC = `${TAMPERED}: its MAC or lastmodified does not authenticate`;
  const OTHER_VALUES = `${TAMPERED}: its MAC does not match its values`;
  const variables = { A: 'canary-a', B: 'canary-b', C_unencrypted: 'canary-c', EMPTY: '' };

  type Change = (file: string, other: string) => string;

  const CHANGES: [string, Change, string][] = [
    ['the data of a value', (file) => flipPart(file, 'A', 'data'), foreign('A')],
    ['the IV of a value', (file) => flipPart(file, 'A', 'iv'), foreign('A')],
    ['the tag of a value', (file) => flipPart(file, 'A', 'tag'), foreign('A')],
    ['the data of the MAC', (file) => flipPart(file, 'sops_mac', 'data'), MAC],
    ['the IV of the MAC', (file) => flipPart(file, 'sops_mac', 'iv'), MAC],
    ['the tag of the MAC', (file) => flipPart(file, 'sops_mac', 'tag'), MAC],
    ['lastmodified', (file) => edit(file, /(lastmodified=20)26/, '$127'), MAC],
    ['a name', (file) => edit(file, /^A=/m, 'AA='), foreign('AA')],
    [
      'values that change places',
      (file) => {
        const [a, b] = [fieldOf(file, 'A'), fieldOf(file, 'B')];
        return file.replace(a, '@').replace(b, a).replace('@', b);
      },
      foreign('A'),
    ],
    ['lines that change places', (file) => edit(file, /^(A=.*\n)(B=.*\n)/m, '$2$1'), OTHER_VALUES],
    ['a plain value', (file) => edit(file, /canary-c/, 'canary-d'), OTHER_VALUES],
    [
      'a plain value that is empty',
      (file) => edit(file, /^EMPTY=/m, 'EMPTY=canary'),
      `${BROKEN}: EMPTY is plain text, but its rule is to encrypt it`,
    ],
    [
      'an encrypted value that is plain now',
      (file) => edit(file, /^A=.*$/m, 'A=canary'),
      `${BROKEN}: A is plain text, but its rule is to encrypt it`,
    ],
    ['an encrypted value that is empty now', (file) => edit(file, /^A=.*$/m, 'A='), OTHER_VALUES],
    ['a line that is gone', (file) => edit(file, /^A=.*\n/m, ''), OTHER_VALUES],
    ['a line that appears twice', (file) => edit(file, /^(A=.*\n)/m, '$1$1'), `${BROKEN}: A appears twice`],
    [
      'a variable that is added',
      (file) => `LD=canary\n${file}`,
      `${BROKEN}: LD is plain text, but its rule is to encrypt it`,
    ],
    ['a variable that is added plain', (file) => `X_unencrypted=canary\n${file}`, OTHER_VALUES],
    [
      'a variable that is added with the value of another',
      (file) => `X=${fieldOf(file, 'A')}\n${file}`,
      foreign('X'),
    ],
    [
      'a variable of another file',
      (file, other) => file.replace(fieldOf(file, 'A'), fieldOf(other, 'A')),
      foreign('A'),
    ],
    [
      'the MAC of another file',
      (file, other) => file.replace(fieldOf(file, 'sops_mac'), fieldOf(other, 'sops_mac')),
      MAC,
    ],
    [
      'the data key of another file',
      (file, other) => {
        const name = 'sops_age__list_0__map_enc';
        return file.replace(fieldOf(file, name), fieldOf(other, name));
      },
      foreign('A'),
    ],
    ['no MAC', (file) => edit(file, /^sops_mac=.*\n/m, ''), `${BROKEN}: it has no MAC`],
    ['an empty MAC', (file) => edit(file, /^sops_mac=.*$/m, 'sops_mac='), `${BROKEN}: it has no MAC`],
    [
      'a MAC of plain text',
      (file) => edit(file, /^sops_mac=.*$/m, 'sops_mac=canary'),
      `${BROKEN}: its MAC is not what sops writes`,
    ],
    [
      'mac_only_encrypted',
      (file) => edit(file, /^sops_mac=/m, 'sops_mac_only_encrypted=true\nsops_mac='),
      OTHER_VALUES,
    ],
    [
      'a rule that leaves values plain',
      (file) => edit(file, /^sops_unencrypted_suffix=.*$/m, 'sops_encrypted_regex=^B'),
      `${BROKEN}: A is encrypted, but its rule is to leave it plain`,
    ],
    ['no version', (file) => edit(file, /^sops_version=.*\n/m, ''), `${BROKEN}: it has no version`],
    [
      'no lastmodified',
      (file) => edit(file, /^sops_lastmodified=.*\n/m, ''),
      `${BROKEN}: it has no valid lastmodified, such as 2026-01-31T12:00:00Z`,
    ],
    ['no keys', (file) => edit(file, /^sops_age.*\n/gm, ''), `${BROKEN}: it has no keys`],
    [
      'ciphertext that is none',
      (file) => edit(file, /^A=.*$/m, 'A=ENC[AES256_GCM,data:canary]'),
      `${BROKEN}: the ciphertext of A is not what sops writes`,
    ],
  ];

  test.each(CHANGES)('%s', async (_, change, error) => {
    const [file, other] = [await sops([AGE_KEY], { variables }), await sops([AGE_KEY], { variables })];
    const changed = change(file, other);
    expect(changed).not.toBe(file);
    const refusal = await refusedFile(changed);
    expect({ status: refusal.status, error: refusal.error }).toEqual({ status: 65, error });
    expect(refusal.hint).not.toBe('');
  });

  test('or not', async () => {
    await put(clouds, 's3', 'dev/env', await sops([AGE_KEY], { variables }));
    expect(await opened(['-s', AWS_URI], envFor(clouds, ['aws', 'age']))).toEqual(variables);
  });

  test('the data key under age', async () => {
    const file = await sops([AGE_KEY]);
    const name = 'sops_age__list_0__map_enc';
    const wrapped = fieldOf(file, name);
    // In the body of the stanza, and in the payload behind its MAC.
    const lines = wrapped.split('\\n');
    for (const line of [2, lines.length - 3]) {
      const changed = lines.with(line, flipAt(lines[line] as string, 10)).join('\\n');
      const { status, error } = await refusedFile(file.replace(wrapped, changed));
      expect(status).toBe(65);
      expect(error).toContain(`${A}: the age file is broken: `);
    }
  });

  test('the data key under AWS KMS', async () => {
    const file = await sops([AWS_KEY]);
    const wrapped = fieldOf(file, 'sops_kms__list_0__map_enc');
    const changed = Buffer.from(flipBit(Buffer.from(wrapped, 'base64'), -1)).toString('base64');
    const { status, error } = await refusedFile(file.replace(wrapped, changed));
    expect({ status, error }).toEqual({
      status: 65,
      error: noKeyOpens(
        `KMS cannot open the data key under ${ARN}: changed bytes, another region or context`,
        ARN,
      ),
    });
  });

  test('the data key under Cloud KMS', async () => {
    const file = await sops([GOOGLE_KEY]);
    const wrapped = fieldOf(file, 'sops_gcp_kms__list_0__map_enc');
    const changed = Buffer.from(flipBit(Buffer.from(wrapped, 'base64'), -1)).toString('base64');
    const { status, error } = await refusedFile(file.replace(wrapped, changed));
    expect({ status, error }).toEqual({
      status: 65,
      error: noKeyOpens(
        `Cloud KMS cannot open the data key under ${CLOUD_KMS_KEY} with ${CLOUD_KMS_KEY}: changed bytes, or sealed for another name`,
        CLOUD_KMS_KEY,
      ),
    });
  });

  test('a share of a key group', async () => {
    const groups = [[AGE_KEY], [AWS_KEY]];
    const files = [await sops({ groups, threshold: 2 }), await sops({ groups, threshold: 2 })] as const;
    const name = 'sops_key_groups__list_1__map_kms__list_0__map_enc';
    const mixed = files[0].replace(fieldOf(files[0], name), fieldOf(files[1], name));
    expect((await refusedFile(mixed)).error).toBe(foreign('DB_URL'));
  });

  test.for(['json', 'yaml'] as const)('in %s, too', async (format) => {
    const file = await sops([AGE_KEY], { variables, format });
    const changed = edit(file, /canary-c/, 'canary-d');
    expect((await refusedFile(changed)).error).toBe(OTHER_VALUES);
    const twice = edit(file, /^(.*"B": .*\n|"?B"?: .*\n)/m, '$1$1');
    const { status, error } = await refusedFile(twice);
    expect(status).toBe(65);
    expect(error).toMatch(/B appears twice|each name once/);
  });

  test.each(['dotenv', 'json', 'yaml'] as const)('%s cut anywhere', async (format) => {
    const file = await sops([AGE_KEY], { variables, format });
    const end = file.indexOf('version', file.indexOf('lastmodified'));
    for (const length of [
      file.indexOf('ENC[') + 30,
      file.indexOf('sops') - 1,
      file.indexOf('sops') + 40,
      end,
    ]) {
      const { status, error } = await refusedFile(file.slice(0, length));
      expect(status).toBe(65);
      expect(error).toMatch(/^s3:\/\/snacks\/dev\/env is a broken SOPS file: |^cannot parse /);
    }
  });
});

describe('a ciphertext that was changed', () => {
  const ofAws = {
    status: 65,
    error: `KMS cannot open ${AWS_URI}: changed bytes, another region or context`,
    hint: 'seal it again; the encryption context must be the one it was sealed with (none is given), and so must the region (us-east-1)',
  };
  const ofGoogle = {
    status: 65,
    error: `Cloud KMS cannot open ${AWS_URI} with ${CLOUD_KMS_KEY}: changed bytes, or sealed for another name`,
    hint: 'seal it again, with this key and for this location',
  };
  const flags = pins(CLOUD_KMS_KEY);

  test('of AWS', async () => {
    const bytes = await encryptWithAws(clouds, ENV_FILE);
    for (const changed of [flipBit(bytes, -1), flipBit(bytes, -40), bytes.subarray(0, -1)]) {
      expect(await refusedFile(changed)).toEqual(ofAws);
      expect(await refusedFile(base64Lines(changed))).toEqual(ofAws);
    }
  });

  test('of AWS, with a byte more', async () => {
    const bytes = await encryptWithAws(clouds, ENV_FILE);
    expect(await refusedFile(Buffer.concat([bytes, Buffer.alloc(1)]))).toEqual(ofAws);
  });

  test('of AWS, which is cut before any KMS could open it', async () => {
    const bytes = await encryptWithAws(clouds, ENV_FILE);
    await clouds.kms.reset();
    expect(await refusedFile(bytes.subarray(0, 40))).toEqual({
      status: 65,
      error: `${AWS_URI} is not an env file; it looks like a truncated AWS KMS ciphertext`,
      hint: 'upload the whole ciphertext again; format=kms lets the KMS decide',
    });
    expect(await clouds.kms.requests()).toEqual([]);
  });

  test('of Google', async () => {
    const bytes = await encryptWithGoogle(clouds, ENV_FILE);
    for (const changed of [flipBit(bytes, -1), flipBit(bytes, -60)]) {
      expect(await refusedFile(changed, { flags })).toEqual(ofGoogle);
    }
  });

  test('of Google, which is cut', async () => {
    const bytes = await encryptWithGoogle(clouds, ENV_FILE);
    const { status, error } = await refusedFile(bytes.subarray(0, -1), { flags });
    expect({ status, error }).toEqual({
      status: 65,
      error: `${AWS_URI} is not an env file; it looks like a truncated or changed KMS ciphertext`,
    });
  });

  test('of Google, bound to other data', async () => {
    const bytes = await encryptWithGoogle(clouds, ENV_FILE, { additionalData: 'prod/env' });
    expect(await refusedFile(bytes, { flags })).toEqual(ofGoogle);
  });

  test('of Google, whose plaintext was changed in transit', async () => {
    const bytes = await encryptWithGoogle(clouds, ENV_FILE);
    await clouds.cloudKms.wrongPlaintextChecksum();
    const { status, error } = await refusedFile(bytes, { flags });
    expect({ status, error }).toEqual({
      status: 65,
      error: `the plaintext of ${AWS_URI} was changed in transit from Cloud KMS`,
    });
  });
});

describe('an object of berglas that was changed', () => {
  const CUT = `${AWS_URI} is not an env file; it looks like a truncated or changed berglas object`;
  const NAME_OR_KEY = `${AWS_URI} does not match what was sealed: its data key does not open under the name of the object`;
  const CONTENT = `${AWS_URI} does not match what was sealed: it does not authenticate with its data key`;
  const flip = (part: string, at: number) =>
    Buffer.from(flipBit(Buffer.from(part, 'base64'), at)).toString('base64');

  test.for<[string, (wrapped: string, sealed: string, other: string[]) => string, string]>([
    ['the data key', (wrapped, sealed) => `${flip(wrapped, -1)}:${sealed}`, NAME_OR_KEY],
    ['the nonce', (wrapped, sealed) => `${wrapped}:${flip(sealed, 0)}`, CONTENT],
    ['the ciphertext', (wrapped, sealed) => `${wrapped}:${flip(sealed, 12)}`, CONTENT],
    ['the tag', (wrapped, sealed) => `${wrapped}:${flip(sealed, -1)}`, CONTENT],
    ['the data key of another', (_, sealed, [other]) => `${other}:${sealed}`, CONTENT],
    ['the content of another', (wrapped, _, [, other]) => `${wrapped}:${other}`, CONTENT],
    [
      'a cut content',
      (wrapped, sealed) => `${wrapped}:${Buffer.from(sealed, 'base64').subarray(0, -9).toString('base64')}`,
      CONTENT,
    ],
  ])('%s', async ([, change, error]) => {
    const [wrapped = '', sealed = ''] = (await berglas()).split(':');
    const changed = change(wrapped, sealed, (await berglas()).split(':'));
    const refusal = await refusedFile(changed, { flags: pins(CLOUD_KMS_KEY) });
    expect({ status: refusal.status, error: refusal.error }).toEqual({ status: 65, error });
  });

  test.for<[string, (file: string) => number, string]>([
    [
      'before the colon',
      (file) => file.indexOf(':'),
      `Cloud KMS cannot open ${AWS_URI} with ${CLOUD_KMS_KEY}: changed bytes, or sealed for another name`,
    ],
    ['behind the colon', (file) => file.indexOf(':') + 1, CUT],
    ['in its base64', (file) => file.length - 3, CUT],
  ])('cut %s', async ([, at, error]) => {
    const file = await berglas('dev/env', 'A=canary\n');
    const refusal = await refusedFile(file.slice(0, at(file)), { flags: pins(CLOUD_KMS_KEY) });
    expect({ status: refusal.status, error: refusal.error }).toEqual({ status: 65, error });
  });
});

/** Random, except for a beginning that none of the recognized kinds has. */
function unknownBytes(length: number): Buffer {
  return Buffer.concat([Buffer.of(0x81, 0, 0, 0x81), randomBytes(length)]);
}

describe('what is not an env file, and nothing that envseal opens', () => {
  const looksLike = (what: string) => `${AWS_URI} is not an env file; it looks like ${what}`;
  const armored = (title: string) =>
    `-----BEGIN ${title}-----\nY2FuYXJ5Y2FuYXJ5Y2FuYXJ5\n-----END ${title}-----\n`;

  const FILES: [string, string | Uint8Array, string][] = [
    [
      'an age file',
      'age-encryption.org/v1\n-> X25519 canary\ncanary\n--- canary\n',
      looksLike('an age file'),
    ],
    ['an armored age file', armored('AGE ENCRYPTED FILE'), looksLike('an age file')],
    ['a PGP message', armored('PGP MESSAGE'), looksLike('a PGP message')],
    ['gzip', gzipSync(ENV_FILE), looksLike('gzip')],
    ['gzip as base64', base64Lines(gzipSync(randomBytes(200))), looksLike('base64 of gzip')],
    ['ansible-vault', '$ANSIBLE_VAULT;1.1;AES256\n63616e617279\n', looksLike('an ansible-vault file')],
    [
      'dotenvx',
      'DOTENV_PUBLIC_KEY="03canary"\nA="encrypted:canary"\n',
      looksLike('a dotenvx-encrypted file'),
    ],
    [
      'the whole output of aws kms encrypt',
      `{\n    "CiphertextBlob": "AQICAHcanary",\n    "KeyId": "${ARN}"\n}\n`,
      looksLike('the whole output of aws kms encrypt'),
    ],
    [
      'the whole response from Cloud KMS',
      `{"name": "${cloudKmsKeyVersion(1)}", "ciphertext": "CiQAcanary"}`,
      looksLike('the whole response from Cloud KMS'),
    ],
    [
      'sops ini',
      'A = ENC[AES256_GCM,data:canary,iv:x,tag:x,type:str]\n[sops]\nversion = 3.13.3\n',
      `${AWS_URI} is a broken SOPS file: its format is ini`,
    ],
    [
      'SOPS without its section',
      'A=ENC[AES256_GCM,data:canary,iv:x,tag:x,type:str]\n',
      `${AWS_URI} is a broken SOPS file: it has values that sops encrypted, but no sops section`,
    ],
    [
      'deep YAML',
      `A: ${'['.repeat(100_000)}\nsops:\n    mac: canary\n`,
      `cannot parse ${AWS_URI}: line 1, column 12: expected less nesting`,
    ],
    [
      'a billion laughs',
      `a: &a [canary, canary]\n${[...'bcdefghij'].map((c, i) => `${c}: &${c} [${`*${'abcdefghi'[i]}, `.repeat(9)}]\n`).join('')}sops:\n    mac: canary\n`,
      `cannot parse ${AWS_URI}: line 1, column 4: expected no anchors`,
    ],
    [
      'deep JSON',
      `{"A":${'['.repeat(100_000)}canary,"sops":{}`,
      `${AWS_URI} is a broken SOPS file: A is an array, not a variable`,
    ],
    ['a YAML file', 'A: canary\nB: canary\n', looksLike('YAML')],
  ];

  test.each(FILES)('%s', async (_, content, error) => {
    const refusal = await refusedFile(content);
    expect({ status: refusal.status, error: refusal.error }).toEqual({ status: 65, error });
  });

  test.each<[string, () => string | Uint8Array, string]>([
    ['bytes', () => unknownBytes(MIB), looksLike('binary data of an unknown kind')],
    ['words', () => 'canary, '.repeat(MIB / 8), `${AWS_URI} is not sealed by a KMS key`],
    [
      'base64',
      () => base64Lines(unknownBytes(MIB * 0.7)),
      looksLike('base64 of binary data of an unknown kind'),
    ],
    [
      'a line that looks like SOPS',
      () => `sops_mac=canary\n${'canary'.repeat(MIB / 6)}`,
      `cannot parse ${AWS_URI}: line 2, column 1: expected NAME=value`,
    ],
  ])('a megabyte of %s', async (_, make, error) => {
    const refusal = await refusedFile(make());
    expect({ status: refusal.status, error: refusal.error }).toEqual({ status: 65, error });
  });

  test.for<Scheme>(['s3', 'gs', 'file'])('10 MB of junk: %s', async (scheme) => {
    const { status, error } = await refusedFile(Buffer.alloc(10_000_000, 'canary '), { scheme });
    expect(status).toBe(65);
    expect(error).toMatch(/: the source is over 2097152 bytes$/);
  });

  test('a megabyte of junk that is said to be a ciphertext', async () => {
    const junk = Buffer.alloc(MIB, 0x81);
    const { status, error } = await refusedFile(junk, { query: '?format=kms' });
    expect({ status, error }).toEqual({
      status: 65,
      error: `KMS cannot open ${AWS_URI}?format=kms: changed bytes, another region or context`,
    });
  });
});

describe('what is inside', () => {
  const SEALS: [string, (content: string | Uint8Array) => Promise<Uint8Array>, string[]][] = [
    ['AWS KMS', (content) => encryptWithAws(clouds, content), []],
    ['Cloud KMS', (content) => encryptWithGoogle(clouds, content), pins(CLOUD_KMS_KEY)],
    [
      'berglas',
      async (content) =>
        (await berglasFile(clouds, 'dev/env', { text: Buffer.from(content).toString() })).bytes,
      pins(CLOUD_KMS_KEY),
    ],
  ];

  describe.each(SEALS)('%s', (_, seal, flags) => {
    test.for<[string, () => Promise<string | Uint8Array>, string]>([
      ['SOPS', () => sops([AGE_KEY]), 'sops'],
      ['SOPS as YAML', () => sops([AGE_KEY], { format: 'yaml' }), 'sops'],
      ['a ciphertext of AWS KMS', async () => base64Lines(await encryptWithAws(clouds, ENV_FILE)), 'kms'],
      ['berglas', () => berglas(), 'berglas'],
    ])('is sealed once more: %s', async ([, make, kind]) => {
      expect(await refusedFile(await seal(await make()), { flags })).toEqual({
        status: 65,
        error: `${AWS_URI} is sealed twice: it contains ${kind}`,
        hint: 'seal the plain env file',
      });
    });

    test('is not an env file', async () => {
      const { status, error } = await refusedFile(await seal('canary\n'), { flags });
      expect({ status, error }).toEqual({
        status: 65,
        error: `cannot parse ${AWS_URI}: line 1, column 7: expected = after the name`,
      });
    });

    test('is something else', async () => {
      const { status, error } = await refusedFile(await seal('$ANSIBLE_VAULT;1.1;AES256\ncanary\n'), {
        flags,
      });
      expect({ status, error }).toEqual({
        status: 65,
        error: `${AWS_URI} is not an env file; it looks like an ansible-vault file`,
      });
    });

    test('sets what makes programs load code', async () => {
      expect(await refusedFile(await seal('LD_PRELOAD=canary\n'), { flags })).toEqual({
        status: 65,
        error: 'a source sets LD_PRELOAD, which can make programs load code',
        hint: 'remove it from the source, leave it out with --exclude LD_PRELOAD, or accept it with --allow-name LD_PRELOAD',
      });
    });
  });

  test.for(['dotenv', 'json', 'yaml'] as const)(
    'SOPS %s sets what makes programs load code',
    async (format) => {
      const variables = { A: 'canary', LD_PRELOAD: 'canary', NODE_OPTIONS: 'canary' };
      expect(await refusedFile(await sops([AGE_KEY], { variables, format }))).toEqual({
        status: 65,
        error: 'a source sets LD_PRELOAD, NODE_OPTIONS, which can make programs load code',
        hint: 'remove it from the source, leave it out with --exclude LD_PRELOAD, or accept it with --allow-name LD_PRELOAD',
      });
    },
  );
});

describe('a format that is pinned and wrong', () => {
  const not = (what: string, format: string): Refusal => ({
    status: 65,
    error: `${AWS_URI}?format=${format} is not ${what}`,
    hint: `remove format=${format}`,
  });

  test.for<[string, () => Promise<string | Uint8Array>, string]>([
    ['sops', async () => ENV_FILE, 'a SOPS file'],
    ['sops', () => encryptWithAws(clouds, ENV_FILE), 'a SOPS file'],
    ['kms', async () => ENV_FILE, 'a KMS ciphertext; it is text'],
    ['kms', () => sops([AGE_KEY]), 'a KMS ciphertext; it is text'],
    ['berglas', async () => ENV_FILE, 'a berglas object'],
    ['berglas', () => encryptWithGoogle(clouds, ENV_FILE), 'a berglas object'],
    ['dotenv', () => sops([AGE_KEY]), 'dotenv; it is a SOPS file'],
    ['json', () => sops([AGE_KEY], { format: 'json' }), 'json; it is a SOPS file'],
    ['dotenv', () => encryptWithAws(clouds, ENV_FILE), 'dotenv; it is a KMS ciphertext'],
    ['dotenv', () => berglas(), 'dotenv; it is a berglas object'],
  ])('%s', async ([format, make, what]) => {
    expect(await refusedFile(await make(), { query: `?format=${format}` })).toEqual(not(what, format));
  });
});

test.for<[string, FaultRule, number]>([
  ['throttles', { status: 400, code: 'ThrottlingException' }, 75],
  ['fails', { status: 500, code: 'KMSInternalException' }, 69],
  ['hangs', { hang: true }, 75],
  ['breaks off', { resetBeforeHeaders: true }, 69],
  ['answers in part', { truncateTo: 10 }, 69],
])('a KMS that %s all the time ends the start', async ([, fault, status]) => {
  const files = [await encryptWithAws(clouds, ENV_FILE), await sops([AWS_KEY])];
  await clouds.kms.fault({ ...fault, count: 'always' });
  for (const file of files) {
    expect((await refusedFile(file, { flags: ['--timeout', '1'] })).status).toBe(status);
  }
});

test('a version of a Cloud KMS key cannot be pinned, because it cannot be verified', async () => {
  const pin = `${CLOUD_KMS_KEY}/cryptoKeyVersions/1`;
  for (const file of [await encryptWithGoogle(clouds, ENV_FILE), await berglas(), await sops([GOOGLE_KEY])]) {
    const { status, hint } = await refusedFile(file, { flags: ['--kms-key', pin] });
    expect(status).toBe(78);
    expect(hint).toContain(`pin the key: ${CLOUD_KMS_KEY}`);
  }
});

test('an encryption context is not for Cloud KMS', async () => {
  const flags = ['--kms-key', CLOUD_KMS_KEY, '--encryption-context', 'app=canary'];
  const { status } = await refusedFile(await encryptWithGoogle(clouds, ENV_FILE), { flags });
  expect(status).toBe(78);
});
