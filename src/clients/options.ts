import type { Host } from '../host.ts';
import type { Deadline } from '../net/deadline.ts';
import type { Settings } from '../settings.ts';

/** What every client of a run is made of. */
export interface ClientOptions {
  readonly host: Host;
  readonly settings: Settings;
  readonly deadline: Deadline;
}
