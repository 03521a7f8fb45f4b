/** One-line globals. */
import { natives } from './callbacks.ts';

const nothing = () => {};

/** yaml asks for it, where a file says that a value is binary. Throws SyntaxError. */
export const atob = (text: string) =>
  natives.decodeLatin1((Uint8Array as unknown as { fromBase64(text: string): Uint8Array }).fromBase64(text));

/** The container's output is not for what a library has to say. */
export const console = {
  debug: nothing,
  error: nothing,
  info: nothing,
  log: nothing,
  trace: nothing,
  warn: nothing,
};

/** That of QuickJS drops what the action throws. */
export const queueMicrotask = (action: () => void) => void Promise.resolve().then(action);
