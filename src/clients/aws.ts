/** Shared state of the sources on AWS: one client, one set of credentials, the pinned keys. */
import { AwsClient } from '../aws/client.ts';
import { credentialChain } from '../aws/credentials/credentials.ts';
import { haveProfiles } from '../aws/credentials/profile-files.ts';
import { NO_PROFILES, settingsOf } from '../aws/settings.ts';
import { hasAlias, isAlias, regionOfKey, regionOfKeys } from '../keys/aws-key-name.ts';
import type { Http } from '../net/http.ts';
import type { S3Source } from '../source-uri.ts';
import type { EnvStore } from '../store/contract.ts';
import type { FetchedObject } from '../store/object.ts';
import { fetchS3, type S3Options } from '../store/s3/get.ts';
import { VERSION } from '../version.ts';
import type { ClientOptions } from './options.ts';

export class AwsStores {
  readonly #options: S3Options;
  readonly #resolved = new Map<string, Promise<string>>();
  #writable: Promise<EnvStore> | undefined;

  static async create({ host, settings, deadline }: ClientOptions, http: Http): Promise<AwsStores> {
    const { system, variables } = host;
    const awsSettings = haveProfiles(variables, system)
      ? (await import('../aws/read-settings.ts')).readAwsSettings(variables, system)
      : settingsOf(variables, NO_PROFILES);
    const userAgent = `envseal/${VERSION}`;
    const client = new AwsClient({
      settings: awsSettings,
      variables,
      http,
      deadline,
      system,
      userAgent,
      chain: credentialChain,
    });
    const keys = settings['kms-key'];
    const stores = new AwsStores({
      client,
      addressingStyle: settings['s3-addressing-style'] as S3Options['addressingStyle'],
      likelyRegion: regionOfKeys(keys),
    });
    // Aliases are resolved while the files are fetched; a failure is met when the keys are needed.
    if (hasAlias(keys)) stores.resolveKeys(keys).catch(() => {});
    return stores;
  }

  private constructor(options: S3Options) {
    this.#options = options;
  }

  get client(): AwsClient {
    return this.#options.client;
  }

  fetch(source: S3Source): Promise<FetchedObject> {
    return fetchS3(source, this.#options);
  }

  /** One for all files: it knows what it learned of each bucket. */
  writable(): Promise<EnvStore> {
    this.#writable ??= import('../store/s3/store.ts').then(
      ({ s3Store }) => s3Store(this.client, this.#options) as EnvStore,
    );
    return this.#writable;
  }

  /** Each alias is asked for once. */
  async resolveKeys(keys: readonly string[]): Promise<readonly string[]> {
    return await Promise.all(
      keys.map((key) => {
        const resolved = this.#resolved.get(key) ?? this.#resolveKey(key);
        this.#resolved.set(key, resolved);
        return resolved;
      }),
    );
  }

  async #resolveKey(key: string): Promise<string> {
    if (!isAlias(key)) return key;
    const { client, likelyRegion } = this.#options;
    const { resolveAlias } = await import('../aws/kms-alias.ts');
    return await resolveAlias(
      key,
      regionOfKey(key) ?? client.settings.region ?? likelyRegion ?? 'us-east-1',
      client,
    );
  }
}
