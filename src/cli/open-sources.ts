/** Fetches all sources at the same time, checks how each is sealed, and merges them in the order given. */
import { EnvsealError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { Deadline } from '../net/deadline.ts';
import { Http } from '../net/http.ts';
import { openVariables } from '../sealing/open.ts';
import { enforcePolicy } from '../sealing/policy.ts';
import type { Secret } from '../secret.ts';
import type { Settings } from '../settings.ts';
import { fetchFile } from '../store/file.ts';
import type { Source } from '../store/source.ts';
import type { FetchedObject } from '../store/store.ts';
import { AwsStores } from './aws-stores.ts';

export interface OpenOptions {
  readonly host: Host;
  readonly settings: Settings;
  readonly deadline: Deadline;
}

type Variables = ReadonlyMap<string, Secret>;

/** Throws the first failure; the other requests are given up with it. */
export async function openSources(sources: readonly Source[], options: OpenOptions): Promise<Variables> {
  const stores = new Stores(options);
  const opened = sources.map((source) =>
    openSource(source, stores, options).catch((error: unknown) => {
      const failure = error instanceof EnvsealError ? error.about(source.uri) : error;
      if (failure instanceof EnvsealError) options.deadline.abort(failure);
      throw failure;
    }),
  );
  return merge(await Promise.all(opened));
}

async function openSource(source: Source, stores: Stores, { settings }: OpenOptions): Promise<Variables> {
  let object: FetchedObject;
  try {
    object = await stores.fetch(source);
  } catch (error) {
    if (source.isOptional && error instanceof EnvsealError && error.code === 'not_found') return new Map();
    throw error;
  }
  enforcePolicy(source.uri, object.sealing, {
    pinnedKeys: object.sealing.kind === 'none' ? [] : await stores.pinnedKeys(),
    allowUnsealed: settings['allow-unsealed'],
  });
  return openVariables(object.bytes, source);
}

function merge([first = new Map(), ...later]: readonly Variables[]): Variables {
  if (later.length === 0) return first;
  return new Map([first, ...later].flatMap((variables) => [...variables]));
}

/** Stores by scheme, each made when its first source needs it. */
class Stores {
  readonly #options: OpenOptions;
  readonly #http: Http;
  #aws: Promise<AwsStores> | undefined;

  constructor(options: OpenOptions) {
    const { host, settings } = options;
    this.#options = options;
    this.#http = new Http({
      system: host.system,
      variables: host.variables,
      allowInsecureEndpoint: settings['allow-insecure-endpoint'],
    });
  }

  async fetch(source: Source): Promise<FetchedObject> {
    if (source.scheme === 's3') return await (await this.#awsStores()).fetch(source);
    return await fetchFile(source, this.#options.host.system);
  }

  /** `--kms-key` with aliases resolved, which takes a request to KMS. */
  async pinnedKeys(): Promise<readonly string[]> {
    const keys = this.#options.settings['kms-key'];
    return keys.length === 0 ? [] : await (await this.#awsStores()).resolveKeys(keys);
  }

  #awsStores(): Promise<AwsStores> {
    this.#aws ??= AwsStores.create(this.#options, this.#http);
    return this.#aws;
  }
}
