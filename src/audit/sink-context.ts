import type { Stores } from '../clients/clients.ts';
import type { SinkContext } from '../events/sink.ts';
import type { Host } from '../host.ts';
import { readSecret } from './secret-variables.ts';

/** The parts of a run that sinks may use: its HTTP, its credentials, and the secrets that are settings. */
export function sinkContext(stores: Stores, host: Host): SinkContext {
  return {
    http: stores.http,
    system: host.system,
    variables: host.variables,
    secret: (variable) => readSecret(variable, host),
    aws: () => stores.aws(),
    google: () => stores.google(),
  };
}
