import type { EventOptions } from '../events/from-draft.ts';
import type { NamesMode } from '../events/variable-names.ts';
import { readWorkload } from '../events/workload.ts';
import type { Host } from '../host.ts';
import { readSecret } from './secret-variables.ts';

/**
 * Fields that all events of this process share; `names` is `--event-names`. Throws `configuration` for hashes
 * without a key.
 */
export function eventOptions(names: string, { system, variables }: Host): EventOptions {
  const namesKey =
    names === 'hash' ? readSecret('ENVSEAL_EVENT_NAMES_KEY', { system, variables }) : undefined;
  return { names: names as NamesMode, namesKey, place: readWorkload({ variables, system }), system };
}
