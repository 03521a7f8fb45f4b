/** The part of Bun's API that is used here. https://bun.sh/docs/api/ffi */
declare module 'bun:ffi' {
  export function dlopen<T extends Record<string, FFISymbol>>(
    path: string,
    symbols: T,
  ): { symbols: { [K in keyof T]: (...args: number[]) => number } };
  export function ptr(view: ArrayBufferView): number;
}

type FFIType = 'i32' | 'i64_fast' | 'u64' | 'ptr' | 'void';

interface FFISymbol {
  readonly args: readonly FFIType[];
  readonly returns: FFIType;
}

type FFILibrary = { readonly symbols: Readonly<Record<string, (...args: number[]) => number>> } | Error;

declare const Bun: {
  readonly FFI: {
    dlopen(path: string, symbols: Readonly<Record<string, FFISymbol>>): FFILibrary;
    linkSymbols(symbols: Readonly<Record<string, FFISymbol & { readonly ptr: number }>>): FFILibrary;
    ptr(view: ArrayBufferView): number;
    toArrayBuffer(pointer: number, offset: number, length: number): ArrayBuffer;
    readonly read: { i32(pointer: number, offset: number): number };
  };
  readonly CryptoHasher: new (
    algorithm: 'sha256' | 'sha1',
    key?: string | Uint8Array,
  ) => { update(data: string | Uint8Array): { digest(): Uint8Array } };
  readonly dns: { lookup(host: string): Promise<readonly { readonly address: string }[]> };
  udpSocket(options: {
    readonly connect: { readonly hostname: string; readonly port: number };
  }): Promise<{ send(data: Uint8Array): boolean; close(): void }>;
  readonly hash: { crc32(data: Uint8Array): number };
};
