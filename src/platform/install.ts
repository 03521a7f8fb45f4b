/**
 * Makes the web platform's globals on the host. The first module of the bundle imports it before anything else.
 * QuickJS brings performance.
 */
import { AbortController, AbortSignal } from './abort.ts';
import { callbacks, natives } from './callbacks.ts';
import { Event, EventTarget } from './events.ts';
import { Headers } from './http/headers.ts';
import { LATER } from './later.ts';
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

for (const [name, value] of Object.entries(globals)) define(name, value);
for (const [module, names] of Object.entries(LATER)) {
  for (const name of names)
    Object.defineProperty(globalThis, name, { get: () => make(module, name), configurable: true });
}

function make(module: string, name: string): unknown {
  const made = natives.load(`${module}.mjs`);
  for (const [name, value] of Object.entries(made)) define(name, value);
  return made[name];
}

function define(name: string, value: unknown): void {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
}
