import type { Host } from '../host.ts';
import type { Deadline } from '../net/deadline.ts';
import type { Settings } from '../settings.ts';

/** Options that all clients of a run share. */
export interface ClientOptions {
  readonly host: Host;
  readonly settings: Settings;
  readonly deadline: Deadline;
}
