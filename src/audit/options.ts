/** The options of recording: for a start, and for the changes of a command. */
import type { Stores } from '../clients/clients.ts';
import type { CredentialsOf } from '../events/access-draft.ts';
import type { Attempt } from '../events/attempt.ts';
import type { Sink } from '../events/sink.ts';
import type { Host } from '../host.ts';
import type { Settings } from '../settings.ts';
import type { ByteString } from '../system/byte-string.ts';

export interface RecordingOptions {
  readonly attempts: readonly Attempt[];
  readonly command: ByteString;
  readonly stores: Stores;
  readonly host: Host;
  readonly settings: Settings;
}

export interface SinkRecordingOptions extends RecordingOptions {
  readonly sinks: readonly Sink[];
  readonly credentialsOf: CredentialsOf;
}

export interface ChangeRecordingOptions {
  readonly stores: Stores;
  readonly host: Host;
  readonly settings: Settings;
}
