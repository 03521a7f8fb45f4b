/**
 * A receiver of webhooks: CloudEvents in JSON, signed as Standard Webhooks wants it. `node webhook.ts [--tls]`.
 */

import { parseArgs } from 'node:util';
import { Clock } from './http/clock.ts';
import { announce } from './http/lifecycle.ts';
import { Service } from './http/service.ts';
import { Inbox, inboxCommands } from './inbox.ts';
import {
  type ReceivedWebhook,
  type RefusedWebhook,
  type WebhookState,
  webhookBehaviour,
} from './webhook/behaviour.ts';
import { WEBHOOK_SECRET } from './webhook/defaults.ts';
import { keyOf } from './webhook/signature.ts';

const { values } = parseArgs({ options: { tls: { type: 'boolean', default: false } } });
const clock = new Clock();
const fresh = (): WebhookState => ({
  clock,
  inbox: new Inbox<ReceivedWebhook>(),
  refused: [],
  secrets: [WEBHOOK_SECRET],
  success: [204, ''],
});
let state = fresh();
const service = new Service(
  clock,
  webhookBehaviour(() => state),
);

const commands = {
  ...service.commands(() => {
    state = fresh();
  }),
  ...inboxCommands(() => state.inbox),
  /** What it refused, faults aside. */
  refused: (): RefusedWebhook[] => state.refused,
  /** The ids that came more than once. */
  duplicates: (): string[] => [
    ...new Set(
      state.inbox
        .list()
        .filter(({ duplicate }) => duplicate)
        .map(({ id }) => id),
    ),
  ],
  /** Those that a signature may be by; with none, no signature is required. */
  secrets: (secrets: readonly string[]): void => {
    secrets.forEach(keyOf);
    state.secrets = secrets;
  },
  /** What success is answered with, instead of 204. */
  success: (status: number, body = ''): void => {
    state.success = [status, body];
  },
};

export type WebhookCommands = typeof commands;

await announce({ webhook: await service.listen('global', values.tls) }, commands);
