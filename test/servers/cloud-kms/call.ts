/** One call of a method, whichever way it came in. */

import { CLOUD_PLATFORM_SCOPE } from '../google/access-tokens.ts';
import { identify } from '../google/bearer.ts';
import type { Method } from '../google/refusals.ts';
import type { Clock } from '../http/clock.ts';
import { type CloudKmsKeys, SERVICE } from './keys.ts';
import { type Input, OPERATIONS, type Output } from './operations.ts';

export interface CloudKmsState {
  readonly clock: Clock;
  readonly keys: CloudKmsKeys;
  wrongChecksum(): boolean;
}

export const GRPC_SERVICE = 'google.cloud.kms.v1.KeyManagementService';
/** https://docs.cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys/decrypt#authorization-scopes */
const SCOPES = [CLOUD_PLATFORM_SCOPE, 'https://www.googleapis.com/auth/cloudkms'];

/** `operation` is one of `OPERATIONS`. */
export function methodOf(operation: string): Method {
  return { service: SERVICE, method: `${GRPC_SERVICE}.${operation}` };
}

export function perform(
  operation: string,
  input: Input,
  authorization: string | undefined,
  { clock, keys, wrongChecksum }: CloudKmsState,
): Output | undefined {
  const { principal } = identify(authorization, methodOf(operation), SCOPES, clock.now());
  return OPERATIONS[operation]?.(input, { keys, principal, wrongChecksum });
}
