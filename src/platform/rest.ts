/** The globals that are made when the first of them is asked for: see `install.ts`. The third module of the bundle. */
import { Buffer } from './buffer.ts';
import { natives } from './callbacks.ts';
import { crypto } from './crypto.ts';
import { DOMException } from './dom-exception.ts';
import { URLSearchParams } from './url-search-params.ts';

const nothing = () => {};

/** yaml asks for it, where a file says that a value is binary. Throws SyntaxError. */
const atob = (text: string) =>
  natives.decodeLatin1((Uint8Array as unknown as { fromBase64(text: string): Uint8Array }).fromBase64(text));

const globals = {
  Buffer,
  DOMException,
  URLSearchParams,
  atob,
  // The container's output is not for what a library has to say.
  console: { debug: nothing, error: nothing, info: nothing, log: nothing, trace: nothing, warn: nothing },
  crypto,
  // That of QuickJS drops what the action throws.
  queueMicrotask: (action: () => void) => void Promise.resolve().then(action),
};

for (const [name, value] of Object.entries(globals)) {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
}
