/**
 * Makes the web platform's globals on the host. The first module of the bundle imports it before anything else.
 * QuickJS brings performance.
 */
import { AbortController, AbortSignal } from './abort.ts';
import { callbacks, natives } from './callbacks.ts';
import { Event, EventTarget } from './events.ts';
import { Headers } from './headers.ts';
import { TextDecoder, TextEncoder } from './text.ts';
import { clearImmediate, clearTimeout, setImmediate, setInterval, setTimeout, useClock } from './timers.ts';
import { URL } from './url.ts';

natives.callbacks = callbacks;
useClock(natives.now);

const globals = {
  AbortController,
  AbortSignal,
  Event,
  EventTarget,
  Headers,
  TextDecoder,
  TextEncoder,
  URL,
  clearImmediate,
  clearInterval: clearTimeout,
  clearTimeout,
  setImmediate,
  setInterval,
  setTimeout,
};

/** A start seldom needs them, and to define a class takes an interpreter its time: `rest.ts` makes all of them at once. */
const IN_REST = [
  'Buffer',
  'DOMException',
  'URLSearchParams',
  'atob',
  'console',
  'crypto',
  'queueMicrotask',
] as const;

for (const [name, value] of Object.entries(globals)) {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
}

for (const name of IN_REST) {
  const get = () => {
    natives.loadRest();
    return globalThis[name];
  };
  Object.defineProperty(globalThis, name, { get, configurable: true });
}
