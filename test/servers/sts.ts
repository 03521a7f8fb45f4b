/** AWS STS: hands out temporary credentials for roles. `node sts.ts [--tls]`. */

import { parseArgs } from 'node:util';
import type { AccessKey } from './aws/access-keys.ts';
import { AccessKeys } from './aws/access-keys.ts';
import { ADMINISTRATOR } from './aws/defaults.ts';
import { Clock } from './http/clock.ts';
import { announce } from './http/lifecycle.ts';
import { Service } from './http/service.ts';
import { stsBehaviour } from './sts/behaviour.ts';
import { newSession, type Role } from './sts/roles.ts';

const { values } = parseArgs({ options: { tls: { type: 'boolean', default: false } } });
const clock = new Clock();
const fresh = () => {
  const accessKeys = new AccessKeys();
  accessKeys.register(ADMINISTRATOR);
  return { clock, accessKeys, roles: new Map() };
};
let state = fresh();
const service = new Service(
  clock,
  stsBehaviour(() => state),
);

const commands = {
  ...service.commands(() => {
    state = fresh();
  }),
  accessKey: (key: AccessKey): void => state.accessKeys.register(key),
  /** Makes a role and returns the credentials that assuming it will give, ready to be registered at the other servers. */
  role: (role: Role): AccessKey => {
    const session = newSession(role.arn);
    state.roles.set(role.arn, { ...role, session });
    return session;
  },
};

export type StsCommands = typeof commands;

await announce({ 'us-east-1': await service.listen('us-east-1', values.tls) }, commands);
