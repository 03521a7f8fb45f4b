/** Fetches all sources at the same time, checks how each is sealed, and merges them in the order given. */
import type { AwsClient } from '../aws/aws-client.ts';
import { isAlias } from '../aws/kms-key.ts';
import { EnvsealError } from '../errors.ts';
import type { Attempt } from '../events/attempt.ts';
import type { GoogleClient } from '../gcp/google-client.ts';
import type { Host } from '../host.ts';
import type { Unwrap } from '../keys/key-wrapper.ts';
import type { Deadline } from '../net/deadline.ts';
import { Http } from '../net/http.ts';
import { type EncryptionContext, parseEncryptionContext } from '../sealing/encryption-context.ts';
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

/** Throws the first failure; the other requests are given up with it. Each attempt is filled in as far as it comes. */
export async function openSources(
  attempts: readonly Attempt[],
  stores: Stores,
  options: OpenOptions,
): Promise<Variables> {
  const encryptionContext = parseEncryptionContext(options.settings['encryption-context']);
  const opened = attempts.map((attempt) =>
    openSource(attempt, stores, options, encryptionContext).catch((error: unknown) => {
      const failure = error instanceof EnvsealError ? error.about(attempt.source.uri) : error;
      if (!(failure instanceof EnvsealError)) throw failure;
      // What was given up because of another source has no failure of its own.
      if (error !== options.deadline.signal.reason || failure.code === 'timeout') {
        attempt.error = failure;
        attempt.attempts ||= failure.attempts;
        if (attempt.requestIds.length === 0) attempt.requestIds = failure.requestIds;
      }
      options.deadline.abort(failure);
      throw failure;
    }),
  );
  return merge(await Promise.all(opened));
}

async function openSource(
  attempt: Attempt,
  stores: Stores,
  { settings }: OpenOptions,
  encryptionContext: EncryptionContext,
): Promise<Variables> {
  const { source } = attempt;
  let object: FetchedObject;
  try {
    object = await stores.fetch(source);
  } catch (error) {
    if (!source.isOptional || !(error instanceof EnvsealError) || error.code !== 'not_found') throw error;
    attempt.isAbsent = true;
    return new Map();
  }
  const { bytes, sealing } = object;
  const { uri, format } = source;
  attempt.version = object.version ?? null;
  attempt.requestIds = object.requestIds;
  attempt.attempts = object.attempts;
  const content =
    format === undefined ? recognise(bytes, { source: uri }) : asFormat(bytes, format, { source: uri });
  if (content.kind === 'dotenv' || content.kind === 'json') {
    attempt.sealing = sealing.kind;
    if (sealing.kind !== 'none' && sealing.key !== undefined) attempt.kmsKeys = [sealing.key];
    enforcePolicy(source, sealing, {
      pinnedKeys: sealing.kind === 'none' ? [] : await stores.pinnedKeys(),
      allowUnsealed: settings['allow-unsealed'],
    });
    attempt.variables = openPlain(bytes, content.kind, source);
    return attempt.variables;
  }
  attempt.sealing = content.kind;
  const { openSealed } = await import('../sealing/open-sealed.ts');
  const { variables, keys } = await openSealed(content, {
    source,
    object,
    clients: stores,
    pinnedKeys: await stores.pinnedKeys(),
    encryptionContext,
    allowMetadataKey: settings['allow-metadata-key'],
  });
  attempt.kmsKeys = keys;
  attempt.variables = variables;
  return variables;
}

function merge([first = new Map(), ...later]: readonly Variables[]): Variables {
  if (later.length === 0) return first;
  return new Map([first, ...later].flatMap((variables) => [...variables]));
}

/** Stores by scheme, and what opens keys, each made when its first source needs it. */
export class Stores implements KeyClients {
  readonly #options: OpenOptions;
  readonly http: Http;
  #aws: Promise<AwsStores> | undefined;
  #google: Promise<GoogleStores> | undefined;
  #age: Promise<Unwrap> | undefined;

  constructor(options: OpenOptions) {
    const { host, settings } = options;
    this.#options = options;
    this.http = new Http({
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

  /** The clients that something was asked of, for what is known of them already. */
  async known(): Promise<{ readonly aws?: AwsClient; readonly google?: GoogleClient }> {
    const [aws, google] = await Promise.all([this.#aws, this.#google]);
    return { ...(aws && { aws: aws.client }), ...(google && { google: google.client }) };
  }

  age(): Promise<Unwrap> {
    this.#age ??= import('../keys/age.ts').then(
      ({ ageUnwrapper }) => ageUnwrapper(this.#options.host) as Unwrap,
    );
    return this.#age;
  }

  #awsStores(): Promise<AwsStores> {
    this.#aws ??= AwsStores.create(this.#options, this.http);
    return this.#aws;
  }

  #googleStores(): Promise<GoogleStores> {
    this.#google ??= import('./google-stores.ts').then(
      ({ GoogleStores }) => new GoogleStores(this.#options, this.http),
    );
    return this.#google;
  }
}
