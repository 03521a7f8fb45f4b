/** event.schema.json says what the code says, and nothing that it does not name passes. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { accessEvent, changeEvent, SCHEMA } from '../../src/events/event.ts';
import { LIMITS } from '../../src/events/text.ts';
import {
  ACCESS,
  accessData,
  CHANGE,
  CHANGES,
  CODES,
  changeData,
  containers,
  OUTCOMES,
  subject,
  time,
} from './samples.ts';
import { problems, schema, validate } from './valid.ts';

interface Node {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: boolean;
  readonly required?: readonly string[];
}

const definitions = schema.$defs as Record<string, Node>;

const NOW = Date.UTC(2026, 10, 21);
const access = accessEvent('s3://snacks/prod/env', ACCESS, NOW);
const change = changeEvent('s3://snacks/prod/env', 'rotated', CHANGE, NOW);

function propertiesOf(name: string): Readonly<Record<string, Node>> {
  return definitions[name]?.properties ?? {};
}

describe('passes', () => {
  test.each([...OUTCOMES])('an access that was %s', (outcome) => {
    expect(problems(accessEvent('s3://b/k', { ...ACCESS, outcome }, NOW))).toEqual([]);
  });

  test.each([...CHANGES])('a file that was %s', (what) => {
    expect(problems(changeEvent('s3://b/k', what, CHANGE, NOW))).toEqual([]);
  });

  test('an access of which nothing is known', () => {
    const place = { host: null, containerId: null, pod: null, namespace: null, node: null, image: null };
    const nothing = { sealing: null, version: null, variables: null, principal: null, command: null };
    const data = { ...ACCESS, ...nothing, place, kmsKeys: [], requestIds: [], attempts: 0, durationMs: 0 };
    expect(problems(accessEvent('./env', { ...data, outcome: 'failed', reason: 'signal' }, NOW))).toEqual([]);
  });

  test('every access event', () => {
    fc.assert(
      fc.property(subject, accessData, time, (about, data, now) => {
        expect(problems(JSON.parse(JSON.stringify(accessEvent(about, data, now))))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test('every change event', () => {
    fc.assert(
      fc.property(subject, fc.constantFrom(...CHANGES), changeData, time, (about, what, data, now) => {
        expect(problems(JSON.parse(JSON.stringify(changeEvent(about, what, data, now))))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

describe('does not pass', () => {
  test.each([
    ['access', access],
    ['change', change],
  ])('another field anywhere in %s', (_, event) => {
    for (const { path, value } of containers(event)) {
      const steps = path.split('/').slice(1);
      const copy = structuredClone(event) as unknown as Record<string, unknown>;
      let target = copy;
      for (const step of steps) target = target[step] as Record<string, unknown>;
      if (Array.isArray(value)) (target as unknown as unknown[]).push({ value: 'x' });
      else target.value = 'x';
      expect([path, validate(copy)]).toEqual([path, false]);
    }
  });

  test.each([
    ['access', access],
    ['change', change],
  ])('%s without one of its fields', (_, event) => {
    for (const { path, value } of containers(event)) {
      if (Array.isArray(value)) continue;
      for (const key of Object.keys(value).filter((name) => name !== 'names' && name !== 'hashes')) {
        const copy = structuredClone(event) as unknown as Record<string, unknown>;
        let target = copy;
        for (const step of path.split('/').slice(1)) target = target[step] as Record<string, unknown>;
        delete target[key];
        expect([path, key, validate(copy)]).toEqual([path, key, false]);
      }
    }
  });

  test.each<[string, object]>([
    ['an outcome that is not that of the type', { data: { ...ACCESS, outcome: 'denied' } }],
    ['an unknown reason', { data: { ...ACCESS, reason: 'because' } }],
    ['a UUID of another version', { id: '7d444840-9dc0-41d1-b245-5ffdce74fad2' }],
    ['a time without a zone', { time: '2026-11-21T00:00:00.000' }],
    ['a day that is none', { time: '2026-02-30T00:00:00.000Z' }],
    ['another specversion', { specversion: '0.3' }],
    [
      'names and hashes',
      { data: { ...ACCESS, variables: { count: 1, names: ['A'], hashes: ['0'.repeat(64)] } } },
    ],
    ['a value beside a name', { data: { ...ACCESS, variables: { count: 1, names: ['A=1'] } } }],
    ['a hash that is too short', { data: { ...ACCESS, variables: { count: 1, hashes: ['00'] } } }],
    [
      'more names than there may be',
      { data: { ...ACCESS, variables: { count: 1001, names: Array(1001).fill('A') } } },
    ],
    ['a line break', { data: { ...ACCESS, command: 'a\nb' } }],
    ['a long text', { data: { ...ACCESS, version: 'v'.repeat(1025) } }],
    ['a negative duration', { data: { ...ACCESS, durationMs: -1 } }],
    ['half a try', { data: { ...ACCESS, attempts: 0.5 } }],
  ])('%s', (_, part) => {
    expect(validate({ ...access, ...part })).toBe(false);
  });
});

describe('says what the code says', () => {
  test('its name', () => {
    expect(schema.$id).toBe(SCHEMA);
    expect(propertiesOf('accessEvent').dataschema).toMatchObject({ const: SCHEMA });
  });

  test('reasons', () => {
    const sorted = (name: string) => propertiesOf(name).reason?.enum?.toSorted();
    expect(sorted('accessData')).toEqual(['opened', 'absent', 'aborted', 'signal', ...CODES].toSorted());
    expect(sorted('changeData')).toEqual(['done', 'signal', ...CODES].toSorted());
  });

  test('outcomes and types', () => {
    expect(propertiesOf('accessData').outcome?.enum).toEqual(OUTCOMES);
    expect(propertiesOf('accessEvent').type?.enum).toEqual(OUTCOMES.map((each) => `envseal.access.${each}`));
    expect(propertiesOf('changeEvent').type?.enum).toEqual(CHANGES.map((each) => `envseal.change.${each}`));
  });

  test('limits', () => {
    const { subject, source } = propertiesOf('accessEvent');
    expect([subject, source]).toMatchObject([{ maxLength: LIMITS.uri }, { maxLength: LIMITS.uri }]);
    expect(propertiesOf('accessData')).toMatchObject({
      kmsKeys: { maxItems: LIMITS.keys, items: { maxLength: LIMITS.key } },
      requestIds: { maxItems: LIMITS.requestIds, items: { maxLength: LIMITS.name } },
      version: { maxLength: LIMITS.text },
      command: { maxLength: LIMITS.text },
    });
    expect(propertiesOf('variableNames')).toMatchObject({
      names: { maxItems: LIMITS.names, items: { maxLength: LIMITS.name } },
      hashes: { maxItems: LIMITS.names },
    });
    for (const field of Object.values(propertiesOf('place')))
      expect(field).toMatchObject({ maxLength: LIMITS.name });
  });

  test('every object is closed, every field is described, every text is bounded', () => {
    for (const { path, value } of containers(schema)) {
      const node = value as Node;
      const isCondition = /\/(if|then|not)(\/|$)/.test(path);
      if (isCondition) continue;
      if (node.properties !== undefined && node.required !== undefined) {
        expect([path, node.additionalProperties]).toEqual([path, false]);
        for (const [name, field] of Object.entries(node.properties)) {
          const { description } = definitions[field.$ref?.slice('#/$defs/'.length) ?? ''] ?? field;
          expect([path, name, typeof description]).toEqual([path, name, 'string']);
        }
      }
      const isText = [node.type].flat().includes('string');
      if (isText) expect([path, 'maxLength' in node || 'pattern' in node]).toEqual([path, true]);
    }
  });
});
