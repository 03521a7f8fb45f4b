/**
 * Each event as a POST in CloudEvents' structured mode, signed as Standard Webhooks are.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
import { EnvsealError } from '../../errors.ts';
import type { Deadline } from '../../net/deadline.ts';
import { fromBase64 } from '../../system/base64.ts';
import { toBase64 } from '../../system/bytes.ts';
import type { System } from '../../system/system.ts';
import type { AuditEvent } from '../event.ts';
import type { MakeSink } from '../sink.ts';
import { isSet, post } from './http-post.ts';
import { sinkName } from './sink-uri.ts';

const SECRET = 'ENVSEAL_WEBHOOK_SECRET';

/** At the same time: a command that changes many files has an event for each. */
const MAX_POSTS = 16;

export const webhook: MakeSink = (url, context) => {
  const { http, system } = context;
  http.refuseInsecure(url);
  const keys = isSet(SECRET, context) ? readKeys(context.secret(SECRET).reveal()) : [];
  async function deliverOne(event: AuditEvent, deadline: Deadline): Promise<void> {
    const body = JSON.stringify(event);
    const headers = () => ({
      'content-type': 'application/cloudevents+json',
      ...signatures(event.id, body, keys, system),
    });
    await post({ url, headers, body, secret: SECRET }, context, deadline);
  }
  return {
    name: sinkName(url),
    async deliver(events, deadline) {
      // The one of a start.
      if (events.length === 1) return await deliverOne(events[0] as AuditEvent, deadline);
      const failures: unknown[] = [];
      const waiting = events.values();
      const workers = Array.from({ length: Math.min(MAX_POSTS, events.length) }, async () => {
        for (const event of waiting) await deliverOne(event, deadline).catch((error) => failures.push(error));
      });
      await Promise.all(workers);
      if (failures.length > 0) throw failures[0];
    },
  };
};

/** Several secrets with white space between them make a rotation without a gap: each signs. */
function readKeys(text: string): readonly Uint8Array[] {
  const keys: Uint8Array[] = [];
  for (const word of text.trim().split(/\s+/)) if (word !== '') keys.push(readKey(word));
  if (keys.length === 0) throw wrongSecret('is empty');
  return keys;
}

function readKey(word: string): Uint8Array {
  if (!word.startsWith('whsec_')) return new TextEncoder().encode(word);
  const key = fromBase64(word.slice('whsec_'.length));
  if (key === undefined || key.length === 0) throw wrongSecret('has no base64 after whsec_');
  return key;
}

function wrongSecret(problem: string): EnvsealError {
  return new EnvsealError('configuration', `${SECRET} ${problem}`, {
    hint: `${SECRET}=whsec_$(openssl rand -base64 32), the same as the receiver has`,
  });
}

/** The id is the event's on every try, so that the receiver can recognize a repetition. */
function signatures(
  id: string,
  body: string,
  keys: readonly Uint8Array[],
  system: System,
): Record<string, string> {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const content = `${id}.${timestamp}.${body}`;
  const headers: Record<string, string> = { 'webhook-id': id, 'webhook-timestamp': timestamp };
  const signed: string[] = [];
  for (const key of keys) signed.push(`v1,${toBase64(system.hmacSha256(key, content))}`);
  if (signed.length > 0) headers['webhook-signature'] = signed.join(' ');
  return headers;
}
