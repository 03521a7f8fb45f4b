/** What is asked of the host's network, and what is made of its events. The host itself is tested in `host/`. */
import { beforeEach, describe, expect, test } from 'vitest';
import { HttpClient } from '../../../src/platform/http/client.ts';
import { NetEvents } from '../../../src/platform/http/net-events.ts';
import { Sockets } from '../../../src/platform/http/sockets.ts';
import type { NetNatives, NetRequest, NetTarget } from '../../../src/platform/natives.ts';
import type { FetchOptions } from '../../../src/system/system.ts';

class FakeHost implements NetNatives {
  readonly requests: NetRequest[] = [];
  readonly bundles: string[] = [];
  readonly targets: NetTarget[] = [];
  readonly cancelled: number[] = [];
  readonly used: number[] = [];
  loadCertificates(pem: string): number {
    return this.bundles.push(pem);
  }
  startExchange(request: NetRequest): number {
    return this.requests.push(request);
  }
  startStream(target: NetTarget): number {
    return this.targets.push(target);
  }
  startDatagrams(host: string, port: number): number {
    return this.targets.push({ host, port, isSecure: false, trust: 0 });
  }
  makeRoom(_: number, bytes: number): void {
    this.used.push(bytes);
  }
  cancelNet(number: number): void {
    this.cancelled.push(number);
  }
}

let host: FakeHost;
let events: NetEvents;
let client: HttpClient;
let controller: AbortController;

beforeEach(() => {
  host = new FakeHost();
  events = new NetEvents();
  client = new HttpClient(host, events);
  controller = new AbortController();
});

function fetch(url: string, more: Partial<FetchOptions> = {}): Promise<Response> {
  const { signal } = controller;
  return client.fetch(url, { method: 'GET', headers: {}, signal, proxy: undefined, ca: undefined, ...more });
}

const bytes = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text));

describe('a request', () => {
  test.for<[string, Partial<NetRequest>]>([
    [
      'http://snacks.test/a/b?c=d#e',
      { isSecure: false, host: 'snacks.test', port: 80, authority: 'snacks.test', target: '/a/b?c=d' },
    ],
    ['https://snacks.test', { isSecure: true, host: 'snacks.test', port: 443, target: '/' }],
    ['https://[::1]:8443/', { host: '::1', port: 8443, authority: '[::1]:8443' }],
  ])('to %s', ([url, expected]) => {
    fetch(url);
    expect(host.requests[0]).toMatchObject(expected);
  });

  test('has its headers, its body and no proxy', () => {
    fetch('http://a.test/', { method: 'PUT', headers: { A: '1', b: '2' }, body: 'é' });
    const expected = { method: 'PUT', headers: ['A', '1', 'b', '2'], trust: 0, proxy: undefined };
    expect(host.requests[0]).toMatchObject(expected);
    expect(Buffer.from(host.requests[0]?.body ?? []).toString()).toBe('é');
  });

  test.for<[string, NetRequest['proxy']]>([
    ['http://proxy.test:3128', { isSecure: false, host: 'proxy.test', port: 3128 }],
    ['https://proxy.test', { isSecure: true, host: 'proxy.test', port: 443 }],
    [
      'http://user:p%40ss%3A%C3%A9@proxy.test',
      {
        isSecure: false,
        host: 'proxy.test',
        port: 80,
        authorization: `Basic ${Buffer.from('user:p@ss:é').toString('base64')}`,
      },
    ],
    [
      'http://user:100%@proxy.test',
      {
        isSecure: false,
        host: 'proxy.test',
        port: 80,
        authorization: `Basic ${Buffer.from('user:100%').toString('base64')}`,
      },
    ],
  ])('through %s', ([proxy, expected]) => {
    fetch('http://a.test/', { proxy });
    expect(host.requests[0]?.proxy).toEqual(expected);
  });

  test('loads each bundle of certificates once', () => {
    for (const ca of ['one', 'two', 'one', undefined]) fetch('https://a.test/', { ca });
    expect(host.requests.map(({ trust }) => trust)).toEqual([1, 2, 1, 0]);
    expect(host.bundles).toEqual(['one', 'two']);
  });

  test('that is aborted is not sent, or cancelled', async () => {
    const reason = new Error('over');
    const sent = fetch('http://a.test/');
    controller.abort(reason);
    await expect(sent).rejects.toBe(reason);
    expect(host.cancelled).toEqual([1]);
    await expect(fetch('http://a.test/')).rejects.toBe(reason);
    expect(host.requests).toHaveLength(1);
  });

  test('that fails has the code and a proxy’s status', async () => {
    const sent = fetch('http://a.test/');
    events.receive([1, 'failure', 'ERR_PROXY_TUNNEL', 407]);
    await expect(sent).rejects.toMatchObject({ code: 'ERR_PROXY_TUNNEL', status: 407 });
    controller.abort();
    expect(host.cancelled).toEqual([]);
  });
});

describe('an answer', () => {
  test('has its head before its body', async () => {
    const sent = fetch('http://a.test/b');
    events.receive([1, 'head', 404, ['a', '1', 'a', '2', 'b', '\xff'], 'chunked']);
    const response = await sent;
    expect(response).toMatchObject({ status: 404, ok: false, url: 'http://a.test/b', endedBy: 'chunked' });
    expect([response.headers.get('A'), response.headers.get('b')]).toEqual(['1, 2', '\xff']);
    const text = response.text();
    events.receive([1, 'data', bytes('bo')]);
    await Promise.resolve();
    events.receive([1, 'data', bytes('dy')]);
    events.receive([1, 'end']);
    expect(await text).toBe('body');
    await expect(response.text()).rejects.toThrow(TypeError);
    expect(host.cancelled).toEqual([]);
  });

  test('that came at once is read later', async () => {
    const sent = fetch('http://a.test/b');
    events.receive([1, 'head', 200, [], 'length']);
    events.receive([1, 'data', bytes('{"a":')]);
    events.receive([1, 'data', bytes('1}')]);
    events.receive([1, 'end']);
    expect(await (await sent).json()).toEqual({ a: 1 });
  });

  test('that fails gives what came before, then the failure', async () => {
    const sent = fetch('http://a.test/b');
    events.receive([1, 'head', 200, [], 'length']);
    events.receive([1, 'data', bytes('bo')]);
    events.receive([1, 'failure', 'ECONNRESET', undefined]);
    const chunks: string[] = [];
    const { body } = await sent;
    const all = (async () => {
      for await (const chunk of body ?? []) chunks.push(Buffer.from(chunk).toString());
    })();
    await expect(all).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(chunks).toEqual(['bo']);
  });

  test('that is aborted while it is read fails with the reason, and closes the wire', async () => {
    const sent = fetch('http://a.test/b');
    events.receive([1, 'head', 200, [], 'length']);
    const text = (await sent).text();
    const reason = new Error('over');
    controller.abort(reason);
    await expect(text).rejects.toBe(reason);
    expect(host.cancelled).toEqual([1]);
  });

  test('that is not wanted any more closes the wire, once', async () => {
    const sent = fetch('http://a.test/b');
    events.receive([1, 'head', 200, [], 'length']);
    const response = await sent;
    await response.body?.cancel();
    await response.body?.cancel();
    controller.abort();
    expect(host.cancelled).toEqual([1]);
  });

  test('makes room by what was taken alone', async () => {
    const sent = fetch('http://a.test/b');
    events.receive([1, 'head', 200, [], 'length']);
    const response = await sent;
    events.receive([1, 'data', bytes('body')]);
    expect(host.used).toEqual([]);
    const iterator = (response.body as unknown as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    await iterator.next();
    expect(host.used).toEqual([4]);
    await iterator.return?.();
    expect(host.cancelled).toEqual([1]);
  });

  test.for<[string, number]>([
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 304],
  ])('to %s with %i has no body', async ([method, status]) => {
    const sent = fetch('http://a.test/b', { method });
    events.receive([1, 'head', status, [], 'length']);
    events.receive([1, 'end']);
    expect((await sent).body).toBeNull();
    expect((await (await sent).arrayBuffer()).byteLength).toBe(0);
  });
});

describe('what is sent without a request', () => {
  const sockets = () => new Sockets(host, events, (ca) => client.trustOf(ca));

  test('goes to a host, over TLS where there may be certificates, or to a path', async () => {
    const { signal } = controller;
    const targets = [
      { host: 'a', port: 1 },
      { host: 'a', port: 1, ca: undefined },
      { host: 'a', port: 1, ca: 'pem' },
      { path: '/dev/log' },
    ];
    const sent = targets.map((target) => sockets().sendStream(target, bytes('x'), signal));
    expect(host.targets).toEqual([
      { host: 'a', port: 1, isSecure: false, trust: 0 },
      { host: 'a', port: 1, isSecure: true, trust: 0 },
      { host: 'a', port: 1, isSecure: true, trust: 1 },
      { path: '/dev/log' },
    ]);
    for (const number of [1, 2, 3, 4]) events.receive([number, 'end']);
    await Promise.all(sent);
  });

  test('fails with a code, or the reason of an abort', async () => {
    const { signal } = controller;
    const failed = sockets().sendStream({ path: '/a' }, bytes('x'), signal);
    events.receive([1, 'failure', 'ENOENT', undefined]);
    await expect(failed).rejects.toMatchObject({ code: 'ENOENT' });
    const aborted = sockets().sendStream({ path: '/a' }, bytes('x'), signal);
    const reason = new Error('over');
    controller.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    expect(host.cancelled).toEqual([2]);
    const datagrams = sockets().sendUdp('a', 1, [bytes('x')]);
    events.receive([3, 'failure', 'ENOTFOUND', undefined]);
    await expect(datagrams).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });
});
