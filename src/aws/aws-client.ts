/** Sends one signed request, with the server's clock where ours is wrong. */
import type { Deadline } from '../net/deadline.ts';
import type { Http } from '../net/http.ts';
import type { System } from '../system/system.ts';
import type { AwsSettings } from './aws-settings.ts';
import { type CredentialProvider, credentialChain } from './credentials.ts';
import { SdkTransport } from './sdk-transport.ts';
import { sign, type UnsignedRequest } from './sign.ts';

export interface AwsClientOptions {
  readonly settings: AwsSettings;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly http: Http;
  readonly deadline: Deadline;
  readonly system: System;
  readonly userAgent: string;
}

export class AwsClient {
  readonly settings: AwsSettings;
  readonly credentials: CredentialProvider;
  readonly deadline: Deadline;
  /** For the official SDK's clients. */
  readonly transport: SdkTransport;
  readonly system: System;
  readonly #http: Http;
  readonly #userAgent: string;
  #skewMs = 0;

  constructor(options: AwsClientOptions) {
    const { settings, variables, http, deadline, system } = options;
    this.settings = settings;
    this.deadline = deadline;
    this.system = system;
    this.#http = http;
    this.#userAgent = options.userAgent;
    this.transport = new SdkTransport(http, deadline.signal, settings.caFile);
    this.credentials = credentialChain({
      variables,
      hasProfiles: settings.hasProfiles,
      region: settings.region,
      transport: this.transport,
      system,
    });
  }

  async send(request: UnsignedRequest, service: 's3' | 'kms', region: string): Promise<Response> {
    const credentials = await withDeadline(this.credentials(), this.deadline);
    const now = Date.now() + this.#skewMs;
    const headers = sign(request, { service, region, credentials, now }, this.system);
    headers['user-agent'] = this.#userAgent;
    return await this.#http.exchange({ ...request, headers }, this.deadline.signal, this.settings.caFile);
  }

  /** Takes the server's clock from an answer's `Date`. `false` where ours was right already, within a minute. */
  correctClock(response: Response): boolean {
    const date = Date.parse(response.headers.get('date') ?? '');
    if (Number.isNaN(date)) return false;
    const skew = date - Date.now();
    if (Math.abs(skew - this.#skewMs) < 60_000) return false;
    this.#skewMs = skew;
    return true;
  }

  /** Throws `configuration` for a plain http: endpoint that is not allowed. */
  refuseInsecure(url: URL): void {
    this.#http.refuseInsecure(url);
  }
}

/** The providers have no signal, so what they do after the deadline is left behind. */
function withDeadline<T>(promise: Promise<T>, { signal }: Deadline): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
