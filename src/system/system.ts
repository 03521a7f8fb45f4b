/**
 * The port to the operating system and the runtime. Two adapters: `host.ts` (the container executable, over the functions
 * of its own host) and `node.ts` (the full program, over Node's own modules). `#system` is the one that a bundle gets.
 *
 * Paths, arguments and environment entries are `ByteString`s, because Linux does not promise that they are UTF-8.
 */
import type { ByteString } from './byte-string.ts';
import type { CStrings } from './c-strings.ts';

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

/** The last words of a process, and how it ends. */
export interface Words {
  readonly text: string;
  readonly exitStatus: number;
}

export interface System {
  /** `host` for the container executable, `node` for the full program. */
  readonly runtime: 'host' | 'node';
  /** Without the program's own name, and what the runtime puts before it. */
  arguments(): ByteString[];
  /** Inherited entries `NAME=value`, in order. */
  environ(): ByteString[];
  /** Path of the full program beside this one, whether there or not; `undefined` where this is it, or nothing is known. */
  fullProgram(): ByteString | undefined;
  /** Keeps the runtime from writing anything, and gives `onError` what nothing catches. */
  begin(onError: (error: unknown) => void): void;
  exit(status: number): never;
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
  /**
   * Replaces this process. What the runtime changed at its start (signal dispositions, close-on-exec of inherited file
   * descriptors) is put back first. Returns only by throwing ErrnoError; `EINTR` where a stop signal came first.
   */
  execve(path: ByteString, argv: CStrings, environ: CStrings): never;
  /**
   * Starts `deliver-events` with `input` to read, in a session of its own that outlives us, without our streams and
   * environment. Gives what keeps it from delivering anything. Throws ErrnoError.
   */
  detach(input: string): Promise<() => void>;
  /** In that process: whether the one that started it has become its command. */
  hasBecomeCommand(): Promise<boolean>;
  /** Whether a signal was ignored when the process started, as under nohup. */
  isIgnored(signal: StopSignal): boolean;
  /** From now on a signal runs `action` instead of ending us. */
  onSignal(signal: StopSignal, action: () => void): void;
  /** Gives those signals back to the kernel's default action, where they would be caught and lost at the hand-over. */
  releaseSignals(): void;
  /** Ends the process after `ms` even if the loop is never looked at again. Only the host can. */
  endAfter(ms: number, words: Words): void;
  /**
   * No core file, no core handed to a handler, and no debugger of the same user: for commands that hold values and start
   * no command, because the limit would be inherited. Linux only but for the limit; on Node from 26 on, where it can call
   * libc. No error if it is not available: it guards against a crash, and does not replace anything else.
   */
  forbidCoreDumps(): void;
  sha256(data: string | Uint8Array): Uint8Array;
  sha1(data: Uint8Array): Uint8Array;
  crc32(data: Uint8Array): number;
  crc32c(data: Uint8Array): number;
  /** Eight bytes, big-endian. */
  crc64nvme(data: Uint8Array): Uint8Array;
  hmacSha256(key: string | Uint8Array, data: string): Uint8Array;
  /** One HTTP exchange: redirects are not followed, TLS certificates are always checked. */
  fetch(url: string, options: FetchOptions): Promise<Response>;
}
