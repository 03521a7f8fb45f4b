/** The contract of src/store/contract.ts, in every place where env files lie. */
import { mkdir } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MAX_SOURCE_BYTES } from '../../src/limits-and-defaults.ts';
import { parseFolder, parseSource } from '../../src/source-uri.ts';
import {
  type Attributes,
  type Expected,
  type ListedFile,
  NO_ATTRIBUTES,
  type Written,
} from '../../src/store/contract.ts';
import { describeReal } from '../real/available.ts';
import { skipFor } from '../skip.ts';
import { collect } from './collect.ts';
import { failureOf } from './failure.ts';
import { GROUNDS, type Ground } from './grounds.ts';

const NOT_THERE = 'concerns what this store does not keep';

for (const [name, row] of Object.entries(GROUNDS)) {
  describeReal(row.needs, `the store of ${name}`, () => {
    let ground: Ground;

    beforeAll(async () => {
      ground = await row.open();
      if (name === 'files')
        for (const folder of ['dev', 'list', 'sizes']) await mkdir(`${ground.base}/${folder}`);
    });

    afterAll(() => ground?.[Symbol.asyncDispose]());

    const sourceOf = (file: string) => parseSource(`${ground.base}/${file}`);
    const read = (file: string) => ground.store.read(sourceOf(file));
    const textOf = async (file: string) => Buffer.from((await read(file)).bytes).toString();

    async function write(
      file: string,
      text: string,
      expected: Expected,
      attributes: Attributes = NO_ATTRIBUTES,
    ): Promise<Written> {
      const options = { seal: ground.seal, expected, attributes };
      return await ground.store.write(sourceOf(file), Buffer.from(text), options);
    }

    test('creates a file where nothing is', async () => {
      const { version, revision, sealing } = await write('dev/new', 'A=1\n', 'nothing');
      const object = await read('dev/new');
      expect(Buffer.from(object.bytes).toString()).toBe('A=1\n');
      expect(object).toMatchObject({ version, revision, sealing });
      expect(version === undefined).toBe(!row.keepsVersions);
    });

    test('creates nothing over a file, and names what is there', async () => {
      const { version } = await write('dev/taken', 'A=1\n', 'anything');
      const failure = await failureOf(write('dev/taken', 'A=2\n', 'nothing'));
      expect(failure).toMatchObject({ code: 'conflict', exitStatus: 75 });
      expect(failure.message).toContain(`${ground.base}/dev/taken`);
      expect(failure.message).toMatch(version ?? /at \d{4}-/);
      expect(await textOf('dev/taken')).toBe('A=1\n');
    });

    test('replaces what was read', async () => {
      await write('dev/read', 'A=1\n', 'anything');
      const { revision } = await read('dev/read');
      const written = await write('dev/read', 'A=2\n', { revision });
      expect(await read('dev/read')).toMatchObject({ revision: written.revision });
      expect(await textOf('dev/read')).toBe('A=2\n');
    });

    test('replaces what was just written, without reading it', async () => {
      const first = await write('dev/twice', 'A=1\n', 'nothing');
      const second = await write('dev/twice', 'A=2\n', first);
      await write('dev/twice', 'A=3\n', second);
      expect(await textOf('dev/twice')).toBe('A=3\n');
    });

    test('does not replace what someone else has changed, and names the version that won', async () => {
      await write('dev/stale', 'A=1\n', 'anything');
      const { revision } = await read('dev/stale');
      const won = await write('dev/stale', 'A=2\n', 'anything');
      const failure = await failureOf(write('dev/stale', 'A=3\n', { revision }));
      expect(failure.code).toBe('conflict');
      expect(failure.message).toContain('someone stored');
      expect(failure.message).toMatch(won.version ?? /at \d{4}-/);
      expect(failure.hint).toContain('envseal diff');
      expect(await textOf('dev/stale')).toBe('A=2\n');
    });

    test('does not bring back what someone else has deleted', async () => {
      const { revision } = await write('dev/gone', 'A=1\n', 'anything');
      await ground.delete('dev/gone');
      const failure = await failureOf(write('dev/gone', 'A=2\n', { revision }));
      expect(failure).toMatchObject({ code: 'conflict' });
      expect(failure.message).toContain('deleted it');
      expect(await failureOf(read('dev/gone'))).toMatchObject({ code: 'not_found' });
    });

    test('creates a file anew where one was deleted', async () => {
      await write('dev/anew', 'A=1\n', 'anything');
      await ground.delete('dev/anew');
      await write('dev/anew', 'A=2\n', 'nothing');
      expect(await textOf('dev/anew')).toBe('A=2\n');
    });

    test.for(['replace', 'create'])('of 20 writers who %s at once, one succeeds', async (what) => {
      const file = `dev/crowd-${what}`;
      const expected = what === 'create' ? 'nothing' : await write(file, 'A=0\n', 'anything');
      const writers = Array.from({ length: 20 }, (_, number) =>
        write(file, `A=writer ${number}\n`, expected),
      );
      const outcomes = await Promise.allSettled(writers);
      const winners = outcomes.flatMap(({ status }, number) => (status === 'fulfilled' ? [number] : []));
      const losers = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
      expect(losers.map(({ code }) => code)).toEqual(losers.map(() => 'conflict'));
      if (row.isAtomic !== false) expect(losers).toHaveLength(19);
      expect(winners.map((number) => `A=writer ${number}\n`)).toContain(await textOf(file));
    });

    test.for([0, 1, 65_536, MAX_SOURCE_BYTES])('keeps %i bytes as they are', async (size) => {
      const bytes = Buffer.alloc(size, 'A=\0\xff\n', 'latin1');
      const options = { seal: ground.seal, expected: 'nothing', attributes: NO_ATTRIBUTES } as const;
      await ground.store.write(sourceOf(`sizes/${size}`), bytes, options);
      expect(Buffer.compare((await read(`sizes/${size}`)).bytes, bytes)).toBe(0);
    });

    test('keeps content type and metadata', skipFor(!row.keepsAttributes && NOT_THERE), async () => {
      const attributes = {
        contentType: 'text/x-env; charset=utf-8',
        metadata: { owner: 'team a', 'kms-key': 'alias/x' },
        tags: {},
      };
      const first = await write('dev/attributes', 'A=1\n', 'nothing', attributes);
      const object = await read('dev/attributes');
      expect(object.attributes).toEqual(attributes);
      await write('dev/attributes', 'A=2\n', first, object.attributes);
      expect((await read('dev/attributes')).attributes).toEqual(attributes);
    });

    test('keeps tags', skipFor(!row.keepsTags && NOT_THERE), async () => {
      const tags = { team: 'a + b', 'kost=stelle': '1/1' };
      const first = await write('dev/tags', 'A=1\n', 'nothing', { ...NO_ATTRIBUTES, tags });
      const { attributes } = await read('dev/tags');
      expect(attributes.tags).toEqual(tags);
      await write('dev/tags', 'A=2\n', first, attributes);
      expect((await read('dev/tags')).attributes.tags).toEqual(tags);
    });

    test('reports the state of its bucket', async () => {
      expect(await ground.store.inspect(sourceOf('dev/env'))).toEqual(row.state);
    });

    test('reports what is absent', async () => {
      expect(await failureOf(read('dev/absent'))).toMatchObject({ code: 'not_found' });
      const elsewhere = parseSource(`${ground.base}-that-is-not-there/env`);
      const options = { seal: ground.seal, expected: 'anything', attributes: NO_ATTRIBUTES } as const;
      expect(await failureOf(ground.store.write(elsewhere, Buffer.from('A=1\n'), options))).toMatchObject({
        code: 'not_found',
      });
      expect(await failureOf(ground.store.read(elsewhere))).toMatchObject({ code: 'not_found' });
    });

    test('lists the files below a place, each by the URI that opens it', async () => {
      const names = ['a', 'b/c', 'b/d e', 'b/%41?x=1', 'b/#1', 'b/ünï', 'z'];
      if (name === 'files') await mkdir(`${ground.base}/list/all/b`, { recursive: true });
      for (const file of names) {
        const uri = `${ground.base}/list/all/${name === 'files' ? file : encodeURIComponent(file)}`;
        const options = { seal: ground.seal, expected: 'nothing', attributes: NO_ATTRIBUTES } as const;
        await ground.store.write(parseSource(uri), Buffer.from(file), options);
      }
      const files = await collect<ListedFile>(ground.store.list(parseFolder(`${ground.base}/list/all/`)));
      const contents: string[] = [];
      for (const { uri } of files) {
        contents.push(Buffer.from((await ground.store.read(parseSource(uri))).bytes).toString());
      }
      expect(contents).toEqual(names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
      expect(files.map(({ size }) => size)).toEqual(contents.map((text) => Buffer.byteLength(text)));
      expect(files[0]?.modified?.getTime()).toBeGreaterThan(Date.now() - 60_000);
      const found = await collect(ground.store.find(parseFolder(`${ground.base}/list/all/`)));
      expect(found.map(({ uri }) => uri)).toEqual(files.map(({ uri }) => uri));
      for (const { uri, sealing, version } of files) {
        const object = await ground.store.read(parseSource(uri));
        expect({ sealing, version }).toEqual({ sealing: object.sealing, version: object.version });
      }
    });

    test(
      'lists nothing where nothing is, and throws where no bucket is',
      skipFor(!row.keepsAttributes && NOT_THERE),
      async () => {
        expect(await collect(ground.store.list(parseFolder(`${ground.base}/list/none/`)))).toEqual([]);
        const elsewhere = parseFolder(`${ground.base}-that-is-not-there/`);
        expect(await failureOf(collect(ground.store.list(elsewhere)))).toMatchObject({ code: 'not_found' });
      },
    );

    test(
      'lists the versions of that file only, newest first',
      skipFor(!row.keepsVersions && NOT_THERE),
      async () => {
        const first = await write('dev/history', 'A=1\n', 'nothing');
        await write('dev/history-of-another', 'A=1\n', 'nothing');
        const second = await write('dev/history', 'A=22\n', first);
        const versions = await ground.store.versions(sourceOf('dev/history'));
        expect(versions).toMatchObject([
          { version: second.version, size: 5, isCurrent: true, isDeletion: false },
          { version: first.version, size: 4, isCurrent: false, isDeletion: false },
        ]);
        await ground.delete('dev/history');
        const [newest, ...older] = (await ground.store.versions(sourceOf('dev/history'))).toReversed();
        expect(newest).toMatchObject({ version: first.version, isCurrent: false });
        expect(older.some(({ isCurrent, isDeletion }) => isCurrent && !isDeletion)).toBe(false);
      },
    );

    test('reports that a file has no versions', skipFor(!row.keepsVersions && NOT_THERE), async () => {
      expect(await failureOf(ground.store.versions(sourceOf('dev/absent')))).toMatchObject({
        code: 'not_found',
      });
    });

    test('reports that nothing keeps versions', skipFor(row.keepsVersions && NOT_THERE), async () => {
      await write('dev/one', 'A=1\n', 'anything');
      const failure = await failureOf(ground.store.versions(sourceOf('dev/one')));
      expect(failure).toMatchObject({ code: 'unversioned', exitStatus: 78 });
    });

    test('distinguishes denied from absent', async () => {
      const { stranger } = ground;
      if (stranger === undefined) return;
      await write('dev/private', 'A=1\n', 'anything');
      const options = { seal: ground.seal, expected: 'anything', attributes: NO_ATTRIBUTES } as const;
      const source = sourceOf('dev/private');
      expect(await failureOf(stranger.read(source))).toMatchObject({ code: 'denied' });
      expect(await failureOf(stranger.write(source, Buffer.from('A=2\n'), options))).toMatchObject({
        code: 'denied',
      });
      expect(await failureOf(collect(stranger.list(parseFolder(`${ground.base}/dev/`))))).toMatchObject({
        code: 'denied',
      });
      expect(await textOf('dev/private')).toBe('A=1\n');
    });
  });
}
