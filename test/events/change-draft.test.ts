import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type ChangeDraft, fromChangeDraft } from '../../src/events/change-draft.ts';
import type { EventOptions } from '../../src/events/from-draft.ts';
import { outcomeOf } from '../../src/events/outcome.ts';
import { Secret } from '../../src/secret.ts';
import { nodeSystem } from '../../src/system/node/system.ts';
import { CODES, PLACE } from './samples.ts';
import { problems } from './valid.ts';

const DRAFT: ChangeDraft = {
  subject: 's3://snacks/prod/env',
  change: 'set',
  reason: 'done',
  sealing: 'sse-kms',
  kmsKeys: ['arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'],
  version: 'v2',
  previousVersion: 'v1',
  differences: { added: ['NEW'], changed: ['OLD', 'OTHER'], removed: [] },
  requestIds: ['4442587FB7D0A2F9'],
  cloud: 'aws',
};
const DECIDED = { credentials: null, durationMs: 12.5, nowMs: Date.UTC(2026, 10, 21) };
const OPTIONS: EventOptions = { place: PLACE, names: 'full', namesKey: undefined, system: nodeSystem };

function eventOf(changes: Partial<ChangeDraft>, options: Partial<EventOptions> = {}) {
  const event = fromChangeDraft({ ...DRAFT, ...changes }, DECIDED, { ...OPTIONS, ...options });
  expect(problems(event)).toEqual([]);
  return event;
}

test('a draft becomes an event', () => {
  const credentials = {
    cloud: 'aws',
    origin: 'profile',
    principal: undefined,
    accessKeyId: 'AKIA2E0A8F3B244C9986',
  } as const;
  expect(fromChangeDraft(DRAFT, { ...DECIDED, credentials }, OPTIONS)).toMatchObject({
    type: 'envseal.change.set',
    subject: 's3://snacks/prod/env',
    time: '2026-11-21T00:00:00.000Z',
    data: {
      outcome: 'done',
      reason: 'done',
      sealing: 'sse-kms',
      kmsKeys: DRAFT.kmsKeys,
      version: 'v2',
      previousVersion: 'v1',
      variables: {
        added: { count: 1, names: ['NEW'] },
        changed: { count: 2, names: ['OLD', 'OTHER'] },
        removed: { count: 0, names: [] },
      },
      principal: { origin: 'profile', name: 'AKIA2E0A8F3B244C9986' },
      place: PLACE,
      requestIds: ['4442587FB7D0A2F9'],
      durationMs: 12.5,
    },
  });
});

describe('the outcome', () => {
  test.each([
    ['done', 'done'],
    ['signal', 'failed'],
    ['conflict', 'failed'],
    ['unconditional', 'failed'],
    ['denied', 'denied'],
    ['unsealed', 'refused'],
  ] as const)('of %s is %s', (reason, outcome) => {
    expect(eventOf({ reason }).data).toMatchObject({ reason, outcome });
  });

  test('of every error is that of an access', () => {
    for (const code of CODES) expect(eventOf({ reason: code }).data.outcome).toBe(outcomeOf(code));
  });
});

describe('names', () => {
  test('are numbers alone with count', () => {
    expect(eventOf({}, { names: 'count' }).data.variables).toEqual({
      added: { count: 1 },
      changed: { count: 2 },
      removed: { count: 0 },
    });
  });

  test('are hashes with hash', () => {
    const hash = (name: string) => createHmac('sha256', 'pepper').update(name).digest('hex');
    expect(eventOf({}, { names: 'hash', namesKey: new Secret('pepper') }).data.variables).toEqual({
      added: { count: 1, hashes: [hash('NEW')] },
      changed: { count: 2, hashes: ['OLD', 'OTHER'].map(hash) },
      removed: { count: 0, hashes: [] },
    });
  });

  test.each([
    [400, true],
    [401, false],
  ])('are those of 1000 variables together: 600 and %i: %s', (more, isNamed) => {
    const list = (count: number) => Array.from({ length: count }, (_, index) => `NAME_${index}`);
    const differences = { added: list(600), changed: [], removed: list(more) };
    const { variables } = eventOf({ differences }).data;
    expect(variables?.added.count).toBe(600);
    expect([variables?.added, variables?.removed].map((names) => names?.names !== undefined)).toEqual([
      isNamed,
      isNamed,
    ]);
  });

  test('are null where nothing was compared', () => {
    expect(eventOf({ differences: null }).data.variables).toBeNull();
  });
});
