/**
 * Our access token for Google Cloud. The order is that of gcloud and of Application Default Credentials; each
 * row is loaded when it is its turn, and a token in the environment needs nothing.
 */
import { EnvsealError } from '../../errors.ts';
import { Secret } from '../../secret.ts';
import { toByteString } from '../../system/bytes.ts';
import type { GoogleVariables } from '../endpoint.ts';
import {
  type FoundToken,
  type GoogleToken,
  isToken,
  type TokenProvider,
  type TokenSources,
} from './token.ts';

interface SourceRow {
  readonly origin: string;
  applies(sources: TokenSources): boolean;
  /** Throws EnvsealError. */
  load(sources: TokenSources): Promise<FoundToken>;
}

const SOURCES: readonly SourceRow[] = [
  fromVariable('GOOGLE_OAUTH_ACCESS_TOKEN'),
  fromVariable('CLOUDSDK_AUTH_ACCESS_TOKEN'),
  {
    origin: 'access token file',
    applies: ({ variables }) => !!variables.CLOUDSDK_AUTH_ACCESS_TOKEN_FILE,
    async load({ variables, system }) {
      const { readFileOf } = await import('./file.ts');
      const name = 'CLOUDSDK_AUTH_ACCESS_TOKEN_FILE';
      const text = readFileOf(name, variables[name] as string, system).trim();
      return { text: checkToken(text, `the content of ${name}`), principal: undefined };
    },
  },
  fromFile('credential file', 'GOOGLE_APPLICATION_CREDENTIALS'),
  // What SOPS and Terraform read: https://github.com/getsops/sops/blob/main/gcpkms/keysource.go
  fromFile('credential file', 'GOOGLE_CREDENTIALS'),
  {
    origin: 'gcloud login',
    applies: ({ variables, system }) => system.isReadable(toByteString(loginFile(variables))),
    async load(sources) {
      const { readCredentialFile } = await import('./file.ts');
      const { tokenFor } = await import('./tokens/token-for.ts');
      const path = loginFile(sources.variables);
      return await tokenFor(readCredentialFile('gcloud', path, sources.system), sources);
    },
  },
  {
    origin: 'metadata server',
    applies: () => true,
    async load(sources) {
      const { fromMetadata } = await import('./metadata.ts');
      return { text: await fromMetadata(sources), principal: undefined };
    },
  },
];

function fromVariable(name: string): SourceRow {
  return {
    origin: 'environment',
    applies: ({ variables }) => !!variables[name],
    load: async ({ variables }) => ({
      text: checkToken(variables[name] as string, name),
      principal: undefined,
    }),
  };
}

function fromFile(origin: string, name: string): SourceRow {
  return {
    origin,
    applies: ({ variables }) => !!variables[name],
    async load(sources) {
      const { findCredentialFile } = await import('./file.ts');
      const { tokenFor } = await import('./tokens/token-for.ts');
      return await tokenFor(findCredentialFile(name, sources), sources);
    },
  };
}

/** https://docs.cloud.google.com/docs/authentication/application-default-credentials#personal */
function loginFile({ CLOUDSDK_CONFIG, HOME }: GoogleVariables): string {
  return `${CLOUDSDK_CONFIG || `${HOME ?? ''}/.config/gcloud`}/application_default_credentials.json`;
}

/** Asks once; later calls share the answer. */
export function tokenChain(sources: TokenSources): TokenProvider {
  let answer: Promise<GoogleToken> | undefined;
  return () => {
    answer ??= ask(sources).catch((error: unknown) => {
      // Each row has tried again as often as makes sense.
      throw error instanceof EnvsealError ? error.final() : error;
    });
    return answer;
  };
}

async function ask(sources: TokenSources): Promise<GoogleToken> {
  const row = SOURCES.find(({ applies }) => applies(sources)) as SourceRow;
  const found = await row.load(sources);
  const chain = sources.variables.CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT;
  if (!chain) return toToken(found, row.origin);
  const { impersonateChain } = await import('./impersonation.ts');
  return toToken(await impersonateChain(chain, found, sources), `${row.origin}, impersonating`);
}

function toToken({ text, principal }: FoundToken, origin: string): GoogleToken {
  return { token: new Secret(text), origin, principal };
}

function checkToken(text: string, what: string): string {
  if (isToken(text)) return text;
  throw new EnvsealError(
    'credentials',
    `${what} is not a valid access token: expected one line of visible ASCII`,
    {
      hint: 'set it to what gcloud auth print-access-token prints',
    },
  );
}
