/**
 * What the start of a container asks of the operating system and of the runtime. Two adapters: `bun.ts` (the
 * executable, over libc) and `node.ts` (the bundle, over Node's own modules).
 *
 * Paths, arguments and environment entries are `ByteString`s, because Linux does not promise that they are UTF-8.
 */
import type { CStrings } from './c-strings.ts';

/** A string in which each character is one byte (0 to 255), as `latin1` decodes it. */
export type ByteString = string;

/** Whether the bytes are the same characters in UTF-8. */
export function isAscii(bytes: ByteString): boolean {
  return !/[\x80-\xff]/.test(bytes);
}

/** Signals that end envseal before the hand-over. Values: https://man7.org/linux/man-pages/man7/signal.7.html */
export const STOP_SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
export type StopSignal = keyof typeof STOP_SIGNALS;

/** The file descriptor. */
export const STANDARD_INPUT = 0;

/** An operating-system call that failed; `errno` is its symbolic name, such as `ENOENT`. */
export class ErrnoError extends Error {
  override readonly name = 'ErrnoError';
  readonly errno: string;
  constructor(errno: string) {
    super(errno);
    this.errno = errno;
  }
}

/**
 * How the end of a body is known: its announced length, the last chunk, or the end of the connection alone, which looks the
 * same when the connection is cut. `System.fetch` gives a Response that has it as `endedBy`.
 */
export type BodyEnd = 'length' | 'chunked' | 'close';

export interface FetchOptions {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string | Uint8Array;
  readonly signal: AbortSignal;
  /** A proxy's URL, or `undefined` for a direct connection whatever the environment says. */
  readonly proxy: string | undefined;
  /** PEM certificates that replace the built-in roots. */
  readonly ca: string | undefined;
}

/** `ca` is there for TLS: PEM certificates that replace the built-in roots. */
export type StreamTarget =
  | { readonly path: ByteString }
  | { readonly host: string; readonly port: number; readonly ca?: string | undefined };

export interface Detached {
  readonly path: ByteString;
  readonly argv: readonly ByteString[];
  readonly environ: readonly ByteString[];
  readonly input: string;
}

/** Throws ErrnoError. */
export type Detach = (process: Detached) => Promise<void>;

export interface System {
  /** `bun` for the executable, `node` for the bundle. */
  readonly runtime: 'bun' | 'node';
  /** The first `limit` bytes of a file. Throws ErrnoError. */
  readFile(path: ByteString, limit: number): Uint8Array;
  /** The same, but `undefined` for what another process may still be writing: a pipe, a terminal, a device. */
  readFileAtOnce(path: ByteString, limit: number): Uint8Array | undefined;
  /** The first `limit` bytes of standard input, which waits for its end: signals and timers wait too. Throws ErrnoError. */
  readInput(limit: number): Uint8Array;
  /** The same of standard input, or of what has a path, while signals and timers go on. Rejects with ErrnoError. */
  readSlowly(from: ByteString | typeof STANDARD_INPUT, limit: number): Promise<Uint8Array>;
  /** Whether a file is there and may be read. */
  isReadable(path: ByteString): boolean;
  /** Writes all of `text` to a file descriptor. `false` for one that cannot be written to. */
  write(fd: number, text: string): boolean;
  /** Loads what the next three need, so that none of them waits for that. */
  prepareSinks(): void;
  /** Adds each line to a file by one write, and makes the file for its owner alone. Never waits. Throws ErrnoError. */
  append(path: ByteString, lines: readonly string[]): Promise<void>;
  /** Datagrams to a host's name or address. Rejects with an error that has a `code`. */
  sendUdp(host: string, port: number, datagrams: readonly Uint8Array[]): Promise<void>;
  /**
   * All bytes to a receiver. Resolves when it has read them and ended its side; what it says is not kept. Rejects with the
   * signal's reason, or an error that has a `code`.
   */
  sendStream(target: StreamTarget, bytes: Uint8Array, signal: AbortSignal): Promise<void>;
  /** To a unix socket, without waiting. Throws ErrnoError; `EOPNOTSUPP` where the runtime has no such sockets. */
  sendDatagram(path: ByteString, bytes: Uint8Array): Promise<void>;
  /** Whether `path` is a file that this user may execute. Throws ErrnoError where it is not. */
  checkExecutable(path: ByteString): void;
  /** Soft limit of the stack in bytes, `Infinity` for unlimited: the kernel allows argv and environment a quarter. */
  stackLimit(): number;
  /** What `execve` has to find out that does not depend on what it is given: done by it where nobody did before. */
  prepareExec(): void;
  /**
   * Replaces this process. What the runtime changed at its start (signal dispositions, close-on-exec of inherited file
   * descriptors) is put back first. Returns only by throwing ErrnoError.
   */
  execve(path: ByteString, argv: CStrings, environ: CStrings): never;
  /**
   * What starts a process that outlives us, in a session of its own, without our standard streams but with `input` to
   * read. It is nobody's child where that can be had: from the executable on x86-64.
   */
  loadDetach(): Promise<Detach>;
  /** Whether a signal was ignored when the process started, as under nohup. */
  isIgnored(signal: StopSignal): boolean;
  /** Gives signals that end us back to the kernel's default action, so that none is caught and lost at the hand-over. */
  resetStopSignals(signals: readonly StopSignal[]): void;
  /**
   * No core file, no core handed to a handler, and no debugger of the same user: for commands that hold values and start
   * no command, because the limit would be inherited. Linux only but for the limit; on Node from 26 on, where it can call
   * libc. Nothing is told where it cannot be had: it guards against a crash, and does not replace anything else.
   */
  forbidCoreDumps(): void;
  sha256(data: string | Uint8Array): Uint8Array;
  sha1(data: Uint8Array): Uint8Array;
  crc32(data: Uint8Array): number;
  hmacSha256(key: string | Uint8Array, data: string): Uint8Array;
  /** One HTTP exchange: redirects are not followed, TLS certificates are always checked. */
  fetch(url: string, options: FetchOptions): Promise<Response>;
}
