/** The container executable's system: each function is one of the host's, which have no `this`. Its contract is `System`'s and `Natives`'. */
import { natives, onNet, onRejected, onSignal } from '../../platform/callbacks.ts';
import { HttpClient } from '../../platform/http/client.ts';
import { NetEvents } from '../../platform/http/net-events.ts';
import type { ByteString } from '../byte-string.ts';
import { joinBytes } from '../join-bytes.ts';
import { ErrnoError, STANDARD_INPUT, STOP_SIGNALS, type System } from '../system.ts';

const R_OK = 4;
/** How often what another process writes is looked at, in ms: short against a person, long against a look. */
const PAUSE_MS = 10;
/** What this program is called where it delivers events; `host/src/hygiene.rs` knows it too. */
const DETACHED = ['envseal-events', 'deliver-events'];
/** Descriptor in such a process: `Natives.detach` says what it reads there. */
const FATE = 3;

const utf8 = new TextEncoder();
const events = new NetEvents();
const http = new HttpClient(natives, events);
onNet((event) => events.receive(event));

/** An error of the host has a code, and nothing else. */
function call<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    const { code } = error as { code?: unknown };
    throw typeof code === 'string' ? new ErrnoError(code) : error;
  }
}

export const system: System = {
  runtime: 'host',
  arguments: natives.arguments,
  environ: natives.environ,
  fullProgram: () => fullProgramBeside(natives.selfPath()),
  begin: onRejected,
  exit: natives.exit,
  readFile: (path, limit) => call(() => natives.readFile(path, limit)),
  readFileAtOnce: (path, limit) => call(() => natives.readFileAtOnce(path, limit)),
  readInput: (limit) => call(() => natives.readInput(limit)),
  readSlowly,
  isReadable: (path) => natives.access(path, R_OK),
  write: (fd, text) => natives.write(fd, utf8.encode(text)),
  append: async (path, lines) => call(() => natives.append(path, lines)),
  sendUdp: async (...of) => await (await sockets()).sendUdp(...of),
  sendStream: async (...of) => await (await sockets()).sendStream(...of),
  sendDatagram: async (path, bytes) => call(() => natives.sendDatagram(path, bytes)),
  checkExecutable: (path) => call(() => natives.checkExecutable(path)),
  stackLimit: natives.stackLimit,
  execve(path, argv, environ): never {
    call(() => natives.execve(path, argv.block, argv.count, environ.block, environ.count));
    throw new ErrnoError('EIO');
  },
  async detach(input) {
    call(() => natives.detach(DETACHED, utf8.encode(input)));
    return () => natives.cancelDetached();
  },
  async hasBecomeCommand() {
    for (;;) {
      const read = call(() => natives.readSome(FATE, 1));
      if (read !== undefined) return read.length === 0;
      await pause();
    }
  },
  isIgnored: (signal) => natives.isIgnored(STOP_SIGNALS[signal]),
  onSignal(signal, action) {
    onSignal(STOP_SIGNALS[signal], action);
    natives.catchSignal(STOP_SIGNALS[signal]);
  },
  // Blocked until `execve` looks at them once more.
  releaseSignals() {},
  // From the first instruction on.
  forbidCoreDumps() {},
  endAfter: (ms, { text, exitStatus }) => natives.backstop(ms, text, exitStatus),
  sha256: (data) => natives.digest('SHA-256', asBytes(data)),
  sha1: (data) => natives.digest('SHA-1', data),
  crc32: natives.crc32,
  crc32c: natives.crc32c,
  crc64nvme: natives.crc64nvme,
  hmacSha256: (key, data) => natives.hmac('SHA-256', asBytes(key), utf8.encode(data)),
  fetch: (url, options) => http.fetch(url, options),
};

function asBytes(data: string | Uint8Array): Uint8Array {
  return typeof data === 'string' ? utf8.encode(data) : data;
}

/** Only sinks have need of them. */
async function sockets() {
  const { Sockets } = await import('../../platform/http/sockets.ts');
  return new Sockets(natives, events, (ca) => http.trustOf(ca));
}

/** The host's own file has a folder; what it was started as may have none. */
function fullProgramBeside(self: ByteString | undefined): ByteString | undefined {
  const slash = self?.lastIndexOf('/') ?? -1;
  const path = `${self?.slice(0, slash)}/envseal.mjs`;
  return slash >= 0 && natives.isGuarded(path) ? path : undefined;
}

/** Between the turns of the loop: a read that waits would keep signals and timers waiting too. */
async function readSlowly(from: ByteString | typeof STANDARD_INPUT, limit: number): Promise<Uint8Array> {
  if (from === STANDARD_INPUT) return await readUpTo(from, limit);
  const fd = call(() => natives.openToRead(from));
  try {
    return await readUpTo(fd, limit);
  } finally {
    natives.close(fd);
  }
}

async function readUpTo(fd: number, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (let left = limit; left > 0; ) {
    const chunk = call(() => natives.readSome(fd, left));
    if (chunk === undefined) await pause();
    else if (chunk.length === 0) break;
    else {
      chunks.push(chunk);
      left -= chunk.length;
    }
  }
  return joinBytes(chunks);
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}
