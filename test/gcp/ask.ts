/** Asks the chain for a token over real sockets, and watches over what its errors say. */
import { expect } from 'vitest';
import { EnvsealError } from '../../src/errors.ts';
import { tokenChain } from '../../src/gcp/credentials/chain.ts';
import type { GoogleToken } from '../../src/gcp/credentials/token.ts';
import { Deadline } from '../../src/net/deadline.ts';
import { Http } from '../../src/net/http.ts';
import { nodeSystem } from '../../src/system/node/system.ts';
import type { System } from '../../src/system/system.ts';
import { verifyAccessToken } from '../servers/google/access-tokens.ts';
import { CLIENT_SECRET, REFRESH_TOKEN } from '../servers/google/credential-files.ts';
import { serviceAccountKey } from '../servers/google/jwt.ts';

export type Variables = Readonly<Record<string, string>>;

export interface Asking {
  readonly seconds?: number;
  /** What the firmware calls the machine. */
  readonly product?: string;
}

/** Nothing listens there. */
export const CLOSED = '127.0.0.1:1';

const PRIVATE_KEY = String(serviceAccountKey.export({ type: 'pkcs8', format: 'pem' })).split('\n')[5] ?? '';
/** In a file or a variable of a test that fails. */
export const CANARY = 'xQ7Zj0Kw9Vb3Gy';

export async function getToken(
  variables: Variables,
  { seconds = 30, product = 'Standard PC' }: Asking = {},
): Promise<GoogleToken> {
  const system: System = {
    ...nodeSystem,
    readFile: (path, limit) =>
      path === '/sys/class/dmi/id/product_name'
        ? Buffer.from(`${product}\n`)
        : nodeSystem.readFile(path, limit),
  };
  const http = new Http({ system, variables, allowInsecureEndpoint: false });
  const deadline = new Deadline(seconds);
  const sources = { variables: { HOME: '/nonexistent', ...variables }, http, deadline, system };
  return await tokenChain(sources)().finally(() => deadline.clear());
}

/** Whose token it is in truth, and what the chain says of it. */
export async function ask(variables: Variables, asking?: Asking) {
  const { token, origin, principal } = await getToken(variables, asking);
  const issued = verifyAccessToken(token.reveal(), Date.now());
  return { origin, principal, of: issued?.principal, scopes: issued?.scopes };
}

/** The error, which holds no secret. */
export async function failure(variables: Variables, asking?: Asking) {
  const error = await getToken(variables, asking).then(
    () => expect.unreachable('there is a token'),
    (error: unknown) => error,
  );
  if (!(error instanceof EnvsealError)) throw error;
  const { code, message, hint = '', retryable } = error;
  for (const secret of [PRIVATE_KEY, CLIENT_SECRET, REFRESH_TOKEN, CANARY, 'ya29.', 'eyJ'])
    expect(message + hint).not.toContain(secret);
  expect(message).not.toMatch(/^(?!Google |AWS )[A-Z][a-z]+ |\.$|\n/);
  expect(hint).not.toBe('');
  expect(retryable).toBe(false);
  return { code, message, hint };
}
