/** Everything that talks to a cloud or a disk, made when the first source needs it. */

import type { AwsClient } from '../aws/client.ts';
import type { GoogleClient } from '../gcp/client.ts';
import { hasAlias } from '../keys/aws-key-name.ts';
import type { KeyClients } from '../keys/kinds.ts';
import { Http } from '../net/http.ts';
import type { Source } from '../source-uri.ts';
import type { EnvStore } from '../store/contract.ts';
import type { FetchedObject } from '../store/object.ts';
import { AwsStores } from './aws.ts';
import type { GoogleStores } from './google.ts';
import type { ClientOptions } from './options.ts';

/** Stores by scheme, and what opens keys, each made when its first source needs it. */
export class Stores implements KeyClients {
  readonly #options: ClientOptions;
  readonly http: Http;
  #aws: Promise<AwsStores> | undefined;
  #google: Promise<GoogleStores> | undefined;
  #age: ReturnType<KeyClients['age']> | undefined;

  constructor(options: ClientOptions) {
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

  /** The clients that were used, for what they know already. */
  async known(): Promise<{ readonly aws?: AwsClient; readonly google?: GoogleClient }> {
    const [aws, google] = await Promise.all([this.#aws, this.#google]);
    return { ...(aws && { aws: aws.client }), ...(google && { google: google.client }) };
  }

  age(): ReturnType<KeyClients['age']> {
    this.#age ??= import('../keys/age/age.ts').then(({ ageUnwrapper }) => ageUnwrapper(this.#options.host));
    return this.#age;
  }

  #awsStores(): Promise<AwsStores> {
    this.#aws ??= AwsStores.create(this.#options, this.http);
    return this.#aws;
  }

  #googleStores(): Promise<GoogleStores> {
    this.#google ??= import('./google.ts').then(
      ({ GoogleStores }) => new GoogleStores(this.#options, this.http),
    );
    return this.#google;
  }
}
