/** Splunk's HTTP Event Collector, with indexer acknowledgement. `node splunk.ts [--tls]`. */

import { parseArgs } from 'node:util';
import { Clock } from './http/clock.ts';
import { announce } from './http/lifecycle.ts';
import { Service } from './http/service.ts';
import { Inbox, inboxCommands } from './inbox.ts';
import { type ReceivedSplunkEvent, type SplunkState, splunkBehaviour } from './splunk/behaviour.ts';
import { DEFAULT_TOKEN } from './splunk/defaults.ts';
import { type HecCode, isHecCode } from './splunk/errors.ts';
import { Acknowledgements, type HecToken } from './splunk/tokens.ts';

const { values } = parseArgs({ options: { tls: { type: 'boolean', default: false } } });
const clock = new Clock();
const fresh = (): SplunkState => ({
  clock,
  tokens: new Map([[DEFAULT_TOKEN.token.toLowerCase(), DEFAULT_TOKEN]]),
  acknowledgements: new Acknowledgements(),
  inbox: new Inbox<ReceivedSplunkEvent>(),
  lie: null,
});
let state = fresh();
const service = new Service(
  clock,
  splunkBehaviour(() => state),
);

const commands = {
  ...service.commands(() => {
    state = fresh();
  }),
  ...inboxCommands(() => state.inbox),
  /** Makes a token, or replaces it. */
  token: (token: HecToken): void => {
    state.tokens.set(token.token.toLowerCase(), token);
  },
  /** The first `polls` polls of what comes from now on say `false`. */
  acknowledgeAfter: (polls: number): void => {
    state.acknowledgements.pollsBefore = polls;
  },
  /** Takes nothing and answers 200 with this code: what a balancer before Splunk may make of a refusal. `null`: not any more. */
  lie: (code: HecCode | null = 4): void => {
    if (code !== null && !isHecCode(code)) throw new Error(`no such code: ${code}`);
    state.lie = code;
  },
};

export type SplunkCommands = typeof commands;

await announce({ collector: await service.listen('global', values.tls) }, commands);
