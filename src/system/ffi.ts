/**
 * libc through Bun's FFI, of which the documented module `bun:ffi` is a wrapper. Without it a start takes 0.2 ms less: it
 * makes a JavaScript function around each symbol, to turn what it is given into what the type says. Here an `i32` has to
 * be an integer and a `ptr` a number. Only to be called where there is a `Bun`. https://bun.sh/docs/api/ffi
 */

/** musl answers to glibc's name too (`ldso/dynlink.c`, `load_library`). */
const LIBC = process.platform === 'darwin' ? '/usr/lib/libSystem.B.dylib' : 'libc.so.6';

/** Throws where there is no FFI, because no memory may be both written and executed, or no such symbol. */
export function openLibc<const T extends Symbols>(symbols: T): Callable<T> {
  const library = Bun.FFI.dlopen(LIBC, symbols);
  if (library instanceof Error) throw library;
  return library.symbols as Callable<T>;
}

/** Functions at addresses. Throws as `openLibc` does. */
export function functionsAt<const T extends Record<string, FFISymbol & { readonly ptr: number }>>(
  symbols: T,
): Callable<T> {
  const library = Bun.FFI.linkSymbols(symbols);
  if (library instanceof Error) throw library;
  return library.symbols as Callable<T>;
}

/** Where the bytes are, as long as somebody holds them. */
export function ptr(view: ArrayBufferView): number {
  return Bun.FFI.ptr(view);
}

/** The `int` at an address. */
export function readInt(address: number): number {
  return Bun.FFI.read.i32(address, 0);
}

type Symbols = Readonly<Record<string, FFISymbol>>;
type Callable<T extends Symbols> = { readonly [K in keyof T]: (...args: number[]) => number };
