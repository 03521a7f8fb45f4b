/**
 * Google Cloud KMS: decrypt, encrypt and the descriptions of keys and versions, as REST on one port and as gRPC on
 * another. `node cloud-kms.ts [--tls]`.
 */

import { parseArgs } from 'node:util';
import { GrpcService, type LoggedCall } from './cloud-kms/grpc.ts';
import { type CloudKmsKey, CloudKmsKeys, type Permission, type VersionState } from './cloud-kms/keys.ts';
import { cloudKmsBehaviour } from './cloud-kms/rest.ts';
import { CLOUD_KMS_KEY, OTHER_CLOUD_KMS_KEY } from './google/defaults.ts';
import { Clock } from './http/clock.ts';
import type { FaultRule } from './http/faults.ts';
import { announce } from './http/lifecycle.ts';
import { Service } from './http/service.ts';

const { values } = parseArgs({ options: { tls: { type: 'boolean', default: false } } });
const clock = new Clock();
const fresh = () => {
  const keys = new CloudKmsKeys();
  keys.register({ name: CLOUD_KMS_KEY, versions: ['ENABLED', 'ENABLED'] });
  keys.register({ name: OTHER_CLOUD_KMS_KEY });
  let wrongChecksums = 0;
  return {
    clock,
    keys,
    spoilChecksums: (count: number): void => {
      wrongChecksums = count;
    },
    wrongChecksum: (): boolean => wrongChecksums-- > 0,
  };
};
let state = fresh();
const service = new Service(
  clock,
  cloudKmsBehaviour(() => state),
);
const grpc = new GrpcService(() => state);

const commands = {
  ...service.commands(() => {
    grpc.reset();
    state = fresh();
  }),
  /** Makes a key, or replaces it. */
  key: (key: CloudKmsKey): void => state.keys.register(key),
  versionState: (versionName: string, versionState: VersionState): void =>
    state.keys.setState(versionName, versionState),
  /** These principals, and no others. */
  allow: (permission: Permission, keyName: string, principals: readonly string[]): void => {
    const key = state.keys.find(keyName, permission);
    state.keys.register({ ...key, allow: { ...key.allow, [permission]: principals } });
  },
  deny: (permission: Permission, keyName: string, principals: readonly string[]): void => {
    const key = state.keys.find(keyName, permission);
    state.keys.register({ ...key, deny: { ...key.deny, [permission]: principals } });
  },
  /** The next `count` answers to decrypt have a `plaintextCrc32c` of other bytes. */
  wrongPlaintextChecksum: (count = 1): void => state.spoilChecksums(count),
  /** As `fault`, for calls over gRPC; only `status`, `code`, `delayMs` and `hang` count. */
  grpcFault: (rule: FaultRule): void => grpc.addFault(rule),
  grpcCalls: (): LoggedCall[] => grpc.calls(),
};

export type CloudKmsCommands = typeof commands;

const rest = await service.listen('global', values.tls);
const scheme = values.tls ? 'https' : 'http';
await announce({ rest, grpc: `${scheme}://127.0.0.1:${await grpc.listen(values.tls)}` }, commands);
