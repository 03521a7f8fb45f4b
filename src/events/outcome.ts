/** The outcome that an error stands for in events. Total: a new code does not compile until it is here. */
import type { ErrorCode } from '../errors.ts';
import type { Outcome } from './event.ts';

const OUTCOMES: Readonly<Record<ErrorCode, Exclude<Outcome, 'granted'>>> = {
  malformed: 'refused',
  unsealed: 'refused',
  wrong_key: 'refused',
  misplaced: 'refused',
  corrupt: 'refused',
  expired: 'refused',
  too_large: 'refused',
  unmet: 'refused',
  unsafe_name: 'refused',

  credentials: 'denied',
  denied: 'denied',
  key_unavailable: 'denied',

  usage: 'failed',
  not_found: 'failed',
  unreachable: 'failed',
  undelivered: 'failed',
  internal: 'failed',
  conflict: 'failed',
  throttled: 'failed',
  timeout: 'failed',
  configuration: 'failed',
  unconditional: 'failed',
  unversioned: 'failed',
  exposed: 'failed',
  not_executable: 'failed',
  command_not_found: 'failed',
};

export function outcomeOf(code: ErrorCode): Exclude<Outcome, 'granted'> {
  return OUTCOMES[code];
}
