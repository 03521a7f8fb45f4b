/** What Google Cloud is asked for at a start: the files, and KMS for what seals them. Loaded for `gs://` and its keys only. */
import { GoogleClient } from '../gcp/google-client.ts';
import type { Http } from '../net/http.ts';
import type { EnvStore } from '../store/env-store.ts';
import { fetchGcs } from '../store/gcs.ts';
import type { GcsSource } from '../store/source.ts';
import type { FetchedObject } from '../store/store.ts';
import { VERSION } from '../version.ts';
import type { OpenOptions } from './open-sources.ts';

export class GoogleStores {
  readonly client: GoogleClient;

  constructor({ host: { system, variables }, deadline }: OpenOptions, http: Http) {
    this.client = new GoogleClient({ variables, http, deadline, system, userAgent: `envseal/${VERSION}` });
  }

  async writable(): Promise<EnvStore> {
    const { gcsStore } = await import('../store/gcs-store.ts');
    return gcsStore(this.client) as EnvStore;
  }

  fetch(source: GcsSource): Promise<FetchedObject> {
    return fetchGcs(source, this.client);
  }
}
