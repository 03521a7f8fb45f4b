/** What only sinks ask of libc, on Linux. Loaded with the first of them, because each symbol takes time. */
import { cString, lastError, libc } from './bun.ts';
import { openLibc, ptr } from './ffi.ts';
import { type ByteString, ErrnoError } from './system.ts';

const encoder = new TextEncoder();

const files = openLibc({
  open: { args: ['ptr', 'i32', 'i32'], returns: 'i32' },
  write: { args: ['i32', 'ptr', 'u64'], returns: 'i64_fast' },
});

const SOCKETS = {
  socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  connect: { args: ['i32', 'ptr', 'i32'], returns: 'i32' },
  send: { args: ['i32', 'ptr', 'u64', 'i32'], returns: 'i64_fast' },
} as const;
let sockets: ReturnType<typeof openLibc<typeof SOCKETS>> | undefined;

/** https://github.com/torvalds/linux/blob/master/include/uapi/asm-generic/fcntl.h: the same on x86-64 and arm64. */
const O_WRONLY = 0o1;
const O_CREAT = 0o100;
const O_NOCTTY = 0o400;
const O_APPEND = 0o2000;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** `sun_path` with its NUL. https://man7.org/linux/man-pages/man7/unix.7.html */
const MAX_SOCKET_PATH = 108;

export function append(path: ByteString, lines: readonly string[]): void {
  // O_NONBLOCK: a pipe without a reader, or a full one, must not keep us.
  const flags = O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_NONBLOCK | O_CLOEXEC;
  const fd = files.open(ptr(cString(path)), flags, 0o600);
  if (fd < 0) throw lastError();
  try {
    for (const line of lines) {
      const bytes = encoder.encode(line);
      const written = files.write(fd, ptr(bytes), bytes.length);
      if (written < 0) throw lastError();
      if (written < bytes.length) throw new ErrnoError('ENOSPC');
    }
  } finally {
    libc.close(fd);
  }
}

export function sendDatagram(path: ByteString, bytes: Uint8Array): void {
  if (path.length >= MAX_SOCKET_PATH) throw new ErrnoError('ENAMETOOLONG');
  const address = Buffer.alloc(2 + path.length + 1);
  address.writeUInt16LE(AF_UNIX);
  address.write(path, 2, 'latin1');
  sockets ??= openLibc(SOCKETS);
  const fd = sockets.socket(AF_UNIX, SOCK_DGRAM | O_CLOEXEC, 0);
  if (fd < 0) throw lastError();
  try {
    if (sockets.connect(fd, ptr(address), address.length) !== 0) throw lastError();
    if (sockets.send(fd, ptr(bytes), bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) throw lastError();
  } finally {
    libc.close(fd);
  }
}

/** Bun's own, which costs a start a tenth of `node:dgram`. https://bun.sh/docs/api/udp */
export async function sendUdp(host: string, port: number, datagrams: readonly Uint8Array[]): Promise<void> {
  const socket = await Bun.udpSocket({ connect: { hostname: await addressOf(host), port } });
  try {
    for (const datagram of datagrams) if (!socket.send(datagram)) throw new ErrnoError('EAGAIN');
  } finally {
    socket.close();
  }
}

/** An address is one already; it has a colon, or digits and dots alone. */
async function addressOf(host: string): Promise<string> {
  if (host.includes(':') || /^[\d.]+$/.test(host)) return host;
  const [found] = await Bun.dns.lookup(host);
  if (found === undefined) throw new ErrnoError('ENOTFOUND');
  return found.address;
}
