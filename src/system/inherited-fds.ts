/**
 * Which file descriptors came with the process. Bun marks every one from 3 upwards close-on-exec before any of our code
 * runs, so that the command would not get them. On Linux.
 */
import { cString, libc, O_CLOEXEC, O_DIRECTORY } from './bun.ts';
import { toByteString } from './bytes.ts';
import { ptr } from './ffi.ts';

/** https://github.com/torvalds/linux/blob/master/include/uapi/asm-generic/unistd.h, and x86's syscall_64.tbl. */
const SYS_GETDENTS64 = process.arch === 'arm64' ? 61 : 217;
/** With the longest number that a file descriptor has, ten digits. */
const MAX_DIRENT_BYTES = 32;

/** `folder` is the file descriptor of the folder with the entries, which is one of them. */
export interface OpenFds {
  readonly folder: number;
  readonly entries: Uint8Array;
}

export const NOTHING_OPEN: OpenFds = { folder: -1, entries: new Uint8Array(0) };

/**
 * What /proc/self/fd holds: at the start, those that came with the process, the runtime's own event loop (an epoll and an
 * eventfd) and the folder itself. It is read by the bare system call, because loading `node:fs` takes 2 ms.
 */
export function listOpenFds(): OpenFds {
  const folder = libc.open(ptr(cString('/proc/self/fd')), O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return NOTHING_OPEN;
  let entries = new Uint8Array(4096);
  let length = 0;
  for (;;) {
    const count = libc.syscall(
      SYS_GETDENTS64,
      folder,
      ptr(entries.subarray(length)),
      entries.length - length,
    );
    if (count <= 0) break;
    length += count;
    // The kernel fills what it is given as far as whole entries go, so where another one has room there is none.
    if (entries.length - length >= MAX_DIRENT_BYTES) break;
    const larger = new Uint8Array(entries.length * 4);
    larger.set(entries);
    entries = larger;
  }
  libc.close(folder);
  return { folder, entries: entries.subarray(0, length) };
}

/** struct linux_dirent64: 8 bytes inode, 8 bytes offset, 2 bytes length of the record, 1 byte type, name, NUL. */
export function inheritedOf({ folder, entries }: OpenFds): number[] {
  const fds: number[] = [];
  for (
    let at = 0;
    at < entries.length;
    at += (entries[at + 16] as number) + 256 * (entries[at + 17] as number)
  ) {
    const fd = readDecimal(entries, at + 19);
    if (fd >= 3 && fd !== folder && !isEventLoop(fd)) fds.push(fd);
  }
  return fds;
}

/** -1 for what is no number, such as `.`. */
function readDecimal(bytes: Uint8Array, start: number): number {
  let number = -1;
  for (let at = start; bytes[at] !== 0; at++) {
    const digit = (bytes[at] as number) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    number = Math.max(number, 0) * 10 + digit;
  }
  return number;
}

function isEventLoop(fd: number): boolean {
  const name = readLink(`/proc/self/fd/${fd}`);
  return name === 'anon_inode:[eventpoll]' || name === 'anon_inode:[eventfd]';
}

function readLink(path: string): string {
  const target = new Uint8Array(64);
  const length = libc.readlink(ptr(cString(path)), ptr(target), target.length);
  return toByteString(target.subarray(0, Math.max(0, length)));
}
