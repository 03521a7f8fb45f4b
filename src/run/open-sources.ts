/** Fetches all sources at the same time, checks how each is sealed, and merges them in the order given. */
import type { AwsClient } from '../aws/client.ts';
import { hasAlias } from '../keys/aws-key-name.ts';
import { EnvsealError } from '../errors.ts';
import type { Attempt } from '../events/attempt.ts';
import type { GoogleClient } from '../gcp/client.ts';
import type { Host } from '../host.ts';
import type { Unwrap } from '../keys/contract.ts';
import type { Deadline } from '../net/deadline.ts';
import { Http } from '../net/http.ts';
import type { EncryptionContext } from '../sealing/encryption-context.ts';
import type { KeyClients, OpenSealedOptions } from '../sealing/open-sealed.ts';
import { plainFile, plainText } from '../sealing/plain.ts';
import { enforcePolicy } from '../sealing/policy.ts';
import type { Recognised } from '../sealing/detect.ts';
import { SecretMap } from '../secret-map.ts';
import type { Settings } from '../settings.ts';
import type { EnvStore } from '../store/contract.ts';
import type { Source } from '../source.ts';
import type { FetchedObject } from '../store/object.ts';
import { AwsStores } from '../clients/aws.ts';
import type { GoogleStores } from '../clients/google.ts';

export interface OpenOptions {
  readonly host: Host;
  readonly settings: Settings;
  readonly deadline: Deadline;
}

/** Throws the first failure; the other requests are given up with it. Each attempt is filled in as far as it comes. */
export async function openSources(
  attempts: readonly Attempt[],
  stores: Stores,
  options: OpenOptions,
): Promise<SecretMap> {
  const encryptionContext = await readContext(options.settings['encryption-context']);
  if (options.host.system.runtime === 'host') stores.http.holdForATurn();
  const opened: Promise<SecretMap>[] = [];
  for (const attempt of attempts) {
    const variables = openSource(attempt, stores, options, encryptionContext);
    opened.push(variables.catch((error: unknown) => giveUp(error, attempt, options.deadline)));
  }
  const maps = await Promise.all(opened);
  return maps.length === 1 ? (maps[0] as SecretMap) : SecretMap.merge(maps);
}

async function readContext(pairs: readonly string[]): Promise<EncryptionContext> {
  if (pairs.length === 0) return {};
  return (await import('../sealing/encryption-context.ts')).parseEncryptionContext(pairs);
}

function giveUp(error: unknown, attempt: Attempt, deadline: Deadline): never {
  const failure = error instanceof EnvsealError ? error.about(attempt.source.uri) : error;
  if (!(failure instanceof EnvsealError)) throw failure;
  // What was given up because of another source has no failure of its own.
  if (error !== deadline.signal.reason || failure.code === 'timeout') {
    attempt.error = failure;
    attempt.attempts ||= failure.attempts;
    if (attempt.requestIds.length === 0) attempt.requestIds = failure.requestIds;
  }
  deadline.abort(failure);
  throw failure;
}

async function openSource(
  attempt: Attempt,
  stores: Stores,
  { settings }: OpenOptions,
  encryptionContext: EncryptionContext,
): Promise<SecretMap> {
  const { source } = attempt;
  let object: FetchedObject;
  try {
    object = await stores.fetch(source);
  } catch (error) {
    if (!source.isOptional || !(error instanceof EnvsealError) || error.code !== 'not_found') throw error;
    attempt.isAbsent = true;
    return new SecretMap();
  }
  const content = await recogniseObject(object, attempt);
  return await openObject(content, object, attempt, {
    // What nothing seals has no key that an alias could lead to.
    pinnedKeys: !isPlain(content) || object.sealing.kind !== 'none' ? await stores.pinnedKeys() : [],
    allowUnsealed: settings['allow-unsealed'],
    clients: stores,
    encryptionContext,
    allowMetadataKey: settings['allow-metadata-key'],
  });
}

/** What the bytes are, for the events too. */
export async function recogniseObject(object: FetchedObject, attempt: Attempt): Promise<Recognised> {
  const { uri, format } = attempt.source;
  attempt.version = object.version ?? null;
  attempt.requestIds = object.requestIds;
  attempt.attempts = object.attempts;
  const { bytes, sealing } = object;
  const content = await recogniseBytes(bytes, { source: uri, format });
  attempt.sealing = isPlain(content) ? sealing.kind : content.kind;
  if (isPlain(content) && sealing.kind !== 'none' && sealing.key !== undefined)
    attempt.kmsKeys = [sealing.key];
  return content;
}

async function recogniseBytes(
  bytes: Uint8Array,
  { source, format }: { readonly source: string; readonly format: Source['format'] },
): Promise<Recognised> {
  const plain = format === undefined ? plainFile(bytes) : undefined;
  if (plain !== undefined) return { kind: 'dotenv', plain };
  const text = format === undefined ? plainText(bytes) : undefined;
  if (text !== undefined) return { kind: 'dotenv', text };
  const { asFormat, recognise } = await import('../sealing/detect.ts');
  return format === undefined ? recognise(bytes, { source }) : asFormat(bytes, format, { source });
}

/** An env file as it stands: only the store can have sealed it. */
export function isPlain(content: Recognised): content is Extract<Recognised, { kind: 'dotenv' | 'json' }> {
  return content.kind === 'dotenv' || content.kind === 'json';
}

export interface OpenObjectOptions extends Omit<OpenSealedOptions, 'source' | 'object'> {
  readonly allowUnsealed: boolean;
}

/** By the policy for its sealing. Throws what `enforcePolicy` and the formats throw. */
export async function openObject(
  content: Recognised,
  object: FetchedObject,
  attempt: Attempt,
  options: OpenObjectOptions,
): Promise<SecretMap> {
  const { source } = attempt;
  const { bytes, sealing } = object;
  if (isPlain(content)) {
    enforcePolicy(source, sealing, options);
    const variables = await openPlainFile(bytes, content, source);
    attempt.variables = variables;
    return variables;
  }
  const { openSealed } = await import('../sealing/open-sealed.ts');
  const { variables, keys } = await openSealed(content, { ...options, source, object });
  attempt.kmsKeys = keys;
  attempt.variables = variables;
  return variables;
}

/** Most files have plain lines alone; the parser is for the others. */
async function openPlainFile(
  bytes: Uint8Array,
  { kind, text, plain }: Extract<Recognised, { kind: 'dotenv' | 'json' }>,
  source: Source,
): Promise<SecretMap> {
  if (plain !== undefined && source.dialect === 'dotenv') return SecretMap.of(plain);
  const { openPlain } = await import('../sealing/open-plain.ts');
  return openPlain(bytes, kind, source, text);
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
        return await (await import('../store/file/get.ts')).fetchFile(source, {
          system: this.#options.host.system,
          deadline: this.#options.deadline,
        });
    }
  }

  /** For the commands that change files. */
  async writable(scheme: Source['scheme']): Promise<EnvStore> {
    switch (scheme) {
      case 's3':
        return await (await this.#awsStores()).writable();
      case 'gs':
        return await (await this.#googleStores()).writable();
      case 'file': {
        const { fileStore } = await import('../store/file/store.ts');
        const { host, deadline } = this.#options;
        return fileStore({ system: host.system, deadline }) as EnvStore;
      }
    }
  }

  /** A key of AWS KMS by its ARN, where an alias is given; every other as it is. */
  async resolveKeys(keys: readonly string[]): Promise<readonly string[]> {
    return hasAlias(keys) ? await (await this.#awsStores()).resolveKeys(keys) : keys;
  }

  /** `--kms-key` with aliases resolved, which takes a request to KMS. */
  async pinnedKeys(): Promise<readonly string[]> {
    return await this.resolveKeys(this.#options.settings['kms-key']);
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
    this.#age ??= import('../keys/age/age.ts').then(
      ({ ageUnwrapper }) => ageUnwrapper(this.#options.host) as Unwrap,
    );
    return this.#age;
  }

  #awsStores(): Promise<AwsStores> {
    this.#aws ??= AwsStores.create(this.#options, this.http);
    return this.#aws;
  }

  #googleStores(): Promise<GoogleStores> {
    this.#google ??= import('../clients/google.ts').then(
      ({ GoogleStores }) => new GoogleStores(this.#options, this.http),
    );
    return this.#google;
  }
}
