/** What was sealed before it was stored is detected and opened, whatever sealed it and wherever it lies. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import { generateHybridIdentity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { describeReal } from '../real/available.ts';
import { startMoto } from '../real/start.ts';
import { A, ageKey, B, C, IDENTITIES, identities } from '../sealing/sops/age-keys.ts';
import { expectedOf, vector, vectorNames } from '../sealing/sops/opening.ts';
import {
  ACCESS_KEY_ID,
  CA_FILE,
  CLOUD_KMS_KEY,
  cloudKmsKeyVersion,
  KMS_ALIAS,
  kmsKeyArn,
  managedKeyArn,
  OTHER_CLOUD_KMS_KEY,
  startGcpMetadata,
  startKms,
  startProxy,
} from '../servers/start.ts';
import { BARE, SEALED } from './aws.ts';
import { folder } from './folder.ts';
import { PATH_WITH_NODE } from './program.ts';
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
  putSealed,
  type Scheme,
  SEALINGS,
  sopsFile,
  startClouds,
  VARIABLES,
} from './sealed.ts';
import { type Env, opened } from './transcript.ts';

let clouds: Clouds;

beforeAll(async () => {
  clouds = await startClouds();
});
afterAll(() => clouds.stop());
beforeEach(() => clouds.reset());

function sealing(title: string): (typeof SEALINGS)[number][1] {
  const row = SEALINGS.find((candidate) => candidate[0] === title);
  if (row === undefined) throw new Error(`no sealing ${title}`);
  return row[1];
}

describe.each<Scheme>(['s3', 'gs', 'file'])('%s', (scheme) => {
  const name = 'dev/env ä';
  const objectName = scheme === 'file' ? basename(name) : name;

  test.each(SEALINGS)('%s', async (_, make) => {
    const { args, env } = await putSealed(clouds, scheme, name, await make(clouds, objectName));
    expect(await opened(args, env)).toEqual(VARIABLES);
  });
});

test('sources that are sealed in different ways are opened together, later ones win', async () => {
  const uris = [
    await put(clouds, 'file', 'age', (await sopsFile(clouds, [AGE_KEY])).bytes),
    await put(
      clouds,
      'gs',
      'berglas',
      (await berglasFile(clouds, 'berglas', { text: 'B=canary-b\n' })).bytes,
    ),
    await put(clouds, 's3', 'kms', await encryptWithAws(clouds, 'B=canary-k\nK=canary\n')),
    's3://snacks/plain',
  ];
  await clouds.s3.put('snacks', 'plain', 'K=canary-s\n', SEALED);
  const pins = [A, CLOUD_KMS_KEY, kmsKeyArn()].flatMap((key) => ['--kms-key', key]);
  const sources = uris.flatMap((uri) => ['-s', uri]);
  expect(await opened([...pins, ...sources], envFor(clouds, ['age', 'aws', 'google']))).toEqual({
    ...VARIABLES,
    B: 'canary-k',
    K: 'canary-s',
  });
});

test('one request to a KMS opens a file, and none is asked about a file for age', async () => {
  const asked = async (scheme: Scheme, name: string, make: Promise<{ bytes: Uint8Array }>) => {
    const { bytes } = await make;
    await Promise.all([clouds.kms.reset(), clouds.cloudKms.reset()]);
    const uri = await put(clouds, scheme, name, bytes);
    const env = envFor(clouds, ['aws', 'google', 'age']);
    await opened(['--allow-metadata-key', '-s', uri], env);
    const logs = await Promise.all([clouds.kms.requests(), clouds.cloudKms.requests()]);
    return logs.flat().map(({ subject }) => subject);
  };
  expect(await asked('s3', 'aws', sopsFile(clouds, [AWS_KEY]))).toEqual(['Decrypt']);
  expect(await asked('gs', 'google', sopsFile(clouds, [GOOGLE_KEY]))).toHaveLength(1);
  expect(await asked('gs', 'age', sopsFile(clouds, [AGE_KEY]))).toEqual([]);
});

test('the service account of a workload on Google Cloud opens what is sealed for it', async () => {
  await using metadata = await startGcpMetadata();
  const { GOOGLE_OAUTH_ACCESS_TOKEN: _, ...endpoints } = envFor(clouds, ['google']);
  const { args } = await putSealed(clouds, 'gs', 'env', await sopsFile(clouds, [GOOGLE_KEY]));
  expect(await opened(args, { ...endpoints, GCE_METADATA_HOST: metadata.host })).toEqual(VARIABLES);
});

test.each(['Cloud KMS, binary', 'berglas', 'sops yaml under Cloud KMS'])(
  'in a universe of its own Google’s library is asked: %s',
  async (title) => {
    const file = await sealing(title)(clouds, 'env');
    const { args, env } = await putSealed(clouds, 'gs', 'env', file);
    const universe = { GOOGLE_CLOUD_UNIVERSE_DOMAIN: 'universe.test', PATH: PATH_WITH_NODE };
    expect(await opened(args, { ...env, ...universe })).toEqual(VARIABLES);
    const [request] = (await clouds.cloudKms.requests()).slice(-1);
    expect(request?.headers['x-goog-api-client']).toContain('gax/');
  },
);

describe('a SOPS file under AWS KMS', () => {
  const role = 'arn:aws:iam::111122223333:role/opener';

  test('is opened as the role that it names, which alone may use the key', async () => {
    const session = await clouds.sts.role({ arn: role, trustedAccessKeys: [ACCESS_KEY_ID] });
    await clouds.kms.accessKey(session);
    await clouds.kms.kmsKey({ arn: kmsKeyArn(), allow: { 'kms:Decrypt': [session.accessKeyId] } });
    const file = await sopsFile(clouds, [{ ...AWS_KEY, role }]);
    const { args, env } = await putSealed(clouds, 's3', 'dev/env', file);
    expect(await opened(args, env)).toEqual(VARIABLES);
    expect((await clouds.sts.requests()).map(({ subject }) => subject)).toEqual(['AssumeRole']);
  });

  test('is opened with the encryption context that it names', async () => {
    const context = { app: 'snacks', stage: 'dev' };
    const file = await sopsFile(clouds, [{ ...AWS_KEY, context }], { format: 'yaml' });
    const { args, env } = await putSealed(clouds, 'file', 'env', file);
    expect(await opened(args, env)).toEqual(VARIABLES);
  });

  test.for(['s3://snacks/dev/env', 'arn:aws:s3:::snacks/dev/env'])(
    'is opened at the place that its encryption context names: %s',
    async (place) => {
      const file = await sopsFile(clouds, [{ ...AWS_KEY, context: { place } }]);
      const { args, env } = await putSealed(clouds, 's3', 'dev/env', file);
      expect(await opened(args, env)).toEqual(VARIABLES);
    },
  );

  test('is opened with the key that its alias leads to', async () => {
    const key = kmsKeyArn().replace(/key\/.*/, KMS_ALIAS);
    const { args, env } = await putSealed(clouds, 's3', 'env', await sopsFile(clouds, [{ ...AWS_KEY, key }]));
    expect(await opened(args, env)).toEqual(VARIABLES);
  });
});

describe('a ciphertext of AWS KMS with an encryption context', () => {
  const context = { app: 'snacks', place: 's3://snacks/dev/env' };

  test.for<[string, string[], Env]>([
    [
      '--encryption-context',
      ['--encryption-context', 'app=snacks', '--encryption-context=place=s3://snacks/dev/env'],
      {},
    ],
    [
      'ENVSEAL_ENCRYPTION_CONTEXT',
      [],
      { ENVSEAL_ENCRYPTION_CONTEXT: 'place=s3://snacks/dev/env, app=snacks' },
    ],
  ])('is opened with %s', async ([, flags, variables]) => {
    await put(clouds, 's3', 'dev/env', await encryptWithAws(clouds, ENV_FILE, { context }));
    const env = { ...envFor(clouds, ['aws']), ...variables };
    expect(await opened([...flags, '-s', 's3://snacks/dev/env'], env)).toEqual(VARIABLES);
  });
});

describe('of several keys of a SOPS file any one will do', () => {
  /** Who waits for a key that does not answer is still waiting when the time of the test is over. */
  const PATIENT = ['--timeout', '600'];
  const eu = { ...AWS_KEY, key: kmsKeyArn('eu-west-1') };

  test.for<[string, () => Promise<void>]>([
    ['hangs', () => clouds.kms.fault({ hang: true, count: 'always' })],
    ['fails', () => clouds.kms.fault({ status: 500, code: 'KMSInternalException', count: 'always' })],
    ['throttles', () => clouds.kms.fault({ status: 400, code: 'ThrottlingException', count: 'always' })],
    ['denies', () => clouds.kms.kmsKey({ arn: kmsKeyArn(), allow: { 'kms:Decrypt': [] } })],
  ])('while AWS KMS %s, age opens it', async ([, break_]) => {
    const file = await sopsFile(clouds, [AWS_KEY, AGE_KEY]);
    await break_();
    const { args, env } = await putSealed(clouds, 'file', 'env', file);
    expect(await opened([...args, ...PATIENT], env)).toEqual(VARIABLES);
  });

  test('while Cloud KMS hangs, AWS KMS opens it', async () => {
    const file = await sopsFile(clouds, [GOOGLE_KEY, AWS_KEY]);
    await clouds.cloudKms.fault({ hang: true, count: 'always' });
    const { args, env } = await putSealed(clouds, 's3', 'env', file);
    expect(await opened([...args, ...PATIENT], env)).toEqual(VARIABLES);
  });

  test.for<[string, Env]>([
    ['endpoint refuses connections', { AWS_ENDPOINT_URL_KMS: 'http://127.0.0.1:1' }],
    ['endpoint is not a URL', { AWS_ENDPOINT_URL_KMS: 'nope' }],
    ['credentials are none', { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }],
  ])('where the %s, age opens it', async ([, more]) => {
    const file = await sopsFile(clouds, [AWS_KEY, AGE_KEY]);
    const { args, env } = await putSealed(clouds, 'file', 'env', file);
    expect(await opened([...args, ...PATIENT], { ...env, ...more })).toEqual(VARIABLES);
  });

  test.for<[string, readonly string[]]>([
    ['another identity', [identities[1] as string]],
    ['several identities', [identities[2] as string, identities[1] as string]],
  ])('%s opens it', async ([, own]) => {
    const file = await sopsFile(clouds, [AGE_KEY, ageKey(B)]);
    const { args, env } = await putSealed(clouds, 'file', 'env', file);
    expect(await opened(args, { ...env, SOPS_AGE_KEY: own.join('\n') })).toEqual(VARIABLES);
  });

  test('one region of AWS that hangs does not keep the other from opening it', async () => {
    await using dead = await startKms({ regions: ['us-east-1'], tls: true });
    await using alive = await startKms({ regions: ['eu-west-1'], tls: true });
    await using proxy = await startProxy({
      'kms.us-east-1.amazonaws.com:443': dead.host,
      'kms.eu-west-1.amazonaws.com:443': alive.host,
    });
    const file = await sopsFile(clouds, [AWS_KEY, eu]);
    await dead.fault({ hang: true, count: 'always' });
    const { args, env } = await putSealed(clouds, 'file', 'env', file);
    const { AWS_ENDPOINT_URL_KMS: _, ...rest } = env;
    const regional = { ...rest, HTTPS_PROXY: proxy.url, AWS_CA_BUNDLE: CA_FILE };
    expect(await opened([...args, ...PATIENT], regional)).toEqual(VARIABLES);
    expect(await alive.requests()).toHaveLength(1);
  });

  test('of key groups as many as the threshold', async () => {
    const keys = { groups: [[AGE_KEY], [AWS_KEY], [GOOGLE_KEY]], threshold: 2 };
    const file = await sopsFile(clouds, keys);
    await clouds.kms.fault({ hang: true, count: 'always' });
    const { args, env } = await putSealed(clouds, 'file', 'env', file);
    expect(await opened([...args, ...PATIENT], env)).toEqual(VARIABLES);
  });
});

describe('the age identity', () => {
  let uri: string;
  const lines = `# created: 2026-01-31\n# public key: ${A}\n${IDENTITY}\n`;
  const keysAt = (path: string) => {
    const base = folder();
    mkdirSync(dirname(join(base, path)), { recursive: true });
    writeFileSync(join(base, path), lines);
    return base;
  };

  beforeEach(async () => {
    uri = await put(clouds, 'file', 'env', (await sopsFile(clouds, [AGE_KEY])).bytes);
  });

  test.for<[string, () => Env]>([
    ['in SOPS_AGE_KEY', () => ({ SOPS_AGE_KEY: IDENTITY })],
    ['in the lines of SOPS_AGE_KEY', () => ({ SOPS_AGE_KEY: lines })],
    ['in the file of SOPS_AGE_KEY_FILE', () => ({ SOPS_AGE_KEY_FILE: join(keysAt('keys'), 'keys') })],
    ['in the home', () => ({ HOME: keysAt('.config/sops/age/keys.txt') })],
    ['in XDG_CONFIG_HOME', () => ({ XDG_CONFIG_HOME: keysAt('sops/age/keys.txt') })],
    [
      'beside a variable that holds none',
      () => ({ SOPS_AGE_KEY: 'nonsense', SOPS_AGE_KEY_FILE: join(keysAt('keys'), 'keys') }),
    ],
  ])('is found %s', async ([, variables]) => {
    expect(await opened(['-s', uri], { ...BARE, ...variables() })).toEqual(VARIABLES);
  });
});

test('a post-quantum identity of age opens what is sealed for it', async () => {
  const identity = await generateHybridIdentity();
  const key = { kind: 'age', key: await identityToRecipient(identity) } as const;
  const { args, env } = await putSealed(clouds, 'file', 'env', await sopsFile(clouds, [key]));
  const keys = { SOPS_AGE_KEY: `${IDENTITY} ${identity}`, PATH: PATH_WITH_NODE };
  expect(await opened(args, { ...env, ...keys })).toEqual(VARIABLES);
});

describe('a format that is pinned', () => {
  const name = 'env';
  test.for<[string, string]>([
    ['sops', 'sops dotenv under age'],
    ['sops', 'sops json under AWS KMS'],
    ['sops', 'sops yaml under Cloud KMS'],
    ['kms', 'AWS KMS, binary'],
    ['kms', 'AWS KMS, base64 with line breaks'],
    ['kms', 'Cloud KMS, base64'],
    ['berglas', 'berglas'],
  ])('%s opens %s', async ([format, title]) => {
    const { args, env } = await putSealed(clouds, 'gs', name, await sealing(title)(clouds, name));
    const pinned = args.with(-1, `${args.at(-1)}?format=${format}`);
    expect(await opened(pinned, env)).toEqual(VARIABLES);
  });
});

describe('a key that is pinned', () => {
  const [arn, id] = [kmsKeyArn(), kmsKeyArn().split('/')[1] ?? ''] as const;
  const aliasArn = arn.replace(/key\/.*/, KMS_ALIAS);
  const other = managedKeyArn('us-east-1');
  const eu = kmsKeyArn('eu-west-1');

  const openedWith = async (pins: readonly string[], bytes: Uint8Array) => {
    const uri = await put(clouds, 'file', 'env', bytes);
    const flags = pins.flatMap((pin) => ['--kms-key', pin]);
    return await opened([...flags, '-s', uri], envFor(clouds, ['aws', 'google', 'age']));
  };

  describe.each([
    ['its ARN', [arn]],
    ['its id', [id]],
    ['its alias', [KMS_ALIAS]],
    ['the ARN of its alias', [aliasArn]],
    ['one of several', [other, arn, CLOUD_KMS_KEY]],
    ['one of several, the last', [CLOUD_KMS_KEY, A, KMS_ALIAS]],
  ] as const)('as %s', (_, pins) => {
    test('opens a ciphertext of AWS KMS', async () => {
      expect(await openedWith(pins, await encryptWithAws(clouds, ENV_FILE))).toEqual(VARIABLES);
    });

    test('opens a SOPS file', async () => {
      expect(await openedWith(pins, (await sopsFile(clouds, [AWS_KEY])).bytes)).toEqual(VARIABLES);
    });

    test('opens a SOPS file that names an alias of it', async () => {
      const { bytes } = await sopsFile(clouds, [{ ...AWS_KEY, key: aliasArn }]);
      expect(await openedWith(pins, bytes)).toEqual(VARIABLES);
    });
  });

  test.for([[CLOUD_KMS_KEY], [arn, CLOUD_KMS_KEY]])('of Cloud KMS opens its ciphertext: %s', async (pins) => {
    expect(await openedWith(pins, await encryptWithGoogle(clouds, ENV_FILE))).toEqual(VARIABLES);
  });

  test('of Cloud KMS opens a SOPS file', async () => {
    const { bytes } = await sopsFile(clouds, [GOOGLE_KEY]);
    expect(await openedWith([CLOUD_KMS_KEY], bytes)).toEqual(VARIABLES);
  });

  test('is a recipient of age', async () => {
    const { bytes } = await sopsFile(clouds, [AGE_KEY]);
    expect(await openedWith([A], bytes)).toEqual(VARIABLES);
  });

  test('is the only one of the file that is asked', async () => {
    const { bytes } = await sopsFile(clouds, [{ ...AWS_KEY, key: eu }, GOOGLE_KEY, AGE_KEY]);
    await Promise.all([clouds.kms.reset(), clouds.cloudKms.reset()]);
    expect(await openedWith([A], bytes)).toEqual(VARIABLES);
    expect([...(await clouds.kms.requests()), ...(await clouds.cloudKms.requests())]).toEqual([]);
  });
});

describe('a key in the metadata of an object', () => {
  const ALLOWED = ['--allow-metadata-key'];
  const FIELDS = ['berglas-kms-key', 'kms-key'];

  test.for(FIELDS)('%s opens berglas and Cloud KMS when any may', async (field) => {
    const metadata = { [field]: CLOUD_KMS_KEY };
    const { bytes } = await berglasFile(clouds, 'dev/berglas');
    const uris = [
      await put(clouds, 'gs', 'dev/berglas', bytes, metadata),
      await put(clouds, 'gs', 'dev/kms', await encryptWithGoogle(clouds, ENV_FILE), metadata),
    ];
    for (const uri of uris) {
      expect(await opened([...ALLOWED, '-s', uri], envFor(clouds, ['google']))).toEqual(VARIABLES);
      const env = { ...envFor(clouds, ['google']), ENVSEAL_ALLOW_METADATA_KEY: 'true' };
      expect(await opened(['-s', uri], env)).toEqual(VARIABLES);
    }
  });

  test('kms-key of an object at S3 does it, too', async () => {
    const metadata = { 'kms-key': CLOUD_KMS_KEY };
    const uri = await put(clouds, 's3', 'env', await encryptWithGoogle(clouds, ENV_FILE), metadata);
    const env = envFor(clouds, ['aws', 'google']);
    expect(await opened([...ALLOWED, '-s', uri], env)).toEqual(VARIABLES);
  });

  test.for([CLOUD_KMS_KEY, cloudKmsKeyVersion(1)])(
    'chooses among those that are pinned: %s',
    async (named) => {
      const metadata = { 'kms-key': named };
      const uri = await put(clouds, 'gs', 'env', await encryptWithGoogle(clouds, ENV_FILE), metadata);
      const pins = ['--kms-key', OTHER_CLOUD_KMS_KEY, '--kms-key', CLOUD_KMS_KEY];
      expect(await opened([...pins, '-s', uri], envFor(clouds, ['google']))).toEqual(VARIABLES);
    },
  );
});

describeReal('moto', 'a ciphertext of the KMS of moto, which no rule knows', () => {
  test('is opened with format=kms', async () => {
    await using moto = await startMoto();
    const { endpoint, region, accessKeyId, secretAccessKey, kmsKeyA } = moto;
    const client = new KMSClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
    const EncryptionContext = { app: 'snacks' };
    const command = { KeyId: kmsKeyA, Plaintext: Buffer.from(ENV_FILE), EncryptionContext };
    const { CiphertextBlob } = await client.send(new EncryptCommand(command));
    client.destroy();
    const bytes = CiphertextBlob as Uint8Array;
    const env = {
      ...BARE,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_ENDPOINT_URL_KMS: endpoint,
    };
    for (const content of [bytes, base64Lines(bytes)]) {
      const uri = `${await put(clouds, 'file', 'env', content)}?format=kms`;
      for (const flags of [[], ['--kms-key', kmsKeyA]]) {
        const args = [...flags, '--encryption-context', 'app=snacks', '-s', uri];
        expect(await opened(args, env)).toEqual(VARIABLES);
      }
    }
  });
});

describe('files by the real sops', () => {
  test.each(vectorNames)('%s', async (name) => {
    const uri = await put(clouds, 'file', name, vector(name));
    const env = { ...BARE, SOPS_AGE_KEY_FILE: IDENTITIES };
    expect(await opened(['-s', uri], env)).toEqual(expectedUtf8(expectedOf(name)));
  });

  test('by one identity of two, and by two of three groups', async () => {
    const [a, b, c] = identities as [string, string, string];
    expect([A, B, C]).toHaveLength(identities.length);
    for (const [name, own] of [
      ['two-keys.env', b],
      ['groups-2-of-3.env', `${a} ${c}`],
      ['groups-2-of-3.yaml', `${b}\n${c}`],
    ] as const) {
      const uri = await put(clouds, 's3', name, vector(name));
      const env = { ...envFor(clouds, ['aws']), SOPS_AGE_KEY: own };
      expect(await opened(['-s', uri], env)).toEqual(expectedUtf8(expectedOf(name)));
    }
  });
});

/** As `opened` gives text: each byte a character. */
function expectedUtf8(variables: Env): Env {
  const entries = Object.entries(variables);
  return Object.fromEntries(entries.map(([name, value]) => [name, Buffer.from(value).toString('latin1')]));
}
