import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AccessData, accessEvent, type ChangeData, changeEvent } from '../../src/events/event.ts';
import { uuidV7 } from '../../src/events/uuid.ts';
import { Secret } from '../../src/secret.ts';
import { ACCESS, accessData, CHANGE, changeData, containers, subject, time } from './samples.ts';

const NOW = Date.UTC(2026, 10, 21, 7, 20, 56, 42);
const SUBJECT = 's3://snacks/prod/env';
const CANARY = 'xQ7Zj0Kw9Vb3Gy';

describe('an access event', () => {
  test('is a CloudEvent', () => {
    const { id, ...rest } = accessEvent(SUBJECT, ACCESS, NOW);
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(rest).toEqual({
      specversion: '1.0',
      source: 'urn:envseal:snacks-6d4cf56db6-x7zqk',
      type: 'envseal.access.granted',
      time: '2026-11-21T07:20:56.042Z',
      subject: SUBJECT,
      datacontenttype: 'application/json',
      dataschema: 'urn:envseal:event:1',
      data: ACCESS,
    });
  });

  test('without a host is of unknown', () => {
    const place = { ...ACCESS.place, host: null };
    expect(accessEvent(SUBJECT, { ...ACCESS, place }, NOW).source).toBe('urn:envseal:unknown');
  });

  test('takes nothing that is not a field of it', () => {
    const data = {
      ...ACCESS,
      values: { A: CANARY },
      variables: { count: 1, names: ['A'], values: [CANARY] },
      place: { ...ACCESS.place, environ: CANARY },
      principal: { origin: 'environment', name: null, secretAccessKey: CANARY },
    } as AccessData;
    expect(JSON.stringify(accessEvent(SUBJECT, data, NOW))).not.toContain(CANARY);
  });

  test('has no line breaks and no hidden text', () => {
    const data = { ...ACCESS, command: 'a\r\n{"forged":1}\u202e\u200b\u2028b' };
    expect(accessEvent('s3://b/\x1b[2Jk', data, NOW)).toMatchObject({
      subject: 's3://b/[2Jk',
      data: { command: 'a{"forged":1}b' },
    });
  });
});

describe('a change event', () => {
  test('is a CloudEvent', () => {
    const { id, ...rest } = changeEvent(SUBJECT, 'rolled-back', CHANGE, NOW);
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(rest).toEqual({
      specversion: '1.0',
      source: 'urn:envseal:snacks-6d4cf56db6-x7zqk',
      type: 'envseal.change.rolled-back',
      time: '2026-11-21T07:20:56.042Z',
      subject: SUBJECT,
      datacontenttype: 'application/json',
      dataschema: 'urn:envseal:event:1',
      data: CHANGE,
    });
  });

  test('takes nothing that is not a field of it', () => {
    const names = { count: 1, names: ['A'], values: [CANARY] };
    const data = {
      ...CHANGE,
      values: { A: CANARY },
      variables: { added: names, changed: names, removed: names, before: { A: CANARY } },
      place: { ...CHANGE.place, environ: CANARY },
      principal: { origin: 'environment', name: null, secretAccessKey: CANARY },
    } as ChangeData;
    expect(JSON.stringify(changeEvent(SUBJECT, 'set', data, NOW))).not.toContain(CANARY);
  });
});

/** Puts a secret against its type at each place that the data has, one by one. */
function* withSecret(data: object): Generator<object> {
  for (const { path, value } of containers(data)) {
    for (const key of Object.keys(value)) {
      const copy = structuredClone(data);
      let target = copy as Record<string, unknown>;
      for (const step of path.split('/').slice(1)) target = target[step] as Record<string, unknown>;
      target[key] = new Secret(CANARY);
      yield copy;
    }
  }
}

/** With a secret in the place of a list or an object, no event is made at all. */
function tell(make: () => object): string {
  try {
    return JSON.stringify(make());
  } catch (error) {
    return `${error}`;
  }
}

test('a secret in any field is not reported', () => {
  fc.assert(
    fc.property(accessData, changeData, subject, (access, change, about) => {
      for (const each of withSecret(access)) {
        expect(tell(() => accessEvent(about, each as AccessData, NOW))).not.toContain(CANARY);
      }
      for (const each of withSecret(change)) {
        expect(tell(() => changeEvent(about, 'set', each as ChangeData, NOW))).not.toContain(CANARY);
      }
    }),
    { numRuns: 30 },
  );
  const about = new Secret(CANARY) as unknown as string;
  expect(accessEvent(about, ACCESS, NOW).subject).toBe('[redacted]');
});

describe('a UUIDv7', () => {
  test('has version, variant and time', () => {
    fc.assert(
      fc.property(time, (now) => {
        const uuid = uuidV7(now);
        expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(Number.parseInt(uuid.slice(0, 13).replace('-', ''), 16)).toBe(now);
      }),
    );
  });

  test('sorts by time', () => {
    fc.assert(
      fc.property(time, time, (a, b) => {
        fc.pre(a !== b);
        expect(uuidV7(a) < uuidV7(b)).toBe(a < b);
      }),
    );
  });

  test('is another one each time', () => {
    expect(new Set(Array.from({ length: 1000 }, () => uuidV7(NOW))).size).toBe(1000);
  });
});
