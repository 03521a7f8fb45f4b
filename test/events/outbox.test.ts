import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EnvsealError } from '../../src/errors.ts';
import type { AuditEvent } from '../../src/events/event.ts';
import { Outbox } from '../../src/events/outbox.ts';
import type { Sink } from '../../src/events/sink.ts';
import { change } from './sinks/sending.ts';

const DENIED = new EnvsealError('denied', 'not authorized: 403', { hint: 'check the token' });

/** Takes what `accepts`, and remembers the batches and how many were on their way at once. */
function receiver(accepts: (events: readonly AuditEvent[]) => boolean = () => true) {
  const batches: (readonly AuditEvent[])[] = [];
  let [now, most] = [0, 0];
  const sink: Sink = {
    name: 'https://receiver',
    async deliver(events) {
      batches.push(events);
      most = Math.max(most, ++now);
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
      if (!accepts(events)) throw DENIED;
    },
  };
  return { sink, batches, most: () => most };
}

const changes = (count: number) =>
  Array.from({ length: count }, (_, index) => change('rotated', {}, `s3://snacks/${index}/env`));

/** A change with about this many characters in JSON: names of variables, and beyond their limit, keys. */
function changeOf(characters: number) {
  const names = Array.from({ length: Math.min(1000, characters / 203) }, () => 'A'.repeat(200));
  const kmsKeys = Array.from({ length: (characters - names.length * 203) / 2003 }, () => 'k'.repeat(2000));
  const variables = { added: { count: names.length, names }, changed: { count: 0 }, removed: { count: 0 } };
  return change('stored', { variables, kmsKeys });
}

describe('an outbox', () => {
  test('gives what comes at once in one batch, in its order', async () => {
    const { sink, batches } = receiver();
    const outbox = new Outbox([sink], 5);
    const events = changes(20);
    expect(await Promise.all(events.map((event) => outbox.send(event)))).toEqual(events.map(() => []));
    expect(batches).toEqual([events]);
  });

  test.each([
    [64, [64]],
    [65, [64, 1]],
    [500, [64, 64, 64, 64, 64, 64, 64, 52]],
  ])('gives %i in batches of 64 at most', async (count, sizes) => {
    const { sink, batches, most } = receiver();
    const outbox = new Outbox([sink], 5);
    await Promise.all(changes(count).map((event) => outbox.send(event)));
    expect(batches.map(({ length }) => length)).toEqual(sizes);
    expect(most()).toBe(Math.min(3, sizes.length));
  });

  test('gives large ones in batches of 256 Ki characters at most, and those that are larger alone', async () => {
    const { sink, batches } = receiver();
    const outbox = new Outbox([sink], 5);
    const events = [100, 100, 100, 300, 20, 100].map((kilo) => changeOf(kilo * 1000));
    await Promise.all(events.map((event) => outbox.send(event)));
    expect(batches.map(({ length }) => length)).toEqual([2, 1, 1, 2]);
    expect(batches.flat()).toEqual(events);
  });

  test('collects what comes while batches are on their way', async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const sizes: number[] = [];
    const sink: Sink = {
      name: 'slow',
      async deliver({ length }) {
        sizes.push(length);
        await gate;
      },
    };
    const outbox = new Outbox([sink], 5);
    const sent: Promise<unknown>[] = [];
    for (const event of changes(10)) {
      sent.push(outbox.send(event));
      await new Promise((resolve) => setImmediate(resolve));
    }
    release();
    await Promise.all(sent);
    expect(sizes).toEqual([1, 1, 1, 7]);
  });

  test('says of each event which sinks did not take its batch', async () => {
    const good = receiver();
    const picky = receiver(([first]) => first?.subject !== 's3://snacks/64/env');
    const outbox = new Outbox([good.sink, picky.sink], 5);
    const refusals = await Promise.all(changes(130).map((event) => outbox.send(event)));
    const refused = [...refusals.keys()].filter((index) => refusals[index]?.length !== 0);
    expect(refused).toEqual(Array.from({ length: 64 }, (_, index) => 64 + index));
    expect(refusals[64]).toMatchObject([
      {
        sink: picky.sink,
        error: { code: 'denied', message: 'https://receiver: not authorized: 403' },
      },
    ]);
    expect(good.batches.flat()).toHaveLength(130);
  });

  test('gives up a silent sink in time', async () => {
    const silent: Sink = { name: 'https://silent', deliver: () => new Promise(() => {}) };
    const [refusal] = await new Outbox([silent], 0.2).send(change('set'));
    expect(refusal?.error).toMatchObject({ code: 'timeout' });
  });

  test('gives each event once, in the order that they came, whenever they come', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 90 }), { maxLength: 6 }), async (bursts) => {
        const { sink, batches } = receiver();
        const outbox = new Outbox([sink], 5);
        const events = changes(bursts.reduce((sum, burst) => sum + burst, 0));
        const sent: Promise<unknown>[] = [];
        for (const burst of bursts) {
          for (let i = 0; i < burst; i++) sent.push(outbox.send(events[sent.length] as AuditEvent));
          await new Promise((resolve) => setImmediate(resolve));
        }
        await Promise.all(sent);
        expect(batches.flat().map(({ id }) => id)).toEqual(events.map(({ id }) => id));
        for (const { length } of batches) expect(length).toBeLessThanOrEqual(64);
      }),
      { numRuns: 30 },
    );
  });
});
