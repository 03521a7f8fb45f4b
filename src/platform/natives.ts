/**
 * What the host of the container executable (`host/`) offers: all of its functions, with their contract, errors and units.
 *
 * Byte strings have one byte a character (0 to 255). A function that fails throws an Error whose `code` is the name of an
 * `errno` or one that is named here; it holds nothing else. No function starts a thread, and none keeps what it is given.
 */

import type { ByteString } from '../system/byte-string.ts';
import type { BodyEnd } from '../system/system.ts';

export interface Natives
  extends ProcessNatives,
    FileNatives,
    TextNatives,
    UrlNatives,
    CryptoNatives,
    NetNatives {
  /** To be set before the bundle's first turn ends. */
  callbacks: Callbacks;
  /** Evaluates a module of the bundle, which waits for nothing, and returns what it exports. Once for each. */
  load(module: ByteString): Readonly<Record<string, unknown>>;
}

/** Callbacks of the host's loop. One that throws ends the process with 70. */
export interface Callbacks {
  /** Runs the timers that are due; for how long there is nothing to do, in ms: below 0 for ever, 0 not at all. */
  turn(): number;
  /** A signal for which `catchSignal` was called. */
  signal(number: number): void;
  /** A promise was rejected, and nothing handles it. The host ends the process with 70 when this returns. */
  rejected(reason: unknown): void;
  /** What came over the network; see `NetNatives`. */
  net(...event: NetEvent): void;
}

export interface ProcessNatives {
  readonly arch: 'x64' | 'arm64';
  /** Without the program's own name. */
  arguments(): ByteString[];
  /** Entries `NAME=value` in their order. */
  environ(): ByteString[];
  /**
   * Whether a file and its folder are root's or this user's, and not for everyone to write to: what lies there was put
   * there by someone who could have replaced this program as well.
   */
  isGuarded(path: ByteString): boolean;
  /** Path of the program's file; `undefined` without /proc. */
  selfPath(): ByteString | undefined;
  /** At once, without anything being flushed. */
  exit(status: number): never;
  /** Monotonic, in ms, with fractions. */
  now(): number;
  /** All of it. `false` for a descriptor that cannot be written to, or a standard error that stays full for a second. */
  write(fd: number, bytes: Uint8Array): boolean;
  /** Whether a signal was ignored when the process started, as under nohup. */
  isIgnored(signal: number): boolean;
  /** From now on a signal comes to `callbacks.signal`. Of SIGHUP, SIGINT and SIGTERM, which are blocked while code runs. */
  catchSignal(signal: number): void;
  /**
   * Once: ends the process after `ms`, however busy it is, with `words` on stderr and a status. The hand-over takes it back.
   */
  backstop(ms: number, words: string, status: number): void;
  /** The soft limit, in bytes; `Infinity` for unlimited. */
  stackLimit(): number;
  /**
   * Replaces the process, with all signals and descriptors as they were found. The blocks hold C strings one after another,
   * as many as the counts say. Returns by throwing alone: `EINTR` where a stop signal came first, which `callbacks.signal`
   * then gets.
   */
  execve(path: ByteString, argv: Uint8Array, argc: number, environ: Uint8Array, envc: number): void;
  /**
   * This program again with `words` as its argv, the first of them `envseal-events`, in a session of its own,
   * detached from this process, without environment and streams. It reads `input` from descriptor 0, which
   * nothing can change or read but itself; and from descriptor 3 the end when this process has become
   * another, or a byte when it never will. Once. Throws as fork does, and `ESRCH` where the program cannot be
   * started again, as without /proc.
   */
  detach(words: ByteString[], input: Uint8Array): void;
  /** Sends that byte. */
  cancelDetached(): void;
}

export interface FileNatives {
  /** The first `limit` bytes. */
  readFile(path: ByteString, limit: number): Uint8Array;
  /** The same, but `undefined` for what another process may still be writing: a pipe, a terminal, a device. */
  readFileAtOnce(path: ByteString, limit: number): Uint8Array | undefined;
  /** A descriptor for `readSome` and `close`, of a pipe also before anything writes to it. */
  openToRead(path: ByteString): number;
  /** What is there now, 64 KiB at most; `undefined` for nothing yet, and nothing at the end. */
  readSome(fd: number, limit: number): Uint8Array | undefined;
  close(fd: number): void;
  /** The first `limit` bytes of standard input. Waits for them. */
  readInput(limit: number): Uint8Array;
  /** access(2), with R_OK 4 and X_OK 1. */
  access(path: ByteString, mode: number): boolean;
  /** Adds each line by one write, and makes the file for its owner alone. Never waits. `ENOSPC` for half a line. */
  append(path: ByteString, lines: readonly string[]): void;
  /** To a unix socket, without waiting. */
  sendDatagram(path: ByteString, bytes: Uint8Array): void;
  /** Throws where `path` is not a file that this user may execute: `EISDIR` for a directory. */
  checkExecutable(path: ByteString): void;
}

export interface TextNatives {
  /** Half a surrogate pair becomes U+FFFD. */
  encodeUtf8(text: string): Uint8Array<ArrayBuffer>;
  /** A BOM stays. What is not UTF-8 becomes U+FFFD, or with `isFatal` makes the whole `undefined`. */
  decodeUtf8(bytes: Uint8Array, isFatal: boolean): string | undefined;
  /** The lower byte of each UTF-16 unit. */
  encodeLatin1(text: string): Uint8Array<ArrayBuffer>;
  decodeLatin1(bytes: Uint8Array): string;
  /** In either alphabet, up to the first `=`, as `Buffer` does: other characters are skipped, and so is a digit left over. */
  decodeBase64(text: string): Uint8Array<ArrayBuffer>;
  /** Whether long text includes one of the parts; all have whole surrogate pairs. */
  includesAny(text: string, parts: readonly string[]): boolean;
  /** The first place of `part`, which has whole surrogate pairs, in UTF-16 units; -1 for none. */
  indexOf(text: string, part: string): number;
  /** See `src/system/text-search.ts`. */
  isText(text: string): boolean;
  /** The bytes of byte strings and the UTF-8 of texts, each followed by a NUL. None contains one. */
  joinEnded(bytes: readonly ByteString[], texts: readonly string[]): Uint8Array<ArrayBuffer>;
  /** See `src/envfile/plain-lines.ts`. */
  plainLines(text: string): Int32Array;
  /** See `src/envfile/plain-file.ts`. */
  plainFile(
    bytes: Uint8Array,
    unless: readonly string[],
  ): { readonly names: readonly string[]; readonly assignments: readonly string[] } | undefined;
}

/**
 * A URL that was parsed: its text, which is ASCII, and indices in it. -1 is for parts that it does not have.
 * `https://user:password@host:8080/path?search#hash`: the scheme ends before `:`, the user name before `:` or `@`, the
 * host starts behind `@` and ends before `:`, the search starts with `?` and the hash with `#`.
 */
export type UrlRecord = [
  href: string,
  schemeEnd: number,
  usernameEnd: number,
  hostStart: number,
  hostEnd: number,
  port: number,
  pathStart: number,
  searchStart: number,
  hashStart: number,
];

export type UrlPart =
  | 'protocol'
  | 'username'
  | 'password'
  | 'host'
  | 'hostname'
  | 'port'
  | 'pathname'
  | 'search'
  | 'hash';

export interface UrlNatives {
  /** `undefined` for what is not a URL, or whose base is not one. */
  parseUrl(text: string, base?: string): UrlRecord | undefined;
  /** What the setter of a part makes of a URL that was parsed; `undefined` where it changes nothing. */
  changeUrl(href: string, part: UrlPart, value: string): UrlRecord | undefined;
  /** `application/x-www-form-urlencoded`: names and values in turn. */
  parseForm(text: string): string[];
  formatForm(namesAndValues: readonly string[]): string;
}

export type HashName = 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512';
export type AeadName = 'AES-GCM' | 'ChaCha20-Poly1305';

export interface CryptoNatives {
  /** From the kernel. Throws `EIO` where it has none. */
  random(length: number): Uint8Array<ArrayBuffer>;
  digest(hash: HashName, bytes: Uint8Array): Uint8Array<ArrayBuffer>;
  hmac(hash: HashName, key: Uint8Array, bytes: Uint8Array): Uint8Array<ArrayBuffer>;
  crc32(bytes: Uint8Array): number;
  crc32c(bytes: Uint8Array): number;
  /** Big-endian, 8 bytes. */
  crc64nvme(bytes: Uint8Array): Uint8Array<ArrayBuffer>;
  /**
   * The ciphertext and a tag of 16 bytes. AES-GCM has keys of 16, 24 or 32 bytes and IVs of 12 or more;
   * ChaCha20-Poly1305 32 and 12. `undefined` for other lengths.
   */
  seal(
    algorithm: AeadName,
    key: Uint8Array,
    iv: Uint8Array,
    additionalData: Uint8Array,
    plaintext: Uint8Array,
  ): Uint8Array<ArrayBuffer> | undefined;
  /** `undefined` also for what was not sealed so. */
  open(
    algorithm: AeadName,
    key: Uint8Array,
    iv: Uint8Array,
    additionalData: Uint8Array,
    sealed: Uint8Array,
  ): Uint8Array<ArrayBuffer> | undefined;
  /** Both have 32 bytes, and so has the shared secret; `undefined` where that is zero. */
  x25519(secret: Uint8Array, point: Uint8Array): Uint8Array<ArrayBuffer> | undefined;
  /** Whether `signRs256` takes it: a private key of 2048 to 4096 bits as PKCS #8. */
  isRsaKey(pkcs8: Uint8Array): boolean;
  /** RSASSA-PKCS1-v1_5 with SHA-256. `undefined` for a key that it does not take. */
  signRs256(pkcs8: Uint8Array, bytes: Uint8Array): Uint8Array<ArrayBuffer> | undefined;
}

/** A server or a proxy. */
export interface NetAddress {
  readonly isSecure: boolean;
  /** A name, or an IP address without brackets. */
  readonly host: string;
  readonly port: number;
}

export interface NetRequest extends NetAddress {
  readonly method: string;
  /** Host and port as the URL has them: what `Host` says unless the headers do. */
  readonly authority: string;
  /** Path and query. */
  readonly target: string;
  /** Names and values in turn, values as byte strings. Those about length, connection and proxy are the host's own. */
  readonly headers: readonly string[];
  readonly body?: Uint8Array | undefined;
  /** What `loadCertificates` gave, or 0 for the built-in roots. Of the proxy's TLS too. */
  readonly trust: number;
  readonly proxy?: (NetAddress & { readonly authorization?: string | undefined }) | undefined;
}

/** A unix socket, or a server. */
export type NetTarget = { readonly path: ByteString } | (NetAddress & { readonly trust: number });

/**
 * What is started has a number, and ends with an event `end` or `failure` unless it is cancelled. Names are resolved by the
 * host itself from /etc/hosts and /etc/resolv.conf. A connection has 30 s to be made.
 */
export interface NetNatives {
  /** PEM certificates, read when a connection needs them. A number for `trust`; to be asked for once. */
  loadCertificates(pem: ByteString): number;
  /**
   * An HTTP/1.1 exchange: `head`, then `data` until `end`. Redirects are an answer, bodies are as they come. Throws
   * `ERR_INVALID_HTTP_TOKEN`, `ERR_UNESCAPED_CHARACTERS` or `ERR_INVALID_CHAR` for what could end a line early.
   */
  startExchange(request: NetRequest): number;
  /**
   * All bytes to a receiver, then our end: `end` comes when it has read them and ended its side. What it says is not kept.
   */
  startStream(target: NetTarget, bytes: Uint8Array): number;
  /** `end` when the kernel has taken them all; nothing says that they arrive. */
  startDatagrams(host: string, port: number, datagrams: readonly Uint8Array[]): number;
  /** So many more bytes of the body may come, beyond the first 256 KiB: those that were used. */
  makeRoom(exchange: number, bytes: number): void;
  /** Closes its connection at once. No event of it follows. */
  cancelNet(number: number): void;
}

/** `headers`: names in lower case and values without white space around them, in turn; values are byte strings. */
export type NetEvent =
  | [number: number, kind: 'head', status: number, headers: string[], endedBy: BodyEnd]
  | [number: number, kind: 'data', bytes: Uint8Array<ArrayBuffer>]
  | [number: number, kind: 'end']
  /** `status` with `ERR_PROXY_TUNNEL`: what the proxy answered. */
  | [number: number, kind: 'failure', code: string, status: number | undefined];
