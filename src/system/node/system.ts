/**
 * The bundle's system, for images that have Node and no room for the executable. Node cannot pass bytes that are not
 * UTF-8 to `process.execve`, nor two variables of one name, cannot restore inherited file descriptors or the soft limit
 * of open files, and before 26 aborts when execve fails: hence the checks here.
 */
import { createHash, createHmac } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { EnvsealError } from '../../errors.ts';
import type { ByteString } from '../byte-string.ts';
import { toByteString } from '../bytes.ts';
import { crc32c, crc64nvme } from '../crc.ts';
import { type BodyEnd, ErrnoError, type FetchOptions, STANDARD_INPUT, type System } from '../system.ts';
import { forbidByExperimentalFfi } from './core-dumps.ts';
import { asPath, readUpTo, rethrow } from './files.ts';

const STDERR = 2;
const STDERR_WAIT_MS = 1000;
const POLL_MS = 5;

/** Whoever started us may have made a pipe that does not wait. Node has no call that waits for it. */
function writeSome(fd: number, bytes: Uint8Array, offset: number, end: number): number {
  for (;;) {
    try {
      return writeSync(fd, bytes, offset);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || performance.now() > end) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MS);
    }
  }
}

/** As package.json says it; an older one lacks what only shows when it is too late. */
const LEAST_NODE = 24;

function refuseOldNode(onError: (error: unknown) => void): void {
  const { node } = process.versions;
  if (Number.parseInt(node, 10) >= LEAST_NODE) return;
  onError(
    new EnvsealError(
      'configuration',
      `the full envseal needs Node ${LEAST_NODE} or later, and this is ${node}`,
      {
        hint: `put a Node ${LEAST_NODE} first on the PATH, or use the image envseal:cli`,
      },
    ),
  );
}

const MAX_PROC_BYTES = 16 * 1024 * 1024;

export const nodeSystem: System = {
  runtime: 'node',
  arguments() {
    // The arguments come last, whatever Node puts before them.
    const count = process.argv.length - 2;
    return (
      readStrings('/proc/self/cmdline')?.slice(-count || Infinity) ?? process.argv.slice(2).map(toByteString)
    );
  },
  environ: () => readStrings('/proc/self/environ') ?? Object.entries(process.env).map(toEntry),
  fullProgram: () => undefined,
  begin(onError) {
    refuseOldNode(onError);
    process.on('uncaughtException', onError);
    process.on('unhandledRejection', onError);
    // What the runtime and the SDKs want to say is not the container's output.
    process.removeAllListeners('warning');
    for (const name of ['debug', 'error', 'info', 'log', 'warn'] as const) console[name] = () => {};
  },
  exit: (status) => process.exit(status),
  readFile(path, limit) {
    return rethrow(() => {
      const fd = openSync(asPath(path), 'r');
      try {
        return readUpTo(fd, limit);
      } finally {
        closeSync(fd);
      }
    });
  },
  readFileAtOnce(path, limit) {
    const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants;
    return rethrow(() => {
      // A pipe is not even opened: who waits for a reader to open it for writing would lose that reader again.
      if (isSlow(statSync(asPath(path)))) return undefined;
      const fd = openSync(asPath(path), O_RDONLY | O_NONBLOCK | O_NOCTTY);
      try {
        return isSlow(fstatSync(fd)) ? undefined : readUpTo(fd, limit);
      } finally {
        closeSync(fd);
      }
    });
  },
  readInput: (limit) => rethrow(() => readUpTo(STANDARD_INPUT, limit)),
  readSlowly: async (from, limit) => (await import('./read-stream.ts')).readSlowly(from, limit),
  isReadable(path) {
    try {
      accessSync(asPath(path), constants.R_OK);
      return true;
    } catch {
      return false;
    }
  },
  write(fd, text) {
    try {
      const bytes = Buffer.from(text);
      const end = performance.now() + (fd === STDERR ? STDERR_WAIT_MS : Number.POSITIVE_INFINITY);
      for (let offset = 0; offset < bytes.length; ) offset += writeSome(fd, bytes, offset, end);
      return true;
    } catch {
      // A closed stderr must not prevent the exit status.
      return false;
    }
  },
  async append(path, lines) {
    const { O_WRONLY, O_CREAT, O_APPEND, O_NOCTTY, O_NONBLOCK } = constants;
    rethrow(() => {
      const fd = openSync(asPath(path), O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_NONBLOCK, 0o600);
      try {
        for (const line of lines) {
          const bytes = Buffer.from(line);
          if (writeSync(fd, bytes) < bytes.length) throw new ErrnoError('ENOSPC');
        }
      } finally {
        closeSync(fd);
      }
    });
  },
  sendUdp: async (host, port, datagrams) => (await import('./udp.ts')).sendUdp(host, port, datagrams),
  sendStream: async (...of) => (await import('./stream.ts')).sendStream(...of),
  sendDatagram: () => Promise.reject(new ErrnoError('EOPNOTSUPP')),
  checkExecutable(path) {
    rethrow(() => {
      accessSync(asPath(path), constants.X_OK);
      const file = statSync(asPath(path));
      if (file.isDirectory()) throw new ErrnoError('EISDIR');
      if (!file.isFile()) throw new ErrnoError('EACCES');
    });
  },
  stackLimit() {
    const soft = /^Max stack size\s+(\S+)/m.exec(readLimits())?.[1];
    if (soft === undefined) return USUAL_STACK_LIMIT_BYTES;
    return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
  },
  execve(path, argv, environ) {
    checkFormat(path);
    // Removing an ignored disposition needs a listener: Node starts with SIGPIPE and SIGXFSZ ignored.
    for (const signal of ['SIGPIPE', 'SIGXFSZ'] as const) process.on(signal, () => {});
    rethrow(() =>
      process.execve?.(asText(path), [...argv.lists].flat().map(asText), toRecord([...environ.lists].flat())),
    );
    throw new ErrnoError('ENOSYS');
  },
  detach: async (input) => await (await import('./detach.ts')).detach(input),
  // It is killed where it shall deliver nothing.
  hasBecomeCommand: async () => true,
  /** Node gives every signal its default disposition before our code runs. */
  isIgnored: () => false,
  onSignal: (signal, action) => void process.on(signal, action),
  releaseSignals() {},
  endAfter() {},
  forbidCoreDumps: forbidByExperimentalFfi,
  sha256: (data) => createHash('sha256').update(data).digest(),
  sha1: (data) => createHash('sha1').update(data).digest(),
  crc32: (data) => crc32(data),
  crc32c,
  crc64nvme,
  hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
  fetch: request,
};

function readStrings(path: string): ByteString[] | undefined {
  try {
    const text = toByteString(nodeSystem.readFile(path, MAX_PROC_BYTES));
    return text === '' ? [] : text.slice(0, text.endsWith('\0') ? -1 : undefined).split('\0');
  } catch {
    return undefined;
  }
}

function toEntry([name, value]: [string, string | undefined]): ByteString {
  return toByteString(`${name}=${value ?? ''}`);
}

/** Linux's default for a process. */
const USUAL_STACK_LIMIT_BYTES = 8 * 1024 * 1024;

function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'latin1');
  } catch {
    return '';
  }
}

/**
 * If two entries have one name, the first stays, which is `getenv`'s; an entry without `=` is not a variable.
 */
function toRecord(environ: readonly ByteString[]): Record<string, string> {
  const env: Record<string, string> = Object.create(null);
  for (const entry of environ) {
    const equals = entry.indexOf('=');
    if (equals >= 0) env[asText(entry.slice(0, equals))] ??= asText(entry.slice(equals + 1));
  }
  return env;
}

function asText(bytes: ByteString): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** Another process may still be writing it. */
function isSlow(kind: Stats): boolean {
  return !kind.isFile() && !kind.isDirectory();
}

/** Throws what execve would answer for a file that the kernel cannot load, as far as its first bytes show. */
function checkFormat(path: ByteString): void {
  const head = readHead(path);
  if (head === undefined || head.subarray(0, 4).equals(Buffer.from('\x7fELF', 'latin1'))) return;
  const interpreter = /^#![ \t]*([^ \t\n]+)/.exec(head.toString('latin1'))?.[1];
  if (interpreter === undefined) throw new ErrnoError('ENOEXEC');
  nodeSystem.checkExecutable(interpreter);
}

/** `undefined` for a file that may be executed and not read. */
function readHead(path: ByteString): Buffer | undefined {
  try {
    return Buffer.from(nodeSystem.readFile(path, 4096));
  } catch {
    return undefined;
  }
}

/** `node:http` instead of the global fetch: it takes a proxy and certificates for each request, and loads faster. */
async function request(url: string, options: FetchOptions): Promise<Response> {
  const { Agent, request } = url.startsWith('https:')
    ? await import('node:https')
    : await import('node:http');
  const agent = new Agent({
    keepAlive: false,
    ...(options.proxy === undefined
      ? {}
      : { proxyEnv: { http_proxy: options.proxy, https_proxy: options.proxy } }),
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    rejectUnauthorized: true,
  } as ConstructorParameters<typeof Agent>[0]);
  const { method, headers, signal } = options;
  return await new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers, signal, agent }, (answer) =>
      resolve(toResponse(answer, url)),
    );
    outgoing.on('error', reject);
    outgoing.end(options.body);
  });
}

function toResponse(answer: IncomingMessage, url: string): Response {
  const headers = new Headers();
  for (const [name, values] of Object.entries(answer.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  const status = answer.statusCode ?? 0;
  const isBodyless = status === 204 || status === 304;
  const body = isBodyless ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array>);
  const response = new Response(body, { status, headers });
  // For messages: one that is made here has none of its own.
  Object.defineProperty(response, 'url', { value: url });
  return Object.assign(response, { endedBy: endOf(answer, isBodyless) });
}

/** Node refuses two lengths, and a length with chunks, by itself. */
function endOf(
  { headers, req }: IncomingMessage & { req?: { method: string } },
  isBodyless: boolean,
): BodyEnd {
  if (isBodyless || req?.method === 'HEAD' || headers['content-length'] !== undefined) return 'length';
  return headers['transfer-encoding'] === undefined ? 'close' : 'chunked';
}

export { nodeSystem as system };
