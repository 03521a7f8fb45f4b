/**
 * Makes the web platform's globals on the host. The first module of the bundle imports it before anything else.
 * QuickJS brings performance.
 */
import { AbortController, AbortSignal } from './abort.ts';
import { Buffer } from './buffer.ts';
import { callbacks, natives } from './callbacks.ts';
import { crypto } from './crypto.ts';
import { DOMException } from './dom-exception.ts';
import { Event, EventTarget } from './events.ts';
import { Headers } from './headers.ts';
import { TextDecoder, TextEncoder } from './text.ts';
import { clearImmediate, clearTimeout, setImmediate, setInterval, setTimeout, useClock } from './timers.ts';
import { URL } from './url.ts';
import { URLSearchParams } from './url-search-params.ts';

natives.callbacks = callbacks;
useClock(natives.now);

const nothing = () => {};

/** yaml asks for it, where a file says that a value is binary. Throws SyntaxError. */
const atob = (text: string) =>
  natives.decodeLatin1((Uint8Array as unknown as { fromBase64(text: string): Uint8Array }).fromBase64(text));

const globals = {
  AbortController,
  AbortSignal,
  Buffer,
  DOMException,
  Event,
  EventTarget,
  Headers,
  TextDecoder,
  TextEncoder,
  URL,
  URLSearchParams,
  atob,
  clearImmediate,
  clearInterval: clearTimeout,
  clearTimeout,
  // The container's output is not for what a library has to say.
  console: { debug: nothing, error: nothing, info: nothing, log: nothing, trace: nothing, warn: nothing },
  crypto,
  // That of QuickJS drops what the action throws.
  queueMicrotask: (action: () => void) => void Promise.resolve().then(action),
  setImmediate,
  setInterval,
  setTimeout,
};

for (const [name, value] of Object.entries(globals)) {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
}
