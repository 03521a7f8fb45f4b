/** When a body counts, over raw sockets. */
import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { readBody } from '../../src/net/http.ts';
import { nodeSystem } from '../../src/system/node/system.ts';

let server: Server | undefined;
afterEach(() => server?.close());

/** An answer of a server that then ends the connection. */
async function answer(text: string, method = 'GET'): Promise<Response> {
  const raw = createServer((socket) => socket.once('data', () => socket.end(text)));
  server = raw;
  await new Promise<void>((resolve) => raw.listen(0, '127.0.0.1', resolve));
  const { port } = raw.address() as { port: number };
  const signal = new AbortController().signal;
  const options = { method, headers: {}, signal, proxy: undefined, ca: undefined };
  return await nodeSystem.fetch(`http://127.0.0.1:${port}/`, options);
}

async function read(response: Response, isVerified = false): Promise<string> {
  const { signal } = new AbortController();
  return Buffer.from(await readBody(response, 100, signal, () => isVerified)).toString();
}

const LENGTH = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody';
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n';
const CLOSE = 'HTTP/1.1 200 OK\r\n\r\nbody';

describe('a body', () => {
  test.for<[string, string, string]>([
    ['a length', LENGTH, 'length'],
    ['a last chunk', CHUNKED, 'chunked'],
  ])('counts with %s', async ([, text, endedBy]) => {
    const response = await answer(text);
    expect(response).toMatchObject({ endedBy });
    expect(await read(response)).toBe('body');
  });

  test('that ends with the connection counts only for who verifies a checksum', async () => {
    const response = await answer(CLOSE);
    expect(response).toMatchObject({ endedBy: 'close' });
    expect(await read(response, true)).toBe('body');
    await expect(answer(CLOSE).then((again) => read(again))).rejects.toMatchObject({
      code: 'corrupt',
      message: 'the source came without a length, chunks or a checksum',
    });
  });

  test.for([LENGTH.slice(0, -1), CHUNKED.slice(0, -1), CHUNKED.slice(0, -5), CHUNKED.slice(0, -9)])(
    'that is cut is corrupt: %j',
    async (text) => {
      for (const isVerified of [false, true]) {
        const response = await answer(text);
        await expect(read(response, isVerified)).rejects.toMatchObject({ code: 'corrupt' });
      }
    },
  );

  test.for([
    'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nbody',
  ])('of two lengths is refused: %j', async (text) => {
    await expect(answer(text)).rejects.toMatchObject({ code: expect.stringMatching(/^HPE_/) });
  });

  test.for(['HTTP/1.1 204 No Content\r\n\r\n', 'HTTP/1.1 304 Not Modified\r\n\r\n'])(
    'is not expected: %j',
    async (text) => {
      const response = await answer(text);
      expect(response).toMatchObject({ endedBy: 'length' });
      expect(await read(response)).toBe('');
    },
  );

  test('is not expected of HEAD', async () => {
    const response = await answer('HTTP/1.1 200 OK\r\n\r\n', 'HEAD');
    expect(response).toMatchObject({ endedBy: 'length' });
    expect(await read(response)).toBe('');
  });
});
