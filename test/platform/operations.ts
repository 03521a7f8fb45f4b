/**
 * What the platform's tests do, in terms of globals alone: Node does it with its own, the host with ours, and both must
 * come to the same. Each operation takes and gives JSON; an error is its name.
 */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
export type Operation = (...given: never[]) => Json | Promise<Json>;

const bytesOf = (hex: string) =>
  Uint8Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
const hexOf = (bytes: ArrayBuffer | Uint8Array) =>
  Array.from(new Uint8Array(bytes as ArrayBuffer), (byte) => byte.toString(16).padStart(2, '0')).join('');

export const URL_PARTS = [
  'href',
  'origin',
  'protocol',
  'username',
  'password',
  'host',
  'hostname',
  'port',
  'pathname',
  'search',
  'hash',
] as const;

function partsOf(url: URL): Json {
  return [...URL_PARTS.map((part) => url[part]), [...url.searchParams].flat()];
}

type KeySpec = { format: string; hex: string; algorithm: Json; usages: KeyUsage[] };
const importKey = ({ format, hex, algorithm, usages }: KeySpec) =>
  crypto.subtle.importKey(
    format as 'raw',
    bytesOf(hex),
    algorithm as unknown as AlgorithmIdentifier,
    false,
    usages,
  );

/** Values that are written `{ "hex": "…" }` become bytes. */
function revive(value: Json): unknown {
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value as Record<string, Json>);
  if (entries[0]?.[0] === 'hex') return bytesOf(entries[0][1] as string);
  return Object.fromEntries(entries.map(([name, inner]) => [name, revive(inner)]));
}

export const OPERATIONS: Readonly<Record<string, Operation>> = {
  encode: (text: string) => hexOf(new TextEncoder().encode(text)),
  decode: (hex: string, options: TextDecoderOptions) =>
    new TextDecoder('utf-8', options).decode(bytesOf(hex)),
  decoderFor: (label: string) => new TextDecoder(label).encoding,
  bufferFrom: (text: string, encoding: BufferEncoding) => hexOf(Buffer.from(text, encoding)),
  bufferToString: (hex: string, encoding: BufferEncoding) => Buffer.from(bytesOf(hex)).toString(encoding),
  buffers(first: string, second: string) {
    const [a, b] = [Buffer.from(bytesOf(first)), Buffer.from(bytesOf(second))];
    const all = Buffer.concat([a, b]);
    const part = all.subarray(1, -1);
    const number = Buffer.alloc(6);
    const end = number.writeUInt32BE(a.length * 0x1000193, 1);
    return [
      hexOf(all),
      Buffer.isBuffer(part),
      hexOf(part),
      Buffer.compare(a, b),
      a.equals(b),
      a.equals(Buffer.from(a)),
      JSON.stringify(a),
      hexOf(number),
      end,
      [number.readUInt32BE(1), number.readUInt32LE(2)],
      [all.indexOf(0), all.includes(97), all.lastIndexOf(97)],
      [Buffer.byteLength(a), Buffer.byteLength(first), `${a}`],
    ];
  },
  url: (text: string, base?: string) => partsOf(base === undefined ? new URL(text) : new URL(text, base)),
  canParse: (text: string, base?: string) => URL.canParse(text, base),
  changeUrl(text: string, part: (typeof URL_PARTS)[1], value: string) {
    const url = new URL(text);
    // The old list has to follow.
    const { searchParams } = url;
    (url as unknown as Record<string, string>)[part] = value;
    return [partsOf(url), `${searchParams}`];
  },
  params(init: string, changes: [string, ...string[]][]) {
    const params = new URLSearchParams(init);
    const url = new URL('http://h/?x=1#y');
    url.search = init;
    const seen: Json[] = [];
    for (const [name, ...given] of changes) {
      for (const one of [params, url.searchParams]) {
        const method = (one as unknown as Record<string, (...given: string[]) => Json>)[name];
        seen.push(method?.apply(one, given) ?? null);
      }
    }
    const all = [...params.keys()].map((key, i) => [key, [...params.values()][i] as string]);
    return [seen, all, params.size, `${params}`, url.href, [...new URLSearchParams(all)].flat()];
  },
  headers(changes: [string, ...string[]][]) {
    const headers = new Headers();
    const seen: Json[] = [];
    for (const [name, ...given] of changes) {
      try {
        const method = (headers as unknown as Record<string, (...given: string[]) => Json>)[name];
        seen.push(method?.apply(headers, given) ?? null);
      } catch (error) {
        seen.push((error as Error).name);
      }
    }
    const copy = new Headers(headers);
    return [seen, [...headers].flat(), [...copy.keys()], [...new Headers([...headers.entries()]).values()]];
  },
  headersOf: (init: Json) => [...new Headers(init as Record<string, string>)].flat(),
  exception(name: string, message: string) {
    const error = new DOMException(message, name);
    return [error.name, error.message, error.code, error instanceof Error, `${error}`];
  },
  /** `steps`: which signal is aborted, and in which order listeners hear of it. */
  abort(sources: number, groups: number[][], aborts: [number, string | null][]) {
    const controllers = Array.from({ length: sources }, () => new AbortController());
    const signals = controllers.map(({ signal }) => signal);
    for (const group of groups)
      signals.push(AbortSignal.any(group.map((at) => signals[at % signals.length] as AbortSignal)));
    const heard: Json[] = [];
    signals.forEach((signal, at) => {
      signal.addEventListener('abort', (event) => {
        heard.push([at, event.type, event.target === signal, signals.map(({ aborted }) => aborted)]);
      });
    });
    for (const [at, reason] of aborts) controllers[at % sources]?.abort(reason ?? undefined);
    const reasons = signals.map(
      ({ reason }) => (reason instanceof Error ? reason.name : (reason ?? null)) as Json,
    );
    return [heard, reasons];
  },
  events(steps: [string, number, boolean][]) {
    const target = new EventTarget();
    const heard: Json[] = [];
    const listeners = [0, 1, 2, 3].map((at) => (event: Event) => {
      heard.push(at);
      if (at === 1) event.stopImmediatePropagation();
      if (at === 2) event.preventDefault();
      if (at === 3) target.removeEventListener('a', listeners[0] as () => void);
    });
    for (const [step, at, flag] of steps) {
      const listener = listeners[at] as () => void;
      if (step === 'add') target.addEventListener('a', listener, { once: flag });
      else if (step === 'remove') target.removeEventListener('a', listener, flag);
      else heard.push(target.dispatchEvent(new Event('a', { cancelable: flag })));
    }
    return heard;
  },
  /** Timers of the same delay, some of them cleared, and what each leaves for later. */
  async timers(count: number, cleared: number[]) {
    const heard: Json[] = [];
    const timers = Array.from({ length: count }, (_, at) =>
      setTimeout(
        (word: string) => {
          heard.push([at, word]);
          queueMicrotask(() => heard.push([at, 'microtask']));
        },
        1,
        'timer',
      ),
    );
    for (const at of cleared) clearTimeout(timers[at % count]);
    await new Promise((resolve) => setTimeout(resolve, 1));
    return heard;
  },
  async immediates() {
    const heard: Json[] = [];
    await new Promise<void>((resolve) => {
      setImmediate(() => {
        heard.push('first');
        Promise.resolve().then(() => heard.push('microtask'));
        setImmediate(() => heard.push('third'));
        setImmediate(resolve);
      });
      setImmediate(() => heard.push('second'));
      clearImmediate(setImmediate(() => heard.push('cleared')));
    });
    return heard;
  },
  async timeout() {
    const signal = AbortSignal.any([AbortSignal.timeout(5), new AbortController().signal]);
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    try {
      signal.throwIfAborted();
    } catch (error) {
      return [(error as Error).name, signal.aborted, error === signal.reason];
    }
    return null;
  },
  digest: async (algorithm: string, hex: string) =>
    hexOf(await crypto.subtle.digest(algorithm, bytesOf(hex))),
  async importKey(spec: KeySpec) {
    const { type, extractable, usages, algorithm } = await importKey(spec);
    return [type, extractable, [...usages].sort(), algorithm.name];
  },
  async seal(spec: KeySpec, algorithm: Json, hex: string) {
    const given = revive(algorithm) as AesGcmParams;
    return hexOf(await crypto.subtle.encrypt(given, await importKey(spec), bytesOf(hex)));
  },
  async open(spec: KeySpec, algorithm: Json, hex: string) {
    const given = revive(algorithm) as AesGcmParams;
    return hexOf(await crypto.subtle.decrypt(given, await importKey(spec), bytesOf(hex)));
  },
  async sign(spec: KeySpec, algorithm: Json, hex: string) {
    return hexOf(
      await crypto.subtle.sign(algorithm as unknown as string, await importKey(spec), bytesOf(hex)),
    );
  },
  async verify(spec: KeySpec, algorithm: Json, mac: string, hex: string) {
    const key = await importKey(spec);
    return await crypto.subtle.verify(algorithm as unknown as string, key, bytesOf(mac), bytesOf(hex));
  },
  async derive(spec: KeySpec, algorithm: Json, length: number | null) {
    const given = revive(algorithm) as HkdfParams;
    return hexOf(await crypto.subtle.deriveBits(given, await importKey(spec), length));
  },
  async agree(secret: KeySpec, point: KeySpec, length: number | null) {
    const algorithm = { name: 'X25519', public: await importKey(point) };
    return hexOf(await crypto.subtle.deriveBits(algorithm, await importKey(secret), length));
  },
  async generate() {
    const pairs = (await Promise.all(
      [1, 2].map(() => crypto.subtle.generateKey('X25519', true, ['deriveBits'])),
    )) as CryptoKeyPair[];
    const [a, b] = pairs as [CryptoKeyPair, CryptoKeyPair];
    const secret = (own: CryptoKeyPair, other: CryptoKeyPair) =>
      crypto.subtle.deriveBits({ name: 'X25519', public: other.publicKey }, own.privateKey, 256);
    const raw = await crypto.subtle.exportKey('raw', a.publicKey);
    const pkcs8 = await crypto.subtle.exportKey('pkcs8', a.privateKey);
    const isSame = hexOf(await secret(a, b)) === hexOf(await secret(b, a));
    return [
      isSame,
      raw.byteLength,
      hexOf(pkcs8).slice(0, 32),
      pkcs8.byteLength,
      a.publicKey.type,
      a.privateKey.usages as Json,
    ];
  },
  random() {
    const [a, b] = [crypto.getRandomValues(new Uint8Array(16)), crypto.getRandomValues(new Uint32Array(4))];
    const uuid = crypto.randomUUID();
    const isUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(uuid);
    return [hexOf(a) !== hexOf(b.buffer), isUuid, uuid !== crypto.randomUUID()];
  },
  randomInto: (isFloat: boolean, length: number) =>
    crypto.getRandomValues(
      (isFloat ? new Float32Array(length) : new Uint8Array(length)) as Uint8Array<ArrayBuffer>,
    ).length,
};

/** What an operation comes to. */
export async function perform([name, ...given]: readonly [string, ...Json[]]): Promise<Json> {
  try {
    return [await (OPERATIONS[name] as (...given: Json[]) => Json | Promise<Json>)(...given)];
  } catch (error) {
    const { name, code } = error as { name: string; code?: unknown };
    return typeof code === 'string' && code === 'ERR_INVALID_URL' ? code : name;
  }
}
