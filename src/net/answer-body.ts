import { EnvsealError } from '../errors.ts';
import { readBody } from './http.ts';

/** The body of an answer that is small: one that ends early is a failure of the network, and can be asked for again. */
export async function readAnswerBody(
  response: Response,
  limit: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  return await readBody(response, limit, signal).catch((error: unknown) => {
    if (!(error instanceof EnvsealError) || error.code !== 'corrupt') throw error;
    throw new EnvsealError(
      'unreachable',
      `the answer of ${new URL(response.url || 'http://it').host} was cut short`,
      {
        hint: 'retried with backoff; look for a proxy or gateway that breaks the connection',
        cause: error,
        retryable: true,
      },
    );
  });
}
