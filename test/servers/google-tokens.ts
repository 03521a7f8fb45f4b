/**
 * The endpoints that hand out Google access tokens: OAuth's `/token`, the Security Token Service's `/v1/token`, IAM
 * Credentials' `generateAccessToken`, and `/subject-token`, where a workload gets what it trades in at the second.
 * `node google-tokens.ts [--tls]`.
 */

import { parseArgs } from 'node:util';
import { type AccessKey, AccessKeys } from './aws/access-keys.ts';
import { ADMINISTRATOR } from './aws/defaults.ts';
import { tokensBehaviour } from './google-tokens/behaviour.ts';
import { DEFAULTS, type TokenSettings } from './google-tokens/state.ts';
import { Clock } from './http/clock.ts';
import { announce } from './http/lifecycle.ts';
import { Service } from './http/service.ts';

const { values } = parseArgs({ options: { tls: { type: 'boolean', default: false } } });
const clock = new Clock();
const fresh = () => {
  const accessKeys = new AccessKeys();
  accessKeys.register(ADMINISTRATOR);
  return { clock, accessKeys, settings: DEFAULTS };
};
let state = fresh();
const service = new Service(
  clock,
  tokensBehaviour(() => state),
);

const commands = {
  ...service.commands(() => {
    state = fresh();
  }),
  configure: (changes: Partial<TokenSettings>): void => {
    state = { ...state, settings: { ...state.settings, ...changes } };
  },
  /** An AWS access key whose signed requests the AWS provider believes. */
  accessKey: (key: AccessKey): void => state.accessKeys.register(key),
};

export type GoogleTokensCommands = typeof commands;

await announce({ tokens: await service.listen('global', values.tls) }, commands);
