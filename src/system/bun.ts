/**
 * The executable's system: libc through `bun:ffi`, which loads faster than `node:fs` and alone can pass bytes that are
 * not UTF-8, restore what the runtime changed, and report `errno` instead of aborting.
 */
import { dlopen, ptr, read } from 'bun:ffi';
import { type ByteString, ErrnoError, type FetchOptions, STOP_SIGNALS, type System } from './system.ts';

/** musl answers to glibc's name too (`ldso/dynlink.c`, `load_library`). */
const LIBC = process.platform === 'darwin' ? '/usr/lib/libSystem.B.dylib' : 'libc.so.6';
const ERRNO_LOCATION = process.platform === 'darwin' ? '__error' : '__errno_location';

const libc = dlopen(LIBC, {
  [ERRNO_LOCATION]: { args: [], returns: 'ptr' },
  open: { args: ['ptr', 'i32'], returns: 'i32' },
  read: { args: ['i32', 'ptr', 'u64'], returns: 'i64_fast' },
  write: { args: ['i32', 'ptr', 'u64'], returns: 'i64_fast' },
  close: { args: ['i32'], returns: 'i32' },
  access: { args: ['ptr', 'i32'], returns: 'i32' },
  readlink: { args: ['ptr', 'ptr', 'u64'], returns: 'i64_fast' },
  fcntl: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  getrlimit: { args: ['i32', 'ptr'], returns: 'i32' },
  signal: { args: ['i32', 'u64'], returns: 'ptr' },
  execve: { args: ['ptr', 'ptr', 'ptr'], returns: 'i32' },
} as const).symbols;
const errnoLocation = libc[ERRNO_LOCATION] as () => number;

/** https://github.com/torvalds/linux/blob/master/include/uapi/asm-generic/errno-base.h and errno.h; 2, 7, 8, 13, 20, 21, 26 are the same on macOS. */
const ERRNO_NAMES: Record<number, string> = {
  1: 'EPERM',
  2: 'ENOENT',
  4: 'EINTR',
  5: 'EIO',
  7: 'E2BIG',
  8: 'ENOEXEC',
  12: 'ENOMEM',
  13: 'EACCES',
  20: 'ENOTDIR',
  21: 'EISDIR',
  26: 'ETXTBSY',
  36: 'ENAMETOOLONG',
  40: 'ELOOP',
};
const EINTR = 4;
const O_CLOEXEC = process.platform === 'darwin' ? 0x1000000 : 0o2000000;
const O_DIRECTORY = process.platform === 'darwin' ? 0x100000 : process.arch === 'arm64' ? 0o40000 : 0o200000;
const X_OK = 1;
const F_GETFD = 1;
const F_SETFD = 2;
const SIG_DFL = 0;
const SIG_IGN = 1;
const SIGPIPE = 13;
const RLIMIT_STACK = 3;

const sigpipeWasIgnored = libc.signal(SIGPIPE, SIG_IGN) === SIG_IGN;
const inheritedFds = process.platform === 'linux' ? findInheritedFds() : [];

export const bunSystem: System = {
  runtime: 'bun',
  readFile,
  write(fd, text) {
    const bytes = Buffer.from(text);
    for (let offset = 0; offset < bytes.length; ) {
      const written = libc.write(fd, ptr(bytes.subarray(offset)), bytes.length - offset);
      if (written < 0 && errno() !== EINTR) return;
      if (written > 0) offset += written;
    }
  },
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
  execve(path, argv, environ) {
    const file = cString(path);
    const args = cStringArray(argv);
    const env = cStringArray(environ);
    for (const fd of inheritedFds) libc.fcntl(fd, F_SETFD, 0);
    if (!sigpipeWasIgnored) libc.signal(SIGPIPE, SIG_DFL);
    libc.execve(ptr(file), ptr(args.pointers), ptr(env.pointers));
    throw lastError();
  },
  resetStopSignals(signals) {
    for (const signal of signals) libc.signal(STOP_SIGNALS[signal], SIG_DFL);
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
  return read.i32(errnoLocation(), 0);
}

function lastError(): ErrnoError {
  const number = errno();
  return new ErrnoError(ERRNO_NAMES[number] ?? `errno ${number}`);
}

function cString(text: ByteString): Uint8Array {
  return Buffer.from(`${text}\0`, 'latin1');
}

/** A NULL-terminated `char *const []`; `block` is returned so that it lives as long as the pointers into it. */
function cStringArray(strings: readonly ByteString[]): { block: Uint8Array; pointers: BigUint64Array } {
  const block = Buffer.from(`${strings.join('\0')}\0`, 'latin1');
  const pointers = new BigUint64Array(strings.length + 1);
  let address = ptr(block) as number;
  for (let i = 0; i < strings.length; i++) {
    pointers[i] = BigInt(address);
    address += (strings[i] as ByteString).length + 1;
  }
  return { block, pointers };
}

/** Files in /proc have no size, so this reads until the end or the limit. */
function readFile(path: ByteString, limit: number): Uint8Array {
  const fd = libc.open(ptr(cString(path)), O_CLOEXEC);
  if (fd < 0) throw lastError();
  try {
    let bytes = Buffer.allocUnsafe(Math.min(limit, 16_384));
    for (let length = 0; ; ) {
      if (length === bytes.length) {
        if (length === limit) return bytes;
        const larger = Buffer.allocUnsafe(Math.min(limit, length * 4));
        larger.set(bytes);
        bytes = larger;
      }
      const count = libc.read(fd, ptr(bytes.subarray(length)), bytes.length - length);
      if (count < 0 && errno() === EINTR) continue;
      if (count < 0) throw lastError();
      if (count === 0) return bytes.subarray(0, length);
      length += count;
    }
  } finally {
    libc.close(fd);
  }
}

/**
 * Bun marks every file descriptor from 3 upwards close-on-exec before any of our code runs. Those that came with the
 * process are all that is open now, except the runtime's own event loop (an epoll and an eventfd).
 */
function findInheritedFds(): number[] {
  const found: number[] = [];
  const size = Number(/^FDSize:\s*(\d+)/m.exec(latin1(readFile('/proc/self/status', 16_384)))?.[1] ?? 0);
  const target = Buffer.alloc(64);
  for (let fd = 3; fd < size; fd++) {
    if (libc.fcntl(fd, F_GETFD, 0) < 0) continue;
    const length = libc.readlink(ptr(cString(`/proc/self/fd/${fd}`)), ptr(target), target.length);
    const name = latin1(target.subarray(0, Math.max(0, length)));
    if (name !== 'anon_inode:[eventpoll]' && name !== 'anon_inode:[eventfd]') found.push(fd);
  }
  return found;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
