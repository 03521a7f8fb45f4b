/**
 * The Google Cloud clients of a run: Cloud Storage for files, Cloud KMS for keys. Loaded for `gs://` and its
 * keys only.
 */
import { GoogleClient } from '../gcp/client.ts';
import type { Http } from '../net/http.ts';
import type { GcsSource } from '../source-uri.ts';
import type { EnvStore } from '../store/contract.ts';
import { fetchGcs } from '../store/gcs/get.ts';
import type { FetchedObject } from '../store/object.ts';
import { VERSION } from '../version.ts';
import type { ClientOptions } from './options.ts';

export class GoogleStores {
  readonly client: GoogleClient;
  #writable: Promise<EnvStore> | undefined;

  constructor({ host: { system, variables }, deadline }: ClientOptions, http: Http) {
    this.client = new GoogleClient({ variables, http, deadline, system, userAgent: `envseal/${VERSION}` });
  }

  /** One for all files. */
  writable(): Promise<EnvStore> {
    this.#writable ??= import('../store/gcs/store.ts').then(
      ({ gcsStore }) => gcsStore(this.client) as EnvStore,
    );
    return this.#writable;
  }

  fetch(source: GcsSource): Promise<FetchedObject> {
    return fetchGcs(source, this.client);
  }
}
