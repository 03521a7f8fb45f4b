/** Fetches all sources at the same time, checks how each is sealed, and merges them in the order given. */
import type { AwsClient } from '../aws/aws-client.ts';
import { isAlias } from '../aws/kms-key.ts';
import { EnvsealError } from '../errors.ts';
import type { GoogleClient } from '../gcp/google-client.ts';
import type { Host } from '../host.ts';
import type { Unwrap } from '../keys/key-wrapper.ts';
import type { Deadline } from '../net/deadline.ts';
import { Http } from '../net/http.ts';
import { parseEncryptionContext } from '../sealing/encryption-context.ts';
import { openPlain } from '../sealing/open.ts';
import type { KeyClients } from '../sealing/open-sealed.ts';
import { enforcePolicy } from '../sealing/policy.ts';
import { asFormat, recognise } from '../sealing/recognise.ts';
import type { Secret } from '../secret.ts';
import type { Settings } from '../settings.ts';
import { fetchFile } from '../store/file.ts';
import type { Source } from '../store/source.ts';
import type { FetchedObject } from '../store/store.ts';
import { AwsStores } from './aws-stores.ts';
import type { GoogleStores } from './google-stores.ts';

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
  const { bytes, sealing } = object;
  const { uri, format } = source;
  const content =
    format === undefined ? recognise(bytes, { source: uri }) : asFormat(bytes, format, { source: uri });
  if (content.kind === 'dotenv' || content.kind === 'json') {
    enforcePolicy(source, sealing, {
      pinnedKeys: sealing.kind === 'none' ? [] : await stores.pinnedKeys(),
      allowUnsealed: settings['allow-unsealed'],
    });
    return openPlain(bytes, content.kind, source);
  }
  const { openSealed } = await import('../sealing/open-sealed.ts');
  return await openSealed(content, {
    source,
    object,
    clients: stores,
    pinnedKeys: await stores.pinnedKeys(),
    encryptionContext: parseEncryptionContext(settings['encryption-context']),
    allowMetadataKey: settings['allow-metadata-key'],
  });
}

function merge([first = new Map(), ...later]: readonly Variables[]): Variables {
  if (later.length === 0) return first;
  return new Map([first, ...later].flatMap((variables) => [...variables]));
}

/** Stores by scheme, and what opens keys, each made when its first source needs it. */
class Stores implements KeyClients {
  readonly #options: OpenOptions;
  readonly #http: Http;
  #aws: Promise<AwsStores> | undefined;
  #google: Promise<GoogleStores> | undefined;
  #age: Promise<Unwrap> | undefined;

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
    switch (source.scheme) {
      case 's3':
        return await (await this.#awsStores()).fetch(source);
      case 'gs':
        return await (await this.#googleStores()).fetch(source);
      case 'file':
        return await fetchFile(source, this.#options.host.system);
    }
  }

  /** `--kms-key` with aliases resolved, which takes a request to KMS. */
  async pinnedKeys(): Promise<readonly string[]> {
    const keys = this.#options.settings['kms-key'];
    return keys.some(isAlias) ? await (await this.#awsStores()).resolveKeys(keys) : keys;
  }

  async aws(): Promise<AwsClient> {
    return (await this.#awsStores()).client;
  }

  async google(): Promise<GoogleClient> {
    return (await this.#googleStores()).client;
  }

  age(): Promise<Unwrap> {
    this.#age ??= import('../keys/age.ts').then(
      ({ ageUnwrapper }) => ageUnwrapper(this.#options.host) as Unwrap,
    );
    return this.#age;
  }

  #awsStores(): Promise<AwsStores> {
    this.#aws ??= AwsStores.create(this.#options, this.#http);
    return this.#aws;
  }

  #googleStores(): Promise<GoogleStores> {
    this.#google ??= import('./google-stores.ts').then(
      ({ GoogleStores }) => new GoogleStores(this.#options, this.#http),
    );
    return this.#google;
  }
}
