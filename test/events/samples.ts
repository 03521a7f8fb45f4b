/** Events for the tests: one with everything in it, and arbitrary ones. */
import fc from 'fast-check';
import { type ErrorCode, EXIT_STATUS } from '../../src/errors.ts';
import {
  type AccessData,
  type AuditEvent,
  accessEvent,
  type Change,
  type ChangeData,
  changeEvent,
  type Outcome,
  type Principal,
  type SealingName,
  type VariableNames,
  type Workload,
} from '../../src/events/event.ts';

export const CODES = Object.keys(EXIT_STATUS) as ErrorCode[];
export const OUTCOMES: readonly Outcome[] = ['granted', 'refused', 'denied', 'failed'];
export const CHANGES: readonly Change[] = [
  'stored',
  'set',
  'unset',
  'rotated',
  'revoked',
  'restored',
  'expired',
  'shared',
  'copied',
  'rolled-back',
];
const SEALINGS: readonly SealingName[] = ['sse-kms', 'cmek', 'kms', 'sops', 'berglas', 'none'];

export const PLACE: Workload = {
  host: 'snacks-6d4cf56db6-x7zqk',
  containerId: '0f3deade416514b65143bdb917f86c290bf21b176d70d8ad8c4992469fdb28e6',
  pod: 'snacks-6d4cf56db6-x7zqk',
  namespace: 'shop',
  node: 'ip-10-0-3-17.eu-central-1.compute.internal',
  image: 'registry.example/snacks:1.4.2',
};

export const ACCESS: AccessData = {
  outcome: 'granted',
  reason: 'opened',
  sealing: 'sse-kms',
  kmsKeys: ['arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'],
  version: 'L4kqtJlcpXroDTDmpUMLUo',
  variables: { count: 2, names: ['DATABASE_URL', 'API_TOKEN'] },
  principal: { origin: 'web identity', name: 'arn:aws:iam::111122223333:role/snacks' },
  place: PLACE,
  command: '/usr/bin/node',
  requestIds: [
    '4442587FB7D0A2F9',
    'vlR7PnpV2Ce81l0PRw6jlUpck7Jo5ZsQjryTjKlc5aLWGVHPZLj5NeC6qMa0emYBDXOo6QBU0Wo=',
  ],
  durationMs: 84.3,
  attempts: 1,
  envseal: '0.2.0',
};

export const CHANGE: ChangeData = {
  outcome: 'done',
  reason: 'done',
  sealing: 'sops',
  kmsKeys: ['age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p'],
  version: '1712345678901234',
  previousVersion: '1712345678900000',
  variables: {
    added: { count: 1, names: ['NEW_TOKEN'] },
    changed: { count: 1, hashes: ['9f'.repeat(32)] },
    removed: { count: 0 },
  },
  principal: { origin: 'gcloud login', name: 'ann@example.com' },
  place: PLACE,
  requestIds: ['AHxI1nPqCwZ0'],
  durationMs: 412,
  envseal: '0.2.0',
};

/** Anything: long, empty, control characters, halves of surrogates. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ minLength: 200, maxLength: 6000 }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 })
    .map((units) => String.fromCharCode(...units)),
);
const textOrNull = fc.option(text);

const variableName = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,300}$/);
const variableNames: fc.Arbitrary<VariableNames> = fc.oneof(
  fc.record({ count: fc.nat() }),
  fc.array(variableName, { maxLength: 1100 }).map((names) => ({ count: names.length, names })),
  fc.array(fc.stringMatching(/^[0-9a-f]{64}$/)).map((hashes) => ({ count: hashes.length, hashes })),
);
const place: fc.Arbitrary<Workload> = fc.record({
  host: textOrNull,
  containerId: textOrNull,
  pod: textOrNull,
  namespace: textOrNull,
  node: textOrNull,
  image: textOrNull,
});
const principal: fc.Arbitrary<Principal | null> = fc.option(fc.record({ origin: text, name: textOrNull }));

const common = {
  sealing: fc.option(fc.constantFrom(...SEALINGS)),
  kmsKeys: fc.array(text, { maxLength: 80 }),
  version: textOrNull,
  principal,
  place,
  requestIds: fc.array(text),
  durationMs: fc.double({ min: 0, max: 1e9, noNaN: true }),
  envseal: fc.stringMatching(/^\d{1,3}\.\d{1,3}\.\d{1,3}$/),
};

export const accessData: fc.Arbitrary<AccessData> = fc.record({
  ...common,
  outcome: fc.constantFrom(...OUTCOMES),
  reason: fc.constantFrom(
    'opened' as const,
    'absent' as const,
    'aborted' as const,
    'signal' as const,
    ...CODES,
  ),
  variables: fc.option(variableNames),
  command: textOrNull,
  attempts: fc.nat(),
});

export const changeData: fc.Arbitrary<ChangeData> = fc.record({
  ...common,
  outcome: fc.constantFrom('done' as const, 'refused' as const, 'denied' as const, 'failed' as const),
  reason: fc.constantFrom('done' as const, 'signal' as const, ...CODES),
  previousVersion: textOrNull,
  variables: fc.option(fc.record({ added: variableNames, changed: variableNames, removed: variableNames })),
});

export const subject = text;
/** Until the year 9999, after which RFC 3339 has no date. */
export const time = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) });

export const auditEvent: fc.Arbitrary<AuditEvent> = fc.oneof(
  fc.tuple(subject, accessData, time).map(([about, data, at]) => accessEvent(about, data, at)),
  fc
    .tuple(subject, fc.constantFrom(...CHANGES), changeData, time)
    .map(([about, what, data, at]) => changeEvent(about, what, data, at)),
);

/** Every object and array of a value with its path, itself the first. */
export function containers(value: unknown, path = ''): { path: string; value: object }[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.entries(value).flatMap(([key, each]) => containers(each, `${path}/${key}`));
  return [{ path, value }, ...inner];
}
