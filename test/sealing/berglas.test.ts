/** Objects of berglas, both ways. What berglas itself does is written here once more, with `node:crypto`. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EnvsealError } from '../../src/errors.ts';
import { openBerglas, sealBerglas } from '../../src/sealing/berglas.ts';
import { asFormat, detect } from '../../src/sealing/detect.ts';
import {
  identifierOf,
  open as openInKms,
  pack,
  SHORT_IDENTIFIER_BYTES,
  seal as sealInKms,
  unpack,
} from '../servers/cloud-kms/ciphertext.ts';
import { cloudKmsKeyVersion } from '../servers/google/defaults.ts';
import { errorOf, SOURCE } from './sops/opening.ts';

const VERSION = cloudKmsKeyVersion(1);
const NAME = 'dev/env ä';
const PLAINTEXT = new TextEncoder().encode('A=1\n');

/** What Cloud KMS does, with the additional data that it is given. */
async function wrap(dataKey: Uint8Array, additionalData: Uint8Array): Promise<Uint8Array> {
  const sealed = sealInKms(VERSION, Buffer.from(dataKey), Buffer.from(additionalData));
  return pack({ identifier: identifierOf(VERSION, SHORT_IDENTIFIER_BYTES), sealed });
}

async function unwrap(wrapped: Uint8Array, additionalData: Uint8Array): Promise<Uint8Array> {
  const { sealed = Buffer.alloc(0) } = unpack(Buffer.from(wrapped)) ?? {};
  const dataKey = openInKms(VERSION, sealed, Buffer.from(additionalData));
  if (dataKey === undefined) throw new EnvsealError('corrupt', 'the KMS refused the ciphertext');
  return dataKey;
}

/**
 * `envelopeEncrypt` and `encryptAndWrite` of berglas 2.0.13.
 * https://github.com/GoogleCloudPlatform/berglas/blob/v2.0.13/pkg/berglas/berglas.go
 */
async function berglasCreate(objectName: string, plaintext: Uint8Array, keyBytes = 32): Promise<Uint8Array> {
  const dataKey = randomBytes(keyBytes);
  const nonce = randomBytes(12);
  const cipher = createCipheriv(keyBytes === 32 ? 'aes-256-gcm' : 'aes-128-gcm', dataKey, nonce);
  const sealed = Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  const wrapped = Buffer.from(await wrap(dataKey, Buffer.from(objectName)));
  return Buffer.from(`${wrapped.toString('base64')}:${sealed.toString('base64')}`);
}

/** `storageRead` and `envelopeDecrypt`. */
async function berglasAccess(objectName: string, object: Uint8Array): Promise<Buffer> {
  const [wrapped = '', rest = ''] = Buffer.from(object).toString().split(':', 2);
  const dataKey = await unwrap(Buffer.from(wrapped, 'base64'), Buffer.from(objectName));
  const data = Buffer.from(rest, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', dataKey, data.subarray(0, 12));
  decipher.setAuthTag(data.subarray(-16));
  return Buffer.concat([decipher.update(data.subarray(12, -16)), decipher.final()]);
}

function split(object: Uint8Array) {
  const file = detect(object, { source: SOURCE });
  if (file.kind !== 'berglas') throw new Error(`detected as ${file.kind}`);
  return file;
}

const open = (object: Uint8Array, objectName = NAME) =>
  openBerglas(split(object), { source: SOURCE, objectName, unwrap });

test('opens what berglas creates', async () => {
  for (const plaintext of [PLAINTEXT, new Uint8Array(), randomBytes(100_000)]) {
    const opened = await open(await berglasCreate(NAME, plaintext));
    expect(Buffer.from(opened).equals(plaintext)).toBe(true);
  }
});

test('seals what berglas accesses, each time another way', async () => {
  const objects = await Promise.all([1, 2].map(() => sealBerglas(PLAINTEXT, { objectName: NAME, wrap })));
  for (const object of objects) {
    expect((await berglasAccess(NAME, object)).equals(PLAINTEXT)).toBe(true);
    expect(Buffer.from(object).toString()).toMatch(/^[A-Za-z0-9+/]+=*:[A-Za-z0-9+/]+=*$/);
  }
  const [first, second] = objects.map((object) => split(object));
  expect(first?.wrapped).not.toEqual(second?.wrapped);
  expect(first?.sealed.subarray(0, 12)).not.toEqual(second?.sealed.subarray(0, 12));
});

test('opens what it sealed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.string({ minLength: 1 }), async (bytes, name) => {
      const objectName = name.toWellFormed();
      const object = await sealBerglas(bytes, { objectName, wrap });
      expect([...(await open(object, objectName))]).toEqual([...bytes]);
    }),
  );
});

test('binds the data key to the name of the object, in UTF-8, and nothing else', async () => {
  const asked: string[] = [];
  await sealBerglas(PLAINTEXT, {
    objectName: NAME,
    wrap: (dataKey, additionalData) => {
      expect(dataKey).toHaveLength(32);
      asked.push(Buffer.from(additionalData).toString());
      return wrap(dataKey, additionalData);
    },
  });
  expect(asked).toEqual([NAME]);
});

describe('what does not open', () => {
  test('an object under another name', async () => {
    const object = await berglasCreate(NAME, PLAINTEXT);
    expect(await errorOf(() => open(object, 'prod/env'))).toMatchObject({
      code: 'corrupt',
      message: `${SOURCE} does not match what was sealed: its data key does not open under the name of the object`,
      hint: 'berglas binds a secret to its name: copy it back to the name that it was created with',
    });
  });

  test('an object of which any bit was changed', async () => {
    const object = await berglasCreate(NAME, PLAINTEXT);
    const file = split(object);
    for (const part of ['wrapped', 'sealed'] as const) {
      for (let bit = 0; bit < file[part].length * 8; bit++) {
        if (part === 'wrapped' && bit < 39 * 8) continue; // Which key it is: the KMS alone knows what it makes of it.
        const changed = Uint8Array.from(file[part]);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const error = await errorOf(() =>
          openBerglas({ ...file, [part]: changed }, { source: SOURCE, objectName: NAME, unwrap }),
        );
        expect(error?.code).toBe('corrupt');
      }
    }
  });

  test('parts of two objects', async () => {
    const [first, second] = [
      split(await berglasCreate(NAME, PLAINTEXT)),
      split(await berglasCreate(NAME, PLAINTEXT)),
    ];
    const mixed = { wrapped: first.wrapped, sealed: second.sealed };
    expect(
      await errorOf(() => openBerglas(mixed, { source: SOURCE, objectName: NAME, unwrap })),
    ).toMatchObject({
      code: 'corrupt',
      message: `${SOURCE} does not match what was sealed: it does not authenticate with its data key`,
    });
  });

  test('a second part that was cut, at any place', async () => {
    const file = split(await berglasCreate(NAME, PLAINTEXT));
    for (let length = 0; length < file.sealed.length; length++) {
      const cut = { ...file, sealed: file.sealed.subarray(0, length) };
      const error = await errorOf(() => openBerglas(cut, { source: SOURCE, objectName: NAME, unwrap }));
      expect(error?.code).toBe('corrupt');
    }
  });

  test('a data key of another length', async () => {
    const object = await berglasCreate(NAME, PLAINTEXT, 16);
    expect((await errorOf(() => open(object)))?.message).toBe(
      `${SOURCE} does not match what was sealed: its data key has the wrong length`,
    );
  });

  test.each(['denied', 'key_unavailable', 'throttled'] as const)('when the KMS says %s', async (code) => {
    const refusal = new EnvsealError(code, 'the KMS says no');
    const file = split(await berglasCreate(NAME, PLAINTEXT));
    const refuse = async () => {
      throw refusal;
    };
    const error = await errorOf(() =>
      openBerglas(file, { source: SOURCE, objectName: NAME, unwrap: refuse }),
    );
    expect(error).toBe(refusal);
  });
});

test('no error holds a piece of the env file or of its data key', async () => {
  const canary = 'xQ7Zj0Kw9Vb3Gy';
  const pieces = Array.from({ length: canary.length - 3 }, (_, i) => canary.slice(i, i + 4));
  const object = await berglasCreate(NAME, Buffer.from(`A=${canary}\n`));
  const file = split(object);
  const dataKey = Buffer.from(canary.padEnd(32, canary));
  const errors = await Promise.all([
    errorOf(() => open(object, 'other')),
    errorOf(() => openBerglas(file, { source: SOURCE, objectName: NAME, unwrap: async () => dataKey })),
    errorOf(() =>
      openBerglas(file, { source: SOURCE, objectName: NAME, unwrap: async () => dataKey.subarray(1) }),
    ),
    errorOf(() => asFormat(Buffer.from(`${canary}:${canary}`), 'berglas', { source: SOURCE })),
  ]);
  for (const error of errors) {
    expect(error).toBeDefined();
    const text = [error?.hint, inspect(error, { showHidden: true, depth: Infinity, getters: true })].join(
      '\n',
    );
    for (const piece of pieces) expect(text).not.toContain(piece);
  }
});
