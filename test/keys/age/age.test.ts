import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { armor, Decrypter, generateHybridIdentity, identityToRecipient } from 'age-encryption';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { EnvsealError } from '../../../src/errors.ts';
import { ageUnwrapper, wrapForAge } from '../../../src/keys/age/age.ts';
import { parseAgeIdentity } from '../../../src/keys/age/identity.ts';
import { detectSops } from '../../../src/sealing/sops/detect.ts';
import { openSops } from '../../../src/sealing/sops/open.ts';
import { nodeSystem } from '../../../src/system/node/system.ts';
import { ErrnoError, type System } from '../../../src/system/system.ts';
import { A, B, C, IDENTITIES, identities, VECTORS as SOPS_VECTORS } from '../../sealing/sops/age-keys.ts';

const VECTORS = join(import.meta.dirname, '../../vectors/age');
const [ID_A, ID_B, ID_C] = identities as [string, string, string];
const DATA_KEY = new Uint8Array(randomBytes(32));

type Files = Readonly<Record<string, string | Uint8Array | ErrnoError>>;

/** A system of these files only; what was read is added to `reads`. */
function systemWith(files: Files, reads: string[] = []): System {
  return {
    ...nodeSystem,
    readFile(path, limit) {
      reads.push(path);
      const content = files[Buffer.from(path, 'latin1').toString()] ?? new ErrnoError('ENOENT');
      if (content instanceof ErrnoError) throw content;
      return new Uint8Array(Buffer.from(content)).subarray(0, limit);
    },
  };
}

function unwrapper(variables: Record<string, string>, files: Files = {}, reads: string[] = []) {
  return ageUnwrapper({ variables, system: systemWith(files, reads) });
}

async function errorOf(act: () => Promise<unknown>): Promise<EnvsealError | undefined> {
  try {
    await act();
  } catch (error) {
    if (error instanceof EnvsealError) return error;
    throw new Error('something other than an EnvsealError was thrown', { cause: error });
  }
  return undefined;
}

async function complaint(act: () => Promise<unknown>): Promise<string> {
  const error = await errorOf(act);
  return error === undefined ? 'none' : `${error.code}: ${error.message}; ${error.hint}`;
}

const read = (name: string) => readFileSync(join(VECTORS, name), 'utf8');

describe('files by the real age', () => {
  const keys = read('identities.txt');
  const [one, two] = [...keys.matchAll(/public key: (\S+)/g)].map(([, key]) => key as string);
  const pq = /public key: (\S+)/.exec(read('pq-identity.txt'))?.[1] as string;

  test.each([
    ['one.age', one],
    ['both.age', one],
    ['both.age', two],
    ['pq.age', pq],
  ])('%s', async (file, recipient) => {
    const unwrap = unwrapper({ SOPS_AGE_KEY_FILE: '/keys' }, { '/keys': keys + read('pq-identity.txt') });
    const bytes = await unwrap({ kind: 'age', key: recipient as string, wrapped: read(file) });
    expect(Buffer.from(bytes).toString()).toBe(read('data-key'));
  });

  test('a file for one recipient is not opened as that of another', async () => {
    const unwrap = unwrapper({ SOPS_AGE_KEY: keys });
    const error = await errorOf(() => unwrap({ kind: 'age', key: two as string, wrapped: read('one.age') }));
    expect(`${error?.code}: ${error?.message}`).toBe(
      `corrupt: ${two}: the age file is broken: no part of it is for this recipient`,
    );
  });
});

describe('files by the real sops', () => {
  test.each(['one-key.json', 'two-keys.env', 'groups-2-of-3.yaml', 'groups-3-of-3.json'])(
    '%s',
    async (name) => {
      const bytes = new Uint8Array(readFileSync(join(SOPS_VECTORS, 'encrypted', name)));
      const kind = detectSops(bytes, { source: name });
      if (kind === undefined) throw new Error('not detected');
      const unwrap = ageUnwrapper({ variables: { SOPS_AGE_KEY_FILE: IDENTITIES }, system: nodeSystem });
      const { variables } = await openSops(bytes, kind, {
        source: name,
        unwrap: async (key) => {
          if (key.kind !== 'age') throw new Error('only age here');
          return await unwrap(key);
        },
        isAllowed: () => true,
        checkKey: () => undefined,
      });
      const expected = readFileSync(join(SOPS_VECTORS, 'expected', `${name}.json`), 'utf8');
      expect(Object.fromEntries([...variables].map(([key, value]) => [key, value.reveal()]))).toEqual(
        JSON.parse(expected),
      );
    },
  );
});

describe('the vectors of C2SP', () => {
  test.each(readdirSync(join(VECTORS, 'cctv')))('%s', async (name) => {
    const bytes = readFileSync(join(VECTORS, 'cctv', name));
    const end = bytes.indexOf('\n\n');
    const header = bytes.subarray(0, end).toString();
    const body = bytes.subarray(end + 2);
    const field = (key: string) =>
      [...header.matchAll(new RegExp(`^${key}: (.*)$`, 'gm'))].map(([, value]) => value as string);
    const text = field('armored')[0] === 'yes' ? body.toString('latin1') : armor.encode(new Uint8Array(body));
    const own = field('identity').map(parseAgeIdentity);
    // Those vectors are about the file; x25519_lowercase is about the name of a stanza.
    expect(own).not.toContain(undefined);
    const outcomes = await Promise.all(
      own.map(async (identity) => {
        const opened = identity?.open(text) as Promise<Uint8Array>;
        return await opened.then(
          (plaintext) => createHash('sha256').update(plaintext).digest('hex'),
          (error: unknown) => (error instanceof EnvsealError ? error.code : String(error)),
        );
      }),
    );
    const [expected] = field('expect');
    if (expected === 'success') expect(outcomes).toContain(field('payload')[0]);
    else expect(new Set(outcomes.length === 0 ? ['corrupt'] : outcomes)).toEqual(new Set(['corrupt']));
  });
});

describe('typage is the oracle', () => {
  const byLibrary = async (identity: string, armored: string) => {
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    return Buffer.from(await decrypter.decrypt(armor.decode(armored))).toString('hex');
  };
  const byUs = async (identity: string, armored: string) => {
    const opened = await parseAgeIdentity(identity)?.open(armored);
    return opened === undefined ? 'no identity' : Buffer.from(opened).toString('hex');
  };

  test('what it encrypts opens', async () => {
    const key = fc.uint8Array({ minLength: 0, maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(key, async (dataKey) => {
        const { wrapped } = await wrapForAge(dataKey, A);
        const hex = Buffer.from(dataKey).toString('hex');
        expect([await byUs(ID_A, wrapped), await byLibrary(ID_A, wrapped)]).toEqual([hex, hex]);
      }),
    );
  });

  test('one changed byte, or a cut: what it refuses is corrupt', async () => {
    const { wrapped } = await wrapForAge(DATA_KEY, A);
    const bytes = armor.decode(wrapped);
    const position = fc.integer({ min: 0, max: bytes.length - 1 });
    await fc.assert(
      fc.asyncProperty(position, fc.integer({ min: 1, max: 255 }), fc.boolean(), async (at, by, cut) => {
        const changed = cut
          ? bytes.slice(0, at)
          : bytes.map((byte, index) => (index === at ? byte ^ by : byte));
        const text = armor.encode(changed);
        const theirs = await byLibrary(ID_A, text).catch(() => 'corrupt');
        const ours = await byUs(ID_A, text).catch((error: EnvsealError) => error.code);
        expect(ours).toBe(theirs);
      }),
      { numRuns: 300 },
    );
  });

  test('one changed character of an identity', () => {
    const at = fc.integer({ min: 0, max: ID_A.length - 1 });
    const character = fc.constantFrom(...'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L1BIOqz-é ');
    fc.assert(
      fc.property(at, character, fc.boolean(), (index, by, inserted) => {
        const changed = ID_A.slice(0, index) + by + ID_A.slice(inserted ? index : index + 1);
        let isKnown = true;
        try {
          new Decrypter().addIdentity(changed);
        } catch {
          isKnown = false;
        }
        expect(parseAgeIdentity(changed) !== undefined).toBe(isKnown);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['as it is written', 'SKMP32K', true],
    ['bits behind the last byte', '3TD4YHY', false],
    ['a letter behind the last byte', 'SQJ06H79', false],
  ])('an identity with a good checksum: %s', (_, end, isKnown) => {
    const start = 'AGE-SECRET-KEY-1QURSWPC8QURSWPC8QURSWPC8QURSWPC8QURSWPC8QURSWPC8QUR';
    expect(parseAgeIdentity(start + end) !== undefined).toBe(isKnown);
  });

  test('identities that are post-quantum', async () => {
    const identity = await generateHybridIdentity();
    const recipient = await identityToRecipient(identity);
    const { wrapped } = await wrapForAge(DATA_KEY, recipient);
    const unwrap = unwrapper({ SOPS_AGE_KEY: `${ID_A}\n${identity}` });
    expect(await unwrap({ kind: 'age', key: recipient, wrapped })).toEqual(DATA_KEY);
    const broken = wrapped.replace(/\n.{8}(.{8})/, '\n$1$1');
    const error = await errorOf(() => unwrap({ kind: 'age', key: recipient, wrapped: broken }));
    expect(error?.code).toBe('corrupt');
  });
});

describe('ChaCha20-Poly1305 where WebCrypto has none', () => {
  afterEach(() => vi.restoreAllMocks());

  test('opens the same and refuses the same', async () => {
    const { wrapped } = await wrapForAge(DATA_KEY, A);
    const bytes = armor.decode(wrapped);
    bytes[bytes.length - 20] = (bytes[bytes.length - 20] as number) ^ 1;
    const importKey = crypto.subtle.importKey.bind(crypto.subtle);
    const refused = vi.fn(() => Promise.reject(new DOMException('no', 'NotSupportedError')));
    vi.spyOn(crypto.subtle, 'importKey').mockImplementation((...args: unknown[]) =>
      args[2] === 'ChaCha20-Poly1305' ? refused() : importKey(...(args as Parameters<typeof importKey>)),
    );
    const unwrap = unwrapper({ SOPS_AGE_KEY: ID_A });
    expect(await unwrap({ kind: 'age', key: A, wrapped })).toEqual(DATA_KEY);
    const error = await errorOf(() => unwrap({ kind: 'age', key: A, wrapped: armor.encode(bytes) }));
    expect(error?.message).toContain('its payload was changed');
    expect(refused).toHaveBeenCalledTimes(4);
  });
});

describe('where identities are found', () => {
  const home = { HOME: '/home/api' };
  const file = `# created: 2026-01-02T03:04:05Z\n# public key: ${A}\n${ID_A}\n`;

  test.each<[string, Record<string, string>, Files]>([
    ['SOPS_AGE_KEY', { SOPS_AGE_KEY: ID_A }, {}],
    ['with comments and several lines', { SOPS_AGE_KEY: `# b\r\n${ID_B}\r\n\r\n# a\r\n ${ID_A} \r\n` }, {}],
    ['several on a line', { SOPS_AGE_KEY: `${ID_B} ${ID_A}\t${ID_C}` }, {}],
    ['SOPS_AGE_KEY_FILE', { SOPS_AGE_KEY_FILE: '/run/schlüssel' }, { '/run/schlüssel': file }],
    ['XDG_CONFIG_HOME', { ...home, XDG_CONFIG_HOME: '/cfg' }, { '/cfg/sops/age/keys.txt': file }],
    ['HOME', home, { '/home/api/.config/sops/age/keys.txt': file }],
    [
      'HOME, XDG_CONFIG_HOME empty',
      { ...home, XDG_CONFIG_HOME: '' },
      { '/home/api/.config/sops/age/keys.txt': file },
    ],
    [
      'the other places as well',
      { ...home, SOPS_AGE_KEY: ID_B, SOPS_AGE_KEY_FILE: '/run/key' },
      { '/run/key': ID_C, '/home/api/.config/sops/age/keys.txt': file },
    ],
    [
      'in spite of what is broken elsewhere',
      { ...home, SOPS_AGE_KEY: 'x', SOPS_AGE_KEY_FILE: '/none', SOPS_AGE_KEY_CMD: 'pass age' },
      { '/home/api/.config/sops/age/keys.txt': file },
    ],
  ])('%s', async (_, variables, files) => {
    const { wrapped } = await wrapForAge(DATA_KEY, A);
    expect(await unwrapper(variables, files)({ kind: 'age', key: A, wrapped })).toEqual(DATA_KEY);
  });

  test('each place is read once, whoever asks', async () => {
    const reads: string[] = [];
    const variables = { ...home, SOPS_AGE_KEY_FILE: '/run/key' };
    const unwrap = unwrapper(variables, { '/run/key': [ID_A, ID_B, ID_C].join('\n') }, reads);
    expect(reads).toEqual([]);
    const wrapped = await Promise.all([A, B, C, A].map((recipient) => wrapForAge(DATA_KEY, recipient)));
    expect(await Promise.all(wrapped.map(unwrap))).toEqual([DATA_KEY, DATA_KEY, DATA_KEY, DATA_KEY]);
    expect(reads).toEqual(['/run/key', '/home/api/.config/sops/age/keys.txt']);
  });
});

const MAKE = 'envseal keygen --out FILE creates one';
const SET = `set SOPS_AGE_KEY or SOPS_AGE_KEY_FILE; ${MAKE}`;
const IDENTITY = `an identity is AGE-SECRET-KEY-1… and 58 more characters; ${MAKE}`;
const CHECK = `check the path, and that this user may read the file; ${MAKE}`;
const OTHER = 'set SOPS_AGE_KEY_FILE to the identity of that recipient, or add yours with sops updatekeys';

describe('what is said when none opens it', () => {
  const plugin = 'AGE-PLUGIN-YUBIKEY-1QQPQXQYZ3GZRYG9QQ0A7D9';
  test.each<[string, Record<string, string>, Files, string]>([
    ['nothing set', {}, {}, `credentials: no age identity found; ${SET}`],
    ['nothing in the home folder', { HOME: '/home/api' }, {}, `credentials: no age identity found; ${SET}`],
    [
      'set and empty',
      { SOPS_AGE_KEY: '', SOPS_AGE_KEY_FILE: '' },
      {},
      `credentials: no age identity found; ${SET}`,
    ],
    ['only comments', { SOPS_AGE_KEY: '# none\n\n' }, {}, `credentials: no age identity found; ${SET}`],
    [
      'a home folder that is not absolute',
      { HOME: 'home' },
      { 'home/.config/sops/age/keys.txt': ID_A },
      `credentials: no age identity found; ${SET}`,
    ],
    ['another', { SOPS_AGE_KEY: ID_B }, {}, `wrong_key: the only age identity is not for ${A}; ${OTHER}`],
    [
      'several others',
      { SOPS_AGE_KEY: ID_B, SOPS_AGE_KEY_FILE: '/k' },
      { '/k': ID_C },
      `wrong_key: none of 2 age identities is for ${A}; ${OTHER}`,
    ],
    [
      'a typing error',
      { SOPS_AGE_KEY: `# mine\n\n${ID_A.replace('5', '6')}\n` },
      {},
      `credentials: line 3 of SOPS_AGE_KEY is not an age identity; ${IDENTITY}`,
    ],
    [
      'one beside others',
      { SOPS_AGE_KEY_FILE: '/k' },
      { '/k': `${ID_B}\n${ID_A.toLowerCase()}\n` },
      `credentials: line 2 of /k is not an age identity, and the only age identity is not for ${A}; ${IDENTITY}`,
    ],
    [
      'a file that is not there',
      { SOPS_AGE_KEY_FILE: '/none' },
      {},
      `credentials: cannot read age identities in /none: ENOENT; ${CHECK}`,
    ],
    [
      'a file for another recipient',
      { HOME: '/root' },
      { '/root/.config/sops/age/keys.txt': new ErrnoError('EACCES') },
      `credentials: cannot read age identities in /root/.config/sops/age/keys.txt: EACCES; ${CHECK}`,
    ],
    [
      'a file that is too large',
      { SOPS_AGE_KEY_FILE: '/k' },
      { '/k': '#'.repeat(65_537) },
      `credentials: /k is over 65536 bytes; ${SET}`,
    ],
    [
      'an identity for a path',
      { SOPS_AGE_KEY_FILE: ID_A },
      {},
      'credentials: SOPS_AGE_KEY_FILE holds an identity, not a path; put it into SOPS_AGE_KEY',
    ],
    [
      'a command',
      { SOPS_AGE_KEY_CMD: 'pass show age' },
      {},
      'credentials: SOPS_AGE_KEY_CMD is set, but envseal does not run a command for an identity; ' +
        'set SOPS_AGE_KEY to what it prints, or SOPS_AGE_KEY_FILE to a file that holds it',
    ],
    [
      'a plugin',
      { SOPS_AGE_KEY: plugin },
      {},
      `credentials: line 1 of SOPS_AGE_KEY is for an age plugin, which envseal does not run; ${SET}`,
    ],
    ...['age-encryption.org/v1\n-> scrypt x 18\n', '\n-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n'].map(
      (content): [string, Record<string, string>, Files, string] => [
        'a passphrase',
        { SOPS_AGE_KEY_FILE: '/k' },
        { '/k': content },
        'credentials: /k is encrypted with a passphrase, which cannot be entered when a container starts; ' +
          'decrypt it with age --decrypt, and keep it where only this container can read it',
      ],
    ),
    [
      'an ssh key',
      { SOPS_AGE_KEY_FILE: '/k' },
      { '/k': '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----\n' },
      `credentials: /k holds an ssh key, which envseal cannot use; ${SET}`,
    ],
  ])('%s', async (_, variables, files, expected) => {
    const { wrapped } = await wrapForAge(DATA_KEY, A);
    const unwrap = unwrapper(variables, files);
    expect(await complaint(() => unwrap({ kind: 'age', key: A, wrapped }))).toBe(expected);
  });

  test.each([
    ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIO api@host', 'is an ssh key'],
    ['ssh-rsa AAAAB3NzaC1yc2E', 'is an ssh key'],
    ['age1yubikey1q2w3e4r5t', 'needs an age plugin'],
    ['age1tag1q2w3e4r5t', 'needs an age plugin'],
  ])('the recipient %s', async (key, reason) => {
    const unwrap = unwrapper({ SOPS_AGE_KEY: ID_A });
    expect(await complaint(() => unwrap({ kind: 'age', key, wrapped: '' }))).toBe(
      `credentials: ${key} ${reason}, which envseal cannot use; ` +
        'add an age recipient (envseal keygen --out FILE creates one) to the file with sops updatekeys',
    );
  });
});

describe('a broken age file is corrupt', async () => {
  const { wrapped } = await wrapForAge(DATA_KEY, A);
  const encoded = (change: (text: string) => string) =>
    armor.encode(
      new Uint8Array(Buffer.from(change(Buffer.from(armor.decode(wrapped)).toString('latin1')), 'latin1')),
    );

  test.each([
    ['nothing', '', 'its armor is not whole'],
    ['an end that is missing', wrapped.slice(0, -20), 'its armor is not whole'],
    [
      'a line that is missing',
      wrapped.replace(/\n.{64}\n/, '\n'),
      'it does not start with age-encryption.org/v1',
    ],
    [
      'a line that is cut',
      wrapped.replace(/\n.{64}\n/, (line) => `${line.slice(0, -5)}\n`),
      'its armor is not whole',
    ],
    ['other letters', wrapped.replace(/\n../, '\n!!'), 'its armor is not base64'],
    [
      'a header of another version',
      encoded((text) => text.replace('/v1', '/v2')),
      'it does not start with age-encryption.org/v1',
    ],
    [
      'a share of another length',
      encoded((text) => text.replace(/(X25519 ).{4}/, '$1')),
      'its header is not whole',
    ],
    [
      'a stanza of another kind',
      encoded((text) => text.replace('X25519', 'X25518')),
      'no part of it is for this recipient',
    ],
    ['one more stanza', encoded((text) => text.replace('---', '-> other\n\n---')), 'its header was changed'],
    ['a changed end', encoded((text) => `${text.slice(0, -1)}\0`), 'its payload was changed'],
    ['a payload that is cut', encoded((text) => text.slice(0, -40)), 'it is cut short'],
  ])('%s', async (_, text, problem) => {
    const unwrap = unwrapper({ SOPS_AGE_KEY: ID_A });
    expect(await complaint(() => unwrap({ kind: 'age', key: A, wrapped: text }))).toBe(
      `corrupt: ${A}: the age file is broken: ${problem}; bytes were changed or are missing: seal the file again`,
    );
  });
});

describe('wrapForAge', () => {
  test('the library opens it, for X25519 and for post-quantum recipients', async () => {
    const pq = await generateHybridIdentity();
    for (const identity of [ID_A, pq]) {
      const recipient = await identityToRecipient(identity);
      const { kind, key, wrapped } = await wrapForAge(DATA_KEY, recipient);
      expect([kind, key]).toEqual(['age', recipient]);
      const decrypter = new Decrypter();
      decrypter.addIdentity(identity);
      expect(await decrypter.decrypt(armor.decode(wrapped))).toEqual(DATA_KEY);
    }
  });

  test.each([
    ['an ssh key', 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIO', 'key_unavailable'],
    ['a plugin', 'age1yubikey1q2w3e4r5t', 'key_unavailable'],
    ['a typing error', A.replace('7', '8'), 'configuration'],
    [
      'a point of small order',
      'age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z',
      'configuration',
    ],
    ['an identity', ID_A, 'configuration'],
    ['an identity in lower case', ID_A.toLowerCase(), 'configuration'],
    ['nothing', '', 'configuration'],
  ])('refuses %s', async (_, recipient, code) => {
    const error = await errorOf(() => wrapForAge(DATA_KEY, recipient));
    expect(error?.code).toBe(code);
    // Whatever is not a recipient could be an identity.
    if (code === 'configuration') expect(error?.message).toBe('not an age recipient');
    else expect(error?.message).toContain(recipient);
  });
});

test('no error holds a piece of an identity, however it was mangled', async () => {
  const { wrapped } = await wrapForAge(DATA_KEY, A);
  const secret = ID_B.slice('AGE-SECRET-KEY-1'.length);
  const pieces = Array.from({ length: secret.length - 5 }, (_, at) => secret.slice(at, at + 6).toLowerCase());
  const mangled = fc.oneof(
    fc.nat(ID_B.length).map((at) => ID_B.slice(at)),
    fc.nat(ID_B.length).map((at) => ID_B.slice(0, at)),
    fc.nat(ID_B.length).map((at) => `${ID_B.slice(0, at)}\n${ID_B.slice(at)}`),
    fc.nat(ID_B.length).map((at) => `${ID_B.slice(0, at)} ${ID_B.slice(at)}`),
    fc.constantFrom(ID_B, ID_B.toLowerCase(), `"${ID_B}"`, `KEY=${ID_B}`, `AGE-PLUGIN-${ID_B}`, `# ${ID_B}`),
    fc.constantFrom(
      'age-encryption.org/v1',
      '-----BEGIN AGE ENCRYPTED FILE-----',
      '-----BEGIN PRIVATE KEY-----',
    ),
    fc.string({ unit: 'binary' }),
  );
  const text = fc.tuple(fc.array(mangled), fc.constantFrom('\n', '\r\n', '\r', '\0', '\u2028', ' '));
  await fc.assert(
    fc.asyncProperty(text, fc.boolean(), async ([parts, separator], inFile) => {
      const content = parts.join(separator);
      const unwrap = inFile
        ? unwrapper({ SOPS_AGE_KEY_FILE: '/k' }, { '/k': content })
        : unwrapper({ SOPS_AGE_KEY: content });
      const error = await errorOf(() => unwrap({ kind: 'age', key: A, wrapped }));
      expect(['credentials', 'wrong_key']).toContain(error?.code);
      const said = `${error?.message}\n${error?.hint}`.toLowerCase().replaceAll(A, '');
      expect(pieces.filter((piece) => said.includes(piece))).toEqual([]);
    }),
    { numRuns: 1000 },
  );
});
