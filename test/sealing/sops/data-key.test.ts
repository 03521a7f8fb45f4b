/** The keys that are tried, and the error when none works. */
import { describe, expect, test } from 'vitest';
import { EnvsealError, type ErrorCode } from '../../../src/errors.ts';
import type { Unwrap, WrappedKey } from '../../../src/keys/kinds.ts';
import { type Keys, unwrapDataKey } from '../../../src/sealing/sops/data-key.ts';
import type { Metadata } from '../../../src/sealing/sops/metadata.ts';
import { splitSecret } from '../../../src/sealing/sops/shamir.ts';
import { errorOf, SOURCE } from './opening.ts';

const DATA_KEY = Uint8Array.from({ length: 32 }, (_, i) => i);
const ARN = 'arn:aws:kms:eu-west-1:111122223333:key/';

const aws = (name: string, context: Record<string, string> = {}): WrappedKey => {
  const wrapped = new Uint8Array([name.charCodeAt(0)]);
  return { kind: 'aws-kms', key: ARN + name, wrapped, context, role: undefined, profile: undefined };
};
const age = (name: string): WrappedKey => ({ kind: 'age', key: `age1${name}`, wrapped: 'x' });
const pgp: WrappedKey = { kind: 'unsupported', key: 'pgp' };

function unwrapGroups(groups: WrappedKey[][], keys: Partial<Keys> & { threshold?: number } = {}) {
  const { threshold = groups.length, ...rest } = keys;
  const metadata = { groups, threshold } as unknown as Metadata;
  const all = { unwrap: async () => DATA_KEY, isAllowed: () => true, checkKey: () => undefined, ...rest };
  return unwrapDataKey(metadata, all, SOURCE);
}

const fails = (code: ErrorCode, message = `it is ${code}`, details = {}): Promise<never> =>
  Promise.reject(new EnvsealError(code, message, details));
const never = () => new Promise<never>(() => undefined);

describe('in a group', () => {
  test('all keys are tried at the same time, and the quickest wins', async () => {
    const started: string[] = [];
    const unwrap: Unwrap = ({ key }) => {
      started.push(key);
      return key === 'age1b' ? Promise.resolve(DATA_KEY) : never();
    };
    const { dataKey, keys } = await unwrapGroups([[aws('a'), age('b'), aws('c')]], { unwrap });
    expect(started).toEqual([`${ARN}a`, 'age1b', `${ARN}c`]);
    expect([...dataKey]).toEqual([...DATA_KEY]);
    expect(keys).toEqual(['age1b']);
  });

  test('an error of one does not matter, whatever it is', async () => {
    const unwrap: Unwrap = async ({ key }) => {
      if (key === 'age1b') return DATA_KEY;
      throw new TypeError('a bug');
    };
    expect((await unwrapGroups([[aws('a'), age('b')]], { unwrap })).keys).toEqual(['age1b']);
  });

  test('keys that envseal cannot use are passed over', async () => {
    const unwrap: Unwrap = async ({ kind }) => (kind === 'unsupported' ? fails('internal') : DATA_KEY);
    expect((await unwrapGroups([[pgp, age('b')]], { unwrap })).keys).toEqual(['age1b']);
  });
});

describe('of several groups', () => {
  const shares = splitSecret(DATA_KEY, { count: 3, threshold: 2 });
  const groups = [[aws('a')], [age('b')], [age('c')]];
  const share = (key: WrappedKey) =>
    shares[groups.findIndex((group) => group[0]?.key === key.key)] as Uint8Array;

  test('as many as the threshold says are enough', async () => {
    const unwrap: Unwrap = (key) => {
      return key.kind === 'aws-kms' ? never() : Promise.resolve(share(key));
    };
    const { dataKey, keys } = await unwrapGroups(groups, { unwrap, threshold: 2 });
    expect([...dataKey]).toEqual([...DATA_KEY]);
    expect(keys).toEqual(['age1b', 'age1c']);
  });

  test('what fails in a group that another key opens does not matter, before or after it', async () => {
    for (const isFirst of [true, false]) {
      let opened: () => void = () => undefined;
      const openedFirst = new Promise<void>((resolve) => {
        opened = resolve;
      });
      const unwrap: Unwrap = async ({ key }) => {
        if (key === 'age1mine') {
          if (!isFirst) await denied.catch(() => undefined);
          opened();
          return share(age('b'));
        }
        if (key === `${ARN}denied`) return await denied;
        await openedFirst;
        await denied.catch(() => undefined);
        return await fails('wrong_key');
      };
      const denied = isFirst ? openedFirst.then(() => fails('denied')) : fails('denied');
      const error = await errorOf(() =>
        unwrapGroups([[age('mine'), aws('denied')], [age('theirs')]], { unwrap }),
      );
      expect(error?.code).toBe('wrong_key');
    }
  });

  test('an unwrapping that throws at once is one that fails', async () => {
    const unwrap: Unwrap = ({ key }) => {
      if (key === 'age1c') throw new EnvsealError('wrong_key', 'at once');
      return Promise.resolve(share(age('b')));
    };
    expect((await errorOf(() => unwrapGroups([[age('b')], [age('c')]], { unwrap })))?.code).toBe('wrong_key');
  });

  test('it ends as soon as too few are left', async () => {
    const unwrap: Unwrap = (key) => (key.kind === 'aws-kms' ? never() : fails('wrong_key'));
    expect((await errorOf(() => unwrapGroups(groups, { unwrap, threshold: 2 })))?.code).toBe('wrong_key');
  });

  test('shares of different lengths are corrupt', async () => {
    const unwrap: Unwrap = async (key) => share(key).subarray(key.key === 'age1b' ? 1 : 0);
    expect((await errorOf(() => unwrapGroups(groups, { unwrap, threshold: 3 })))?.code).toBe('corrupt');
  });
});

describe('the pin', () => {
  const tried = async (groups: WrappedKey[][], pins: string[], threshold = groups.length) => {
    const keys: string[] = [];
    const unwrap: Unwrap = async ({ key }) => {
      keys.push(key);
      return fails('denied');
    };
    const isAllowed = ({ key }: WrappedKey) => pins.includes(key);
    const error = await errorOf(() => unwrapGroups(groups, { unwrap, isAllowed, threshold }));
    return { keys, code: error?.code, message: error?.message };
  };

  test('only an allowed key is tried', async () => {
    expect((await tried([[aws('a'), age('b')]], ['age1b'])).keys).toEqual(['age1b']);
  });

  test.each([
    ['none is allowed', [[aws('a'), age('b')]], [], 1],
    ['too few groups have one', [[aws('a')], [age('b')], [age('c')]], ['age1b'], 2],
  ])('%s: none is tried', async (_, groups, pins, threshold) => {
    const { keys, code, message } = await tried(groups, pins, threshold);
    expect(keys).toEqual([]);
    expect(code).toBe('wrong_key');
    expect(message).toContain(`${SOURCE} is sealed with ${ARN}a, age1b`);
    expect(message).toContain('which is not pinned');
  });

  test('a key that envseal cannot use does not get around it', async () => {
    expect((await tried([[pgp]], ['pgp'])).code).toBe('key_unavailable');
  });
});

test('checkKey sees each key of a cloud that would be tried, with its context, before any is tried', async () => {
  const seen: WrappedKey[] = [];
  let calls = 0;
  const unwrap: Unwrap = async () => {
    calls += 1;
    return DATA_KEY;
  };
  const checkKey = (key: WrappedKey) => {
    seen.push(key);
    if (key.key === `${ARN}b`) throw new EnvsealError('wrong_key', 'of another source');
  };
  const isAllowed = ({ key }: WrappedKey) => !key.endsWith('c');
  const keys = [aws('a', { App: 'x' }), age('z'), aws('c'), aws('b')];
  const error = await errorOf(() => unwrapGroups([keys], { unwrap, checkKey, isAllowed }));
  expect(error?.message).toBe('of another source');
  expect(seen).toEqual([aws('a', { App: 'x' }), aws('b')]);
  expect(calls).toBe(0);
});

describe('when none works', () => {
  test.each<[ErrorCode[], ErrorCode]>([
    [['credentials', 'denied'], 'denied'],
    [['wrong_key', 'denied'], 'denied'],
    [['wrong_key', 'credentials'], 'wrong_key'],
    [['credentials', 'unreachable'], 'unreachable'],
    [['wrong_key', 'corrupt'], 'corrupt'],
    [['key_unavailable', 'wrong_key'], 'key_unavailable'],
    [['timeout', 'credentials'], 'timeout'],
  ])('of %j the most specific is reported: %s', async (codes, told) => {
    const keys = codes.map((code) => age(code));
    const unwrap: Unwrap = ({ key }) =>
      fails(key.slice(4) as ErrorCode, `it is ${key}`, { hint: `for ${key}` });
    const error = await errorOf(() => unwrapGroups([keys], { unwrap }));
    expect(error?.code).toBe(told);
    expect(error?.hint).toBe(`for age1${told}`);
    const names = codes.map((code) => `age1${code}`).join(', ');
    expect(error?.message).toBe(`no key opens ${SOURCE}: it is age1${told}; tried ${names}`);
  });

  test('anything but an EnvsealError is a bug, of which nothing is said', async () => {
    const unwrap: Unwrap = () => Promise.reject(new Error('xQ7Zj0Kw9Vb3Gy'));
    const error = await errorOf(() => unwrapGroups([[age('a')]], { unwrap }));
    expect(error?.code).toBe('internal');
    expect(error?.message).not.toContain('xQ7Z');
  });

  test('only keys that envseal cannot use', async () => {
    const error = await errorOf(() => unwrapGroups([[pgp, { kind: 'unsupported', key: 'hc_vault' }]]));
    expect(error?.code).toBe('key_unavailable');
    expect(error?.message).toBe(`envseal cannot use the keys of ${SOURCE}: pgp, hc_vault`);
  });

  test('the names of many keys, or long ones, are cut', async () => {
    const keys = Array.from({ length: 90 }, (_, i) => age(`${'x'.repeat(3000)}${i}`));
    const same = [age('a'), age('a')];
    const error = await errorOf(() => unwrapGroups([[...same, ...keys]], { unwrap: () => fails('denied') }));
    expect(error?.message).toContain('tried age1a, age1xxx');
    expect(error?.message).toMatch(/ and \d+ more$|…$/);
    expect(error?.message.length).toBeLessThan(800);
  });
});
