/** AWS KMS: DescribeKey, Encrypt, Decrypt, GenerateDataKey. `node kms.ts [--tls] [--region NAME]…`: one port a region. */

import { parseArgs } from 'node:util';
import { type AccessKey, AccessKeys } from './aws/access-keys.ts';
import { ADMINISTRATOR, KMS_ALIAS, kmsKeyArn, REGIONS } from './aws/defaults.ts';
import { type KmsKey, KmsKeys } from './aws/kms-keys.ts';
import { Clock } from './http/clock.ts';
import { announce } from './http/lifecycle.ts';
import { Service } from './http/service.ts';
import { kmsBehaviour } from './kms/behaviour.ts';

const { values } = parseArgs({
  options: { tls: { type: 'boolean', default: false }, region: { type: 'string', multiple: true } },
});
const regions = values.region ?? REGIONS;
const clock = new Clock();
const fresh = () => {
  const [accessKeys, kmsKeys] = [new AccessKeys(), new KmsKeys()];
  accessKeys.register(ADMINISTRATOR);
  for (const region of regions) kmsKeys.register({ arn: kmsKeyArn(region), aliases: [KMS_ALIAS] });
  return { clock, accessKeys, kmsKeys };
};
let state = fresh();
const service = new Service(
  clock,
  kmsBehaviour(() => state),
);

const commands = {
  ...service.commands(() => {
    state = fresh();
  }),
  accessKey: (key: AccessKey): void => state.accessKeys.register(key),
  kmsKey: (key: KmsKey): void => state.kmsKeys.register(key),
};

export type KmsCommands = typeof commands;

const endpoints: Record<string, string> = {};
for (const region of regions) endpoints[region] = await service.listen(region, values.tls);
await announce(endpoints, commands);
