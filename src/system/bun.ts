/**
 * The executable's system: libc through FFI, which loads faster than `node:fs` and alone can pass bytes that are not
 * UTF-8, restore what the runtime changed, and report `errno` instead of aborting.
 */
import { bytesOf } from './bytes.ts';
import { pointersTo } from './c-strings.ts';
import { NO_LIMIT_LEFT, PR_SET_DUMPABLE, RLIMIT_CORE } from './core-dumps.ts';
import { openLibc, ptr, readInt } from './ffi.ts';
import { inheritedOf, listOpenFds, NOTHING_OPEN } from './inherited-fds.ts';
import {
  type ByteString,
  ErrnoError,
  type FetchOptions,
  STANDARD_INPUT,
  STOP_SIGNALS,
  type System,
} from './system.ts';

const ERRNO_LOCATION = process.platform === 'darwin' ? '__error' : '__errno_location';

const SYMBOLS = {
  [ERRNO_LOCATION]: { args: [], returns: 'ptr' },
  open: { args: ['ptr', 'i32'], returns: 'i32' },
  read: { args: ['i32', 'ptr', 'u64'], returns: 'i64_fast' },
  close: { args: ['i32'], returns: 'i32' },
  access: { args: ['ptr', 'i32'], returns: 'i32' },
  readlink: { args: ['ptr', 'ptr', 'u64'], returns: 'i64_fast' },
  syscall: { args: ['i32', 'i32', 'ptr', 'u64'], returns: 'i64_fast' },
  sigaction: { args: ['i32', 'u64', 'ptr'], returns: 'i32' },
  getrlimit: { args: ['i32', 'ptr'], returns: 'i32' },
  signal: { args: ['i32', 'u64'], returns: 'ptr' },
  execve: { args: ['ptr', 'ptr', 'ptr'], returns: 'i32' },
} as const;

/** What a good start does not need, because each symbol takes time. Asked for before a call whose errno is read. */
const RARE = {
  write: { args: ['i32', 'ptr', 'u64'], returns: 'i64_fast' },
  fcntl: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  poll: { args: ['ptr', 'u64', 'i32'], returns: 'i32' },
} as const;
let rareSymbols: ReturnType<typeof openLibc<typeof RARE>> | undefined;

export function rare(): NonNullable<typeof rareSymbols> {
  rareSymbols ??= openLibc(RARE);
  return rareSymbols;
}

/** https://github.com/torvalds/linux/blob/master/include/uapi/asm-generic/errno-base.h and errno.h; 2, 7, 8, 13, 20, 21, 26 are the same on macOS. */
const ERRNO_NAMES: Record<number, string> = {
  1: 'EPERM',
  2: 'ENOENT',
  4: 'EINTR',
  5: 'EIO',
  6: 'ENXIO',
  7: 'E2BIG',
  8: 'ENOEXEC',
  11: 'EAGAIN',
  12: 'ENOMEM',
  13: 'EACCES',
  20: 'ENOTDIR',
  21: 'EISDIR',
  26: 'ETXTBSY',
  27: 'EFBIG',
  28: 'ENOSPC',
  30: 'EROFS',
  32: 'EPIPE',
  36: 'ENAMETOOLONG',
  40: 'ELOOP',
  90: 'EMSGSIZE',
  91: 'EPROTOTYPE',
  105: 'ENOBUFS',
  111: 'ECONNREFUSED',
  122: 'EDQUOT',
};
const EINTR = 4;
const EAGAIN = process.platform === 'darwin' ? 35 : 11;
export const POLLIN = 1;
const POLLOUT = 4;
const STDERR = 2;
const STDERR_WAIT_MS = 1000;
export const O_NONBLOCK = process.platform === 'darwin' ? 0x4 : 0o4000;
export const O_NOCTTY = process.platform === 'darwin' ? 0x20000 : 0o400;
export const O_CLOEXEC = process.platform === 'darwin' ? 0x1000000 : 0o2000000;
export const O_DIRECTORY =
  process.platform === 'darwin' ? 0x100000 : process.arch === 'arm64' ? 0o40000 : 0o200000;
const X_OK = 1;
const R_OK = 4;
const F_SETFD = 2;
/** https://github.com/torvalds/linux/blob/master/include/uapi/asm-generic/unistd.h, and x86's syscall_64.tbl. */
const SYS_FSTAT = process.arch === 'arm64' ? 80 : 5;
/** struct stat: https://github.com/torvalds/linux/blob/master/arch/x86/include/uapi/asm/stat.h and asm-generic/stat.h. */
const STAT_BYTES = 144;
const STAT_MODE_AT = process.arch === 'arm64' ? 16 : 24;
const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const SIG_DFL = 0;
const SIG_IGN = 1;
const SIGPIPE = 13;
const RLIMIT_STACK = 3;

/** Set by `loadBun`, before anything asks for them. */
export let libc: ReturnType<typeof openLibc<typeof SYMBOLS>>;
let sigpipeWasIgnored = false;
/** What was open when nothing of ours was; which of it is the runtime's is found out when nobody waits for that. */
let openAtStart = NOTHING_OPEN;
let inheritedFds: readonly number[] | undefined;

/**
 * The system, of which there is one. Part of the first chunk, which Node reads too: so nothing of it happens before
 * this. Throws where there is no FFI.
 */
export function loadBun(): System {
  if (libc !== undefined) return bunSystem;
  libc = openLibc(SYMBOLS);
  sigpipeWasIgnored = libc.signal(SIGPIPE, SIG_IGN) === SIG_IGN;
  if (process.platform === 'linux') openAtStart = listOpenFds();
  return bunSystem;
}

const bunSystem: System = {
  runtime: 'bun',
  readFile,
  readFileAtOnce(path, limit) {
    // O_NONBLOCK: a pipe that nobody writes into yet is opened at once. Files do not know it.
    const fd = openFile(path, O_NONBLOCK | O_NOCTTY);
    try {
      return isStill(fd) ? readAll(fd, limit) : undefined;
    } finally {
      libc.close(fd);
    }
  },
  readInput: (limit) => readAll(STANDARD_INPUT, limit),
  readSlowly: async (from, limit) => (await import('./bun-slowly.ts')).readSlowly(from, limit),
  isReadable: (path) => libc.access(ptr(cString(path)), R_OK) === 0,
  write(fd, text) {
    const bytes = Buffer.from(text);
    for (let offset = 0; offset < bytes.length; ) {
      const written = rare().write(fd, ptr(bytes.subarray(offset)), bytes.length - offset);
      if (written < 0 && !isToTryAgain(fd, POLLOUT)) return false;
      if (written > 0) offset += written;
    }
    return true;
  },
  prepareSinks() {
    import('./bun-sinks.ts').catch(() => {});
  },
  sendUdp: async (host, port, datagrams) => (await import('./bun-sinks.ts')).sendUdp(host, port, datagrams),
  sendStream: async (...of) => (await import('./node-stream.ts')).sendStream(...of),
  append: async (path, lines) => (await import('./bun-sinks.ts')).append(path, lines),
  sendDatagram: async (path, bytes) => (await import('./bun-sinks.ts')).sendDatagram(path, bytes),
  checkExecutable(path) {
    if (libc.access(ptr(cString(path)), X_OK) !== 0) throw lastError();
    const fd = libc.open(ptr(cString(path)), O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    libc.close(fd);
    throw new ErrnoError('EISDIR');
  },
  stackLimit() {
    const limit = new BigUint64Array(2);
    if (libc.getrlimit(RLIMIT_STACK, ptr(limit)) !== 0) return 8 * 1024 * 1024;
    const soft = limit[0] as bigint;
    return soft > BigInt(Number.MAX_SAFE_INTEGER) ? Number.POSITIVE_INFINITY : Number(soft);
  },
  prepareExec() {
    inheritedFds ??= inheritedOf(openAtStart);
  },
  execve(path, argv, environ) {
    bunSystem.prepareExec();
    const file = cString(path);
    const args = pointersTo(argv.strings, ptr(argv.block));
    const env = pointersTo(environ.strings, ptr(environ.block));
    for (const fd of inheritedFds ?? []) rare().fcntl(fd, F_SETFD, 0);
    if (!sigpipeWasIgnored) libc.signal(SIGPIPE, SIG_DFL);
    libc.execve(ptr(file), ptr(args), ptr(env));
    throw lastError();
  },
  async loadDetach() {
    const isKnown = process.platform === 'linux' && process.arch === 'x64';
    return (isKnown ? await import('./detach.ts') : await import('./detach-child.ts')).detach;
  },
  isIgnored(signal) {
    // The handler is the first field of struct sigaction in glibc, musl and macOS.
    const action = new Uint32Array(64);
    return (
      libc.sigaction(STOP_SIGNALS[signal], 0, ptr(action)) === 0 && action[0] === SIG_IGN && action[1] === 0
    );
  },
  resetStopSignals(signals) {
    for (const signal of signals) libc.signal(STOP_SIGNALS[signal], SIG_DFL);
  },
  forbidCoreDumps() {
    const { setrlimit } = openLibc({ setrlimit: { args: ['i32', 'ptr'], returns: 'i32' } });
    setrlimit(RLIMIT_CORE, ptr(NO_LIMIT_LEFT));
    if (process.platform !== 'linux') return;
    const { prctl } = openLibc({ prctl: { args: ['i32', 'u64', 'u64', 'u64', 'u64'], returns: 'i32' } });
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  },
  sha256: (data) => new Bun.CryptoHasher('sha256').update(data).digest(),
  sha1: (data) => new Bun.CryptoHasher('sha1').update(data).digest(),
  crc32: (data) => Bun.hash.crc32(data),
  hmacSha256: (key, data) => new Bun.CryptoHasher('sha256', key).update(data).digest(),
  fetch: (url, options) => fetch(url, fetchInit(options)),
};

/**
 * `proxy: false` keeps Bun from reading the proxy variables by itself (its rules for NO_PROXY are not ours),
 * `decompress: false` keeps the bytes that the checksum is about.
 */
function fetchInit({ proxy, ca, ...request }: FetchOptions): RequestInit {
  const bunOptions = {
    proxy: proxy ?? false,
    decompress: false,
    tls: { rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) },
  };
  return { ...request, redirect: 'manual', ...bunOptions } as RequestInit;
}

function errno(): number {
  return readInt((libc[ERRNO_LOCATION] as () => number)());
}

export function lastError(): ErrnoError {
  const number = errno();
  return new ErrnoError(ERRNO_NAMES[number] ?? `errno ${number}`);
}

export function cString(text: ByteString): Uint8Array {
  return bytesOf(`${text}\0`);
}

export function openFile(path: ByteString, flags: number): number {
  const fd = libc.open(ptr(cString(path)), flags | O_CLOEXEC);
  if (fd < 0) throw lastError();
  return fd;
}

function readFile(path: ByteString, limit: number): Uint8Array {
  const fd = openFile(path, 0);
  try {
    return readAll(fd, limit);
  } finally {
    libc.close(fd);
  }
}

/** Whether the call that just failed would not fail a little later. */
export function isForLater(): boolean {
  return [EINTR, EAGAIN].includes(errno());
}

/**
 * After a call on a file descriptor that failed. Whoever started us may have made a pipe that does not wait, as Node
 * does: then this waits for it, as long as it takes. Nobody waits long to complain.
 */
function isToTryAgain(fd: number, events: number): boolean {
  if (errno() === EINTR) return true;
  if (errno() !== EAGAIN) return false;
  const pollfd = new Int32Array([fd, events]);
  return rare().poll(ptr(pollfd), 1, fd === STDERR ? STDERR_WAIT_MS : -1) > 0 || errno() === EINTR;
}

/** Whether it is a file or a directory. By the bare system call, because a symbol takes time; not asked on macOS. */
function isStill(fd: number): boolean {
  if (process.platform !== 'linux') return true;
  const stat = Buffer.alloc(STAT_BYTES);
  if (libc.syscall(SYS_FSTAT, fd, ptr(stat), 0) !== 0) return true;
  const kind = stat.readUInt32LE(STAT_MODE_AT) & S_IFMT;
  return kind === S_IFREG || kind === S_IFDIR;
}

/** Files in /proc have no size, so this reads until the end or the limit. */
function readAll(fd: number, limit: number): Uint8Array {
  let bytes = new Uint8Array(Math.min(limit, 4096));
  for (let length = 0; ; ) {
    if (length === bytes.length) {
      if (length === limit) return bytes;
      const larger = new Uint8Array(Math.min(limit, length * 4));
      larger.set(bytes);
      bytes = larger;
    }
    const count = libc.read(fd, ptr(bytes.subarray(length)), bytes.length - length);
    if (count < 0 && isToTryAgain(fd, POLLIN)) continue;
    if (count < 0) throw lastError();
    if (count === 0) return bytes.subarray(0, length);
    length += count;
  }
}
