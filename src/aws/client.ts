/** One signed request, with the server's time if our clock is wrong. */
import { type Deadline, isEndOf, withDeadline } from '../net/deadline.ts';
import type { Http } from '../net/http.ts';
import type { System } from '../system/system.ts';
import type { CredentialProvider } from './identity.ts';
import type { AwsService, AwsSettings } from './settings.ts';
import { sign, type UnsignedRequest } from './sign.ts';

export interface AwsClientOptions {
  readonly settings: AwsSettings;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly http: Http;
  readonly deadline: Deadline;
  readonly system: System;
  readonly userAgent: string;
  /** Where its credentials are from: the official chain, made for this client, because some are asked for at STS. */
  readonly chain: (client: AwsClient) => CredentialProvider;
  /** Instead of those that the chain finds. */
  readonly credentials?: CredentialProvider;
}

/** A service does not complain about a smaller error. */
const MIN_SKEW_MS = 60_000;

export class AwsClient {
  readonly settings: AwsSettings;
  readonly credentials: CredentialProvider;
  readonly deadline: Deadline;
  readonly system: System;
  readonly http: Http;
  readonly #options: AwsClientOptions;
  readonly #userAgent: string;
  #skewMs = 0;
  readonly #signedAt = new WeakMap<Response, number>();

  constructor(options: AwsClientOptions) {
    const { settings, http, deadline, system } = options;
    this.#options = options;
    this.settings = settings;
    this.deadline = deadline;
    this.system = system;
    this.http = http;
    this.#userAgent = options.userAgent;
    this.credentials = options.credentials ?? options.chain(this);
  }

  /** The same under another identity: a role, or another profile. */
  as(
    changes: Pick<AwsClientOptions, 'credentials'> | Pick<AwsClientOptions, 'settings' | 'variables'>,
  ): AwsClient {
    return new AwsClient({ ...this.#options, ...changes });
  }

  /** The same with a deadline of its own. Credentials that the other's end has kept back are asked for again. */
  until(deadline: Deadline): AwsClient {
    const later = new AwsClient({ ...this.#options, deadline });
    const credentials: CredentialProvider = () =>
      this.credentials().catch((error: unknown) => {
        if (!isEndOf(this.deadline, error)) throw error;
        return later.credentials();
      });
    const client = new AwsClient({ ...this.#options, deadline, credentials });
    client.#skewMs = this.#skewMs;
    return client;
  }

  get variables(): AwsClientOptions['variables'] {
    return this.#options.variables;
  }

  async send(request: UnsignedRequest, service: AwsService, region: string): Promise<Response> {
    const credentials = await withDeadline(this.credentials(), this.deadline);
    const now = Date.now() + this.#skewMs;
    const headers = sign(request, { service, region, credentials, now }, this.system);
    const response = await this.sendUnsigned({ ...request, headers });
    this.#signedAt.set(response, now);
    return response;
  }

  /** For a request whose content is its own proof of identity. */
  async sendUnsigned(request: UnsignedRequest): Promise<Response> {
    const headers = { ...request.headers, 'user-agent': this.#userAgent };
    return await this.http.exchange({ ...request, headers }, this.deadline.signal, this.settings.caFile);
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
    this.http.refuseInsecure(url);
  }
}
