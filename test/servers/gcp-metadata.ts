/**
 * The metadata server where a workload on Compute Engine, GKE or Cloud Run finds its identity. `node gcp-metadata.ts`.
 * https://docs.cloud.google.com/compute/docs/metadata/querying-metadata
 */

import { CLOUD_PLATFORM_SCOPE, issueAccessToken, SERVICE_ACCOUNT } from './google/access-tokens.ts';
import { Clock } from './http/clock.ts';
import { type Answer, json, type Received, text } from './http/exchange.ts';
import type { Fault } from './http/faults.ts';
import { announce } from './http/lifecycle.ts';
import { Service } from './http/service.ts';

export interface GcpMetadataSettings {
  /** Whose tokens these are; `email` gives it, too. */
  readonly principal: string;
  /** The scopes of a token that is asked for without any. */
  readonly scopes: readonly string[];
  /** Cloud Run gives a token with the scopes that it was asked for, Compute Engine always one with the instance's. */
  readonly honoursScopes: boolean;
  readonly expiresInSeconds: number;
  /** Without one there is neither email nor token: 404. */
  readonly hasServiceAccount: boolean;
  readonly projectId: string;
  readonly universeDomain: string;
}

const ROOT = '/computeMetadata/v1/';
const FLAVOR = { 'metadata-flavor': 'Google', server: 'Metadata Server for VM' };

const DEFAULTS: GcpMetadataSettings = {
  principal: SERVICE_ACCOUNT,
  scopes: [CLOUD_PLATFORM_SCOPE],
  honoursScopes: true,
  // https://docs.cloud.google.com/docs/authentication/token-types#access-tokens
  expiresInSeconds: 3599,
  hasServiceAccount: true,
  projectId: 'envseal-test',
  universeDomain: 'googleapis.com',
};

const clock = new Clock();
let settings = DEFAULTS;

const service = new Service(clock, {
  subject: ({ path }) => path,
  answer: (request) => flavored(answer(request)),
  refuse: (_, status, code) => flavored(text(status, code)),
});

const common = service.commands(() => {
  settings = DEFAULTS;
});

const commands = {
  ...common,
  configure: (changes: Partial<GcpMetadataSettings>): void => {
    settings = { ...settings, ...changes };
  },
  /**
   * What the next requests get instead, as in the first seconds of a Pod on GKE: a reset connection, unless another
   * fault is given. https://docs.cloud.google.com/kubernetes-engine/docs/how-to/workload-identity#limitations
   */
  late: (requests: number, fault: Fault = { resetBeforeHeaders: true }): void =>
    common.fault({ ...fault, count: requests }),
};

export type GcpMetadataCommands = typeof commands;

function answer({ method, path, query, headers }: Received): Answer {
  // A proxy in between must not get a token.
  if (headers['x-forwarded-for'] !== undefined) return text(403, 'X-Forwarded-For is not allowed.\n');
  if (path === '/') return text(200, '0.1/\ncomputeMetadata/\n');
  if (headers['metadata-flavor'] !== 'Google') return text(403, 'Missing Metadata-Flavor:Google header.\n');
  if (method !== 'GET') return text(405, 'method not allowed\n');
  if (!path.startsWith(ROOT)) return text(404, 'not found\n');
  return lookUp(path.slice(ROOT.length), query);
}

function lookUp(key: string, query: URLSearchParams): Answer {
  const { projectId, universeDomain } = settings;
  switch (key) {
    case 'instance':
    case 'instance/':
      return text(200, 'service-accounts/\nzone\n');
    case 'instance/zone':
      return text(200, 'projects/123456789012/zones/europe-west1-b');
    case 'project/project-id':
      return text(200, projectId);
    case 'project/numeric-project-id':
      return text(200, '123456789012');
    case 'universe/universe-domain':
    case 'universe/universe_domain':
      return text(200, universeDomain);
  }
  const [, account = '', what = ''] = /^instance\/service-accounts\/([^/]+)\/(\w*)$/.exec(key) ?? [];
  return serviceAccount(account, what, query);
}

function serviceAccount(account: string, what: string, query: URLSearchParams): Answer {
  const { hasServiceAccount, principal, scopes } = settings;
  const known = account === 'default' || decodeURIComponent(account) === principal;
  if (!hasServiceAccount || !known) return text(404, 'not found\n');
  switch (what) {
    case '':
      return json(200, { aliases: ['default'], email: principal, scopes });
    case 'email':
      return text(200, principal);
    case 'scopes':
      return text(200, scopes.map((scope) => `${scope}\n`).join(''));
    case 'token':
      return json(200, newToken(query));
    default:
      return text(404, 'not found\n');
  }
}

/** https://docs.cloud.google.com/compute/docs/access/authenticate-workloads#applications */
function newToken(query: URLSearchParams) {
  const { principal, expiresInSeconds, honoursScopes } = settings;
  const asked = honoursScopes ? (query.get('scopes')?.split(',') ?? settings.scopes) : settings.scopes;
  const expiresAt = clock.now() + expiresInSeconds * 1000;
  return {
    access_token: issueAccessToken({ principal, scopes: asked, expiresAt }),
    expires_in: expiresInSeconds,
    token_type: 'Bearer',
  };
}

function flavored({ status, headers, body }: Answer): Answer {
  return { status, headers: { ...FLAVOR, ...headers }, body };
}

await announce({ global: await service.listen('global', false) }, commands);
