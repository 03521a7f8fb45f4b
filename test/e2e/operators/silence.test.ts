/**
 * What operators do with values stays where it belongs: under strace, a value is in no argument, no file, no socket and
 * no line, but sealed; with SSE-KMS it goes to S3, which seals it, and nowhere else. No core dump can hold one.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { describeReal } from '../../real/available.ts';
import { folder } from '../folder.ts';
import { containerOnly, envsealWords } from '../program.ts';
import { type Clouds, IDENTITY, startClouds } from '../sealed.ts';
import { callsWith, nameOf, openedForWriting, trace } from '../strace.ts';
import { type Place, placeIn, pushed } from './places.ts';

/** No four characters of it are anywhere else. The word keeps the transcripts honest. */
const CANARY = 'xQ7Zj0Kw9Vb3Gy-canary';
const TEXT = `# note\nA=${CANARY}\nB=x\n`;
/** How S3 gets what it is to seal: the body of a request, over TLS outside of tests. */
const SENDING = ['write', 'writev', 'sendto', 'sendmsg'];

let clouds: Clouds;

beforeAll(async () => {
  clouds = await startClouds();
});
afterAll(() => clouds.stop());
beforeEach(() => clouds.reset());

const COMMANDS: Readonly<
  Record<string, { readonly args: (place: Place) => readonly string[]; readonly stdin?: string }>
> = {
  push: { args: ({ uri, seal }) => ['push', ...seal, '-', uri], stdin: `${TEXT}C=${CANARY}\n` },
  'push --check': { args: () => ['push', '--check', '-'], stdin: `${TEXT}C=changeme\n` },
  set: { args: ({ uri }) => ['set', uri, 'C'], stdin: CANARY },
  unset: { args: ({ uri }) => ['unset', uri, 'B'] },
  list: { args: ({ uri }) => ['list', uri] },
  diff: { args: ({ uri }) => ['diff', uri, '/dev/null'] },
  'get into a pipe': { args: ({ uri }) => ['get', uri, 'A'] },
  rotate: { args: ({ uri }) => ['rotate', uri] },
  'set of a file with duplicates': {
    args: ({ uri }) => ['push', '-', uri],
    stdin: `A=${CANARY}\nA=${CANARY}\n`,
  },
};

describeReal('strace', 'under strace', () => {
  test.each(Object.entries(COMMANDS))('%s, a SOPS file on a disk', async (_, { args, stdin = '' }) => {
    const place = await placeIn(clouds, 'file');
    await pushed(place, TEXT);
    const traced = await trace([...envsealWords, ...args(place)], { env: place.env, stdin });
    expect(callsWith(traced, CANARY)).toEqual([]);
    expect(callsWith(traced, IDENTITY).filter((call) => nameOf(call) !== 'execve')).toEqual([]);
    const written = openedForWriting(traced).filter(
      (path) => !path.startsWith('/dev/') && !path.startsWith('/proc/'),
    );
    expect(written.filter((path) => !path.startsWith(place.uri))).toEqual([]);
    expect(readFileSync(place.uri, 'latin1')).not.toContain(CANARY);
  });

  test.each(Object.entries(COMMANDS))('%s, an object of S3 with SSE-KMS', async (_, { args, stdin = '' }) => {
    const place = await placeIn(clouds, 's3');
    await pushed(place, TEXT);
    const traced = await trace([...envsealWords, ...args(place)], { env: place.env, stdin });
    const calls = callsWith(traced, CANARY);
    expect(calls.filter((call) => !SENDING.includes(nameOf(call)) || !/<(socket|TCP)/.test(call))).toEqual(
      [],
    );
  });

  test('get --out writes it into that file and nowhere else', async () => {
    const place = await placeIn(clouds, 'file');
    await pushed(place, TEXT);
    const out = join(folder(), 'out');
    const traced = await trace([...envsealWords, 'get', '--out', out, place.uri, 'A'], { env: place.env });
    const calls = callsWith(traced, CANARY);
    expect(calls.length).toBeGreaterThan(0);
    expect(calls.filter((call) => !call.includes(`<${out}>`))).toEqual([]);
  });

  // The bundle has no call for it (docs/images.md, "On Node").
  test('no core dump', containerOnly, async () => {
    const place = await placeIn(clouds, 'file');
    await pushed(place, TEXT);
    const traced = await trace([...envsealWords, 'list', place.uri], { env: place.env });
    expect(traced.calls.filter((call) => call.includes('PR_SET_DUMPABLE'))).toEqual([
      expect.stringMatching(/prctl\(PR_SET_DUMPABLE, (SUID_DUMP_DISABLE|0).*\) = 0/),
    ]);
  });
});
