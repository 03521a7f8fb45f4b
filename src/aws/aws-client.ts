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

/** A clock that is less wrong is not what a service complains of. */
const MIN_SKEW_MS = 60_000;

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
  readonly #signedAt = new WeakMap<Response, number>();

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
      settings,
      transport: this.transport,
      http,
      deadline,
      system,
      caFile: settings.caFile,
    });
  }

  async send(request: UnsignedRequest, service: 's3' | 'kms', region: string): Promise<Response> {
    const credentials = await withDeadline(this.credentials(), this.deadline);
    const now = Date.now() + this.#skewMs;
    const headers = sign(request, { service, region, credentials, now }, this.system);
    headers['user-agent'] = this.#userAgent;
    const { signal } = this.deadline;
    const response = await this.#http.exchange({ ...request, headers }, signal, this.settings.caFile);
    this.#signedAt.set(response, now);
    return response;
  }

  /**
   * Takes the server's clock from an answer's `Date`. `false` where its request was signed with the right time, within
   * a minute; what was on its way while another answer corrected the clock was not.
   */
  correctClock(response: Response): boolean {
    const date = Date.parse(response.headers.get('date') ?? '');
    const signedAt = this.#signedAt.get(response) ?? Number.NaN;
    if (!(Math.abs(date - signedAt) >= MIN_SKEW_MS)) return false;
    this.#skewMs = date - Date.now();
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
