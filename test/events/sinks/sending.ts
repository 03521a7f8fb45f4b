/** Sends events to a sink over real sockets, and watches over what its errors say. */

import { expect, onTestFinished } from 'vitest';
import { AwsClient } from '../../../src/aws/client.ts';
import { credentialChain } from '../../../src/aws/credentials/credentials.ts';
import { readAwsSettings } from '../../../src/aws/read-settings.ts';
import { EnvsealError } from '../../../src/errors.ts';
import {
  type AccessData,
  type AccessEvent,
  type AuditEvent,
  accessEvent,
  type Change,
  type ChangeData,
  type ChangeEvent,
  changeEvent,
} from '../../../src/events/event.ts';
import type { SinkContext } from '../../../src/events/sink.ts';
import { makeSink } from '../../../src/events/sinks/registry.ts';
import { GoogleClient } from '../../../src/gcp/client.ts';
import { Deadline } from '../../../src/net/deadline.ts';
import { Http } from '../../../src/net/http.ts';
import { Secret } from '../../../src/secret.ts';
import { nodeSystem } from '../../../src/system/node/system.ts';
import type { System } from '../../../src/system/system.ts';
import { ACCESS, CHANGE } from '../samples.ts';
import { problems } from '../valid.ts';

export type Variables = Readonly<Record<string, string>>;

export interface Sending {
  readonly variables?: Variables;
  readonly seconds?: number;
  readonly events?: readonly AuditEvent[];
  readonly system?: System;
  /** The deadline of the run, which is before the delivery. */
  readonly deadline?: Deadline;
}

/** Nothing listens there. */
export const CLOSED = '127.0.0.1:1';
/** In every secret of a test that fails. */
export const CANARY = 'xQ7Zj0Kw9Vb3Gy';

export const NOW = Date.now();

export function event(changes: Partial<AccessData> = {}, subject = 's3://snacks/prod/env'): AccessEvent {
  return accessEvent(subject, { ...ACCESS, ...changes }, NOW);
}

export function change(
  what: Change,
  changes: Partial<ChangeData> = {},
  subject = 's3://snacks/prod/env',
): ChangeEvent {
  return changeEvent(subject, what, { ...CHANGE, ...changes }, NOW);
}

/** What a receiver got is what was sent, in any order, and as the schema has it. */
export function expectSame(received: readonly unknown[], sent: readonly AuditEvent[]): void {
  const byId = (events: readonly unknown[]) =>
    (events as AuditEvent[]).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  expect(byId(received)).toEqual(byId(sent));
  for (const event of received) expect(problems(event)).toEqual([]);
}

export function contextOf({ variables = {}, system = nodeSystem, deadline }: Sending): SinkContext {
  const all = { HOME: '/nonexistent', ...variables };
  const http = new Http({ system, variables: all, allowInsecureEndpoint: false });
  const run = deadline ?? new Deadline(30);
  onTestFinished(() => run.clear());
  const common = { variables: all, http, deadline: run, system, userAgent: 'envseal/test' };
  return {
    http,
    system,
    variables: all,
    secret(name) {
      const value = variables[name];
      if (value) return new Secret(value);
      throw new EnvsealError('configuration', `${name} is not set`, { hint: 'set it' });
    },
    aws: async () =>
      new AwsClient({ ...common, chain: credentialChain, settings: await readAwsSettings(all, system) }),
    google: async () => new GoogleClient(common),
  };
}

export async function send(uri: string, sending: Sending = {}): Promise<readonly AuditEvent[]> {
  const events = sending.events ?? [event()];
  const deadline = new Deadline(sending.seconds ?? 20);
  try {
    const sink = await makeSink(uri, contextOf(sending));
    await sink.deliver(events, deadline);
  } finally {
    deadline.clear();
  }
  return events;
}

/** The error, which holds no secret and no query. */
export async function failure(uri: string, sending: Sending = {}) {
  const error = await send(uri, sending).then(
    () => expect.unreachable('it was delivered'),
    (error: unknown) => error,
  );
  if (!(error instanceof EnvsealError)) throw error;
  const { code, message, hint = '', attempts } = error;
  expect(message + hint).not.toContain(CANARY);
  expect(message).not.toMatch(/\.$|\n/);
  if (code !== 'timeout') expect(hint).not.toBe('');
  return { code, message, hint, attempts };
}
